#include "kubelet/streaming/port_channels.h"

#include <array>
#include <string>

#include "base/scope.h"
#include "kubelet/streaming/channels.h"
#include "kubelet/streaming/linger.h"

namespace xebec::kubelet {
namespace {

namespace websocket = http::websocket;
namespace spdy = http::spdy;

using StreamPtr = std::shared_ptr<spdy::Stream>;
constexpr size_t kReadBytes = 32 << 10;

// One request's forwarding. Lives until its scope has been joined.
struct Forwarding {
  Forwarding(websocket::Socket& client, spdy::Session& runtime, PortChannels channels)
      : client(client), runtime(runtime), channels(std::move(channels)), scope(*Executor::current()) {}

  websocket::Socket& client;
  spdy::Session& runtime;
  const PortChannels channels;
  Scope scope;
  std::vector<StreamPtr> data;  // by port
  size_t outputs = 0;           // pumps that have not ended
  std::string failure;          // why the runtime's streams could not be opened
  OneShot<bool> over;           // true: the runtime is done; false: the client left, or cancelled
  OneShot<bool> client_gone;
};

uint8_t data_channel(size_t i) { return static_cast<uint8_t>(2 * i); }
uint8_t error_channel(size_t i) { return static_cast<uint8_t>(2 * i + 1); }

std::string in_two_bytes(int32_t port) {
  std::string bytes(1, static_cast<char>(port & 0xff));
  bytes += static_cast<char>(port >> 8);
  return bytes;
}

Task<void> run_session(Forwarding* f) { (void)co_await f->runtime.run(); }

Task<Result<StreamPtr>> open_stream(Forwarding* f, size_t i, std::string_view type) {
  http::Headers headers;
  headers.add("streamtype", type);
  headers.add("port", std::to_string(f->channels.ports[i]));
  headers.add("requestid", std::to_string(i));
  CO_TRY(StreamPtr stream, co_await f->runtime.open(std::move(headers)));
  CO_TRY_VOID(co_await stream->replied());
  co_return stream;
}

Task<Result<void>> send_to_client(Forwarding* f, uint8_t channel, std::string_view data) {
  websocket::Message message = encode_channel(channel, data, f->channels.base64);
  co_return co_await f->client.send(message.kind, std::move(message.data));
}

Task<void> pump_output(Forwarding* f, StreamPtr stream, uint8_t channel) {
  auto buffer = std::make_unique<std::array<char, kReadBytes>>();
  for (;;) {
    std::span<char> into(*buffer);
    Result<size_t> count = co_await stream->read(into);
    if (!count || *count == 0) break;
    std::string_view bytes(buffer->data(), *count);
    Result<void> sent = co_await send_to_client(f, channel, bytes);
    if (!sent) {
      f->over.set(false);
      break;
    }
  }
  if (--f->outputs == 0) f->over.set(true);
}

// The error stream comes first, as the runtime wants it, and nothing is ever written to it.
Task<Result<void>> connect_port(Forwarding* f, size_t i) {
  CO_TRY(StreamPtr error, co_await open_stream(f, i, "error"));
  CO_TRY_VOID(co_await error->shutdown_write());
  CO_TRY(StreamPtr data, co_await open_stream(f, i, "data"));
  const std::string port = in_two_bytes(f->channels.ports[i]);
  CO_TRY_VOID(co_await send_to_client(f, data_channel(i), port));
  CO_TRY_VOID(co_await send_to_client(f, error_channel(i), port));
  f->data.push_back(data);
  f->scope.spawn(pump_output(f, std::move(data), data_channel(i)));
  f->scope.spawn(pump_output(f, std::move(error), error_channel(i)));
  co_return Result<void>();
}

// A connection that is over takes no more: the others go on.
Task<void> give_to_runtime(StreamPtr stream, std::string bytes) {
  if (!bytes.empty()) (void)co_await stream->write(bytes);
}

Task<void> pump_input(Forwarding* f) {
  for (;;) {
    Result<std::optional<websocket::Message>> message = co_await f->client.receive();
    if (!message || !*message) break;
    Result<ChannelMessage> decoded = decode_channel(**message, f->channels.base64);
    if (!decoded) break;
    const size_t port = decoded->channel / 2;
    // The error channels are ours to write.
    if (decoded->channel % 2 == 1 || port >= f->data.size()) continue;
    co_await give_to_runtime(f->data[port], std::move(decoded->data));
  }
  f->client_gone.set(true);
  f->over.set(false);
}

Task<void> start(Forwarding* f) {
  f->outputs = 2 * f->channels.ports.size();
  for (size_t i = 0; i < f->channels.ports.size(); ++i) {
    Result<void> connected = co_await connect_port(f, i);
    if (connected) continue;
    f->failure = connected.error().message;
    f->client_gone.set(false);
    f->over.set(true);
    co_return;
  }
  f->scope.spawn(pump_input(f));
}

Task<void> finish(Forwarding* f) {
  const uint16_t code = f->failure.empty() ? websocket::kNormalClosure : websocket::kInternalError;
  std::string why = f->failure;
  (void)co_await f->client.close(code, std::move(why));
  f->runtime.close();
  OneShot<bool> gone = f->client_gone;
  co_await linger(gone, CancelToken());
  f->client.abort();
}

}  // namespace

Task<void> translate_ports(websocket::Socket& client, spdy::Session& runtime, PortChannels channels,
                           CancelToken cancel) {
  Forwarding f(client, runtime, std::move(channels));
  OneShot<bool> over = f.over;
  CancelRegistration registration = cancel.on_cancel([over] { over.set(false); });
  f.scope.spawn(run_session(&f));
  f.scope.spawn(start(&f));
  bool done = co_await over;
  if (done) {
    co_await finish(&f);
  } else {
    runtime.close();
    client.abort();
  }
  co_await f.scope.join();
}

}  // namespace xebec::kubelet
