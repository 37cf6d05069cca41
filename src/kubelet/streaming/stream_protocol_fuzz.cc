// What clients of exec, attach and port forwarding may ask for and send: a protocol or a refusal; channel
// messages come back as they went.
#include "base/clock.h"
#include "http/spdy.h"
#include "http/websocket.h"
#include "kubelet/streaming/channels.h"
#include "kubelet/streaming/protocol.h"
#include "kubelet/streaming/stream_options.h"
#include "tests/fuzz/fuzz.h"

namespace xebec::kubelet {
namespace {

class NoUpgrade final : public http::Upgrade {
 public:
  Task<void> run(Context, std::unique_ptr<http::ByteStream>) override { co_return; }
};

void check_channels(std::string_view bytes) {
  for (bool base64 : {false, true}) {
    http::websocket::Message message;
    message.data = bytes;
    (void)decode_channel(message, base64);
    const Result<ChannelMessage> again = decode_channel(encode_channel(kStdinChannel, bytes, base64), base64);
    FUZZ_CHECK(again && again->channel == kStdinChannel && again->data == bytes);
  }
}

// Fields as lines "Name: value".
http::Request request_of(std::string_view text) {
  http::Request request;
  request.method = "GET";
  fuzz::Pieces pieces(text);
  request.query = pieces.part();
  while (!pieces.empty()) {
    const std::string_view field = pieces.part();
    const size_t colon = field.find(": ");
    if (colon != field.npos) request.headers.add(field.substr(0, colon), field.substr(colon + 2));
  }
  return request;
}

}  // namespace

XEBEC_FUZZ(stream_protocol) {
  check_channels(input);
  const http::Request request = request_of(input);
  (void)parse_stream_options(request);
  const Result<Protocol> command = negotiate_remote_command(request);
  if (command && command->carrier == Carrier::kChannels) {
    const Result<http::Response> accepted =
        http::websocket::accept(request, command->client, std::make_unique<NoUpgrade>());
    FUZZ_CHECK(!accepted || accepted->status == 101);
  }
  const Result<Protocol> forward = negotiate_port_forward(request);
  if (forward) FUZZ_CHECK((forward->carrier == Carrier::kTunnel) == forward->client.starts_with("SPDY/"));
}

}  // namespace xebec::kubelet
