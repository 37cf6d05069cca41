#include "kubelet/streaming/channel_bridge.h"

#include "kubelet/streaming/linger.h"

namespace xebec::kubelet {
namespace {

namespace websocket = http::websocket;
constexpr size_t kReadBytes = 32 << 10;

}  // namespace

ChannelBridge::ChannelBridge(websocket::Socket& client, http::spdy::Session& runtime, bool base64)
    : client_(client), runtime_(runtime), base64_(base64), scope_(*Executor::current()) {}

Task<void> ChannelBridge::run(CancelToken cancel) {
  OneShot<bool> over = over_;
  CancelRegistration registration = cancel.on_cancel([over] { over.set(false); });
  scope_.spawn(run_session());
  scope_.spawn(start());
  bool done = co_await over;
  if (done) {
    co_await finish();
  } else {
    runtime_.close();
    client_.abort();
  }
  co_await scope_.join();
}

Task<Result<ChannelBridge::StreamPtr>> ChannelBridge::open_stream(http::Headers headers) {
  co_return co_await runtime_.open(std::move(headers));
}

Task<Result<void>> ChannelBridge::send(uint8_t channel, std::string_view data) {
  websocket::Message message = encode_channel(channel, data, base64_);
  co_return co_await client_.send(message.kind, std::move(message.data));
}

void ChannelBridge::start_output(StreamPtr stream, uint8_t channel) {
  ++outputs_;
  scope_.spawn(pump_output(std::move(stream), channel));
}

Task<void> ChannelBridge::give(StreamPtr stream, std::string data) {
  if (!data.empty()) (void)co_await stream->write(data);
}

Task<void> ChannelBridge::run_session() { (void)co_await runtime_.run(); }

Task<void> ChannelBridge::start() {
  Result<void> opened = co_await open_streams();
  if (!opened) {
    failure_ = opened.error().message;
    client_gone_.set(false);
    over_.set(true);
    co_return;
  }
  scope_.spawn(pump_input());
  output_ended();
}

Task<void> ChannelBridge::pump_output(StreamPtr stream, uint8_t channel) {
  auto buffer = std::make_unique<std::array<char, kReadBytes>>();
  for (;;) {
    std::span<char> into(*buffer);
    Result<size_t> count = co_await stream->read(into);
    // The runtime resets its streams when it is done; what came before has been read.
    if (!count || *count == 0) break;
    written_[channel] += *count;
    std::string_view data(buffer->data(), *count);
    Result<void> sent = co_await send(channel, data);
    if (!sent) {
      over_.set(false);
      break;
    }
  }
  output_ended();
}

void ChannelBridge::output_ended() {
  if (--outputs_ == 0) over_.set(true);
}

Task<void> ChannelBridge::pump_input() {
  for (;;) {
    Result<std::optional<websocket::Message>> message = co_await client_.receive();
    if (!message || !*message) break;
    Result<ChannelMessage> decoded = decode_channel(**message, base64_);
    if (!decoded) break;
    co_await take(std::move(*decoded));
  }
  client_gone_.set(true);
  over_.set(false);
}

Task<void> ChannelBridge::finish() {
  std::string why = failure_.empty() ? complaint() : failure_;
  const uint16_t code = why.empty() ? websocket::kNormalClosure : websocket::kInternalError;
  (void)co_await client_.close(code, std::move(why));
  runtime_.close();
  OneShot<bool> gone = client_gone_;
  co_await linger(gone, CancelToken());
  client_.abort();
}

}  // namespace xebec::kubelet
