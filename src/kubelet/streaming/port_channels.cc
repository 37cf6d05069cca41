#include "kubelet/streaming/port_channels.h"

#include <string>

#include "kubelet/streaming/channel_bridge.h"

namespace xebec::kubelet {
namespace {

uint8_t data_channel(size_t i) { return static_cast<uint8_t>(2 * i); }
uint8_t error_channel(size_t i) { return static_cast<uint8_t>(2 * i + 1); }

std::string in_two_bytes(int32_t port) {
  std::string bytes(1, static_cast<char>(port & 0xff));
  bytes += static_cast<char>(port >> 8);
  return bytes;
}

class Forwarding final : public ChannelBridge {
 public:
  Forwarding(http::websocket::Socket& client, http::spdy::Session& runtime, PortChannels channels)
      : ChannelBridge(client, runtime, channels.base64), ports_(std::move(channels.ports)) {}

 private:
  Task<Result<void>> open_streams() override {
    for (size_t i = 0; i < ports_.size(); ++i) {
      CO_TRY_VOID(co_await connect(i));
    }
    co_return Result<void>();
  }

  // The error stream comes first, as the runtime wants it, and nothing is ever written to it.
  Task<Result<void>> connect(size_t i) {
    CO_TRY(StreamPtr error, co_await open(i, "error"));
    CO_TRY_VOID(co_await error->shutdown_write());
    CO_TRY(StreamPtr data, co_await open(i, "data"));
    const std::string port = in_two_bytes(ports_[i]);
    CO_TRY_VOID(co_await send(data_channel(i), port));
    CO_TRY_VOID(co_await send(error_channel(i), port));
    data_.push_back(data);
    start_output(std::move(data), data_channel(i));
    start_output(std::move(error), error_channel(i));
    co_return Result<void>();
  }

  Task<Result<StreamPtr>> open(size_t i, std::string_view type) {
    http::Headers headers;
    headers.add("streamtype", type);
    headers.add("port", std::to_string(ports_[i]));
    headers.add("requestid", std::to_string(i));
    CO_TRY(StreamPtr stream, co_await open_stream(std::move(headers)));
    CO_TRY_VOID(co_await stream->replied());
    co_return stream;
  }

  // A connection that is over takes no more: the others go on.
  Task<void> take(ChannelMessage message) override {
    const size_t port = message.channel / 2;
    const bool ours_to_write = message.channel % 2 == 1;
    if (ours_to_write || port >= data_.size()) co_return;
    co_await give(data_[port], std::move(message.data));
  }

  const std::vector<int32_t> ports_;  // in the order of the channels
  std::vector<StreamPtr> data_;       // by port
};

}  // namespace

Task<void> translate_ports(http::websocket::Socket& client, http::spdy::Session& runtime,
                           PortChannels channels, CancelToken cancel) {
  Forwarding forwarding(client, runtime, std::move(channels));
  co_await forwarding.run(std::move(cancel));
}

}  // namespace xebec::kubelet
