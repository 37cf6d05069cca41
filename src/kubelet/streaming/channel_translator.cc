#include "kubelet/streaming/channel_translator.h"

#include <array>

#include "base/scope.h"
#include "kubelet/streaming/channels.h"
#include "kubelet/streaming/linger.h"

namespace xebec::kubelet {
namespace {

namespace websocket = http::websocket;
namespace spdy = http::spdy;

using StreamPtr = std::shared_ptr<spdy::Stream>;
constexpr size_t kReadBytes = 32 << 10;

// One translation. Lives until its scope has been joined.
struct Translation {
  Translation(websocket::Socket& client, spdy::Session& runtime, TranslatorOptions options)
      : client(client), runtime(runtime), options(std::move(options)), scope(*Executor::current()) {}

  websocket::Socket& client;
  spdy::Session& runtime;
  const TranslatorOptions options;
  Scope scope;
  StreamPtr error, in, out, err, resize;
  int outputs = 0;         // pumps that have not ended
  size_t error_bytes = 0;  // seen on the error stream
  std::string failure;     // why the runtime's streams could not be opened
  OneShot<bool> over;      // true: the runtime is done; false: the client left, or cancelled
  OneShot<bool> client_gone;
};

Task<void> run_session(Translation* t) { (void)co_await t->runtime.run(); }

Task<Result<StreamPtr>> open_stream(Translation* t, std::string_view type) {
  http::Headers headers;
  headers.add("streamtype", type);
  co_return co_await t->runtime.open(std::move(headers));
}

// The order is the one of client-go; the runtime begins when all it expects are there.
Task<Result<void>> open_streams(Translation* t) {
  const StreamOptions& wanted = t->options.streams;
  CO_TRY(t->error, co_await open_stream(t, "error"));
  if (wanted.stdin_) {
    CO_TRY(t->in, co_await open_stream(t, "stdin"));
  }
  if (wanted.stdout_) {
    CO_TRY(t->out, co_await open_stream(t, "stdout"));
  }
  if (wanted.stderr_) {
    CO_TRY(t->err, co_await open_stream(t, "stderr"));
  }
  if (wanted.tty) {
    CO_TRY(t->resize, co_await open_stream(t, "resize"));
  }
  const std::vector<StreamPtr> opened = {t->error, t->in, t->out, t->err, t->resize};
  for (const StreamPtr& stream : opened) {
    if (!stream) continue;
    CO_TRY_VOID(co_await stream->replied());
  }
  co_return Result<void>();
}

Task<Result<void>> send_to_client(Translation* t, uint8_t channel, std::string_view data) {
  websocket::Message message = encode_channel(channel, data, t->options.base64);
  co_return co_await t->client.send(message.kind, std::move(message.data));
}

Task<void> pump_output(Translation* t, StreamPtr stream, uint8_t channel) {
  auto buffer = std::make_unique<std::array<char, kReadBytes>>();
  for (;;) {
    std::span<char> into(*buffer);
    Result<size_t> count = co_await stream->read(into);
    // The runtime resets its streams when it is done; what came before has been read.
    if (!count || *count == 0) break;
    if (channel == kErrorChannel) t->error_bytes += *count;
    std::string_view data(buffer->data(), *count);
    Result<void> sent = co_await send_to_client(t, channel, data);
    if (!sent) {
      t->over.set(false);
      break;
    }
  }
  if (--t->outputs == 0) t->over.set(true);
}

void start_output(Translation* t, StreamPtr stream, uint8_t channel) {
  if (!stream) return;
  ++t->outputs;
  t->scope.spawn(pump_output(t, std::move(stream), channel));
}

// A stream that is over takes no more: a process need not read all of its input.
Task<void> give_to_runtime(StreamPtr stream, std::string data) {
  if (stream && !data.empty()) (void)co_await stream->write(data);
}

Task<void> end_input(Translation* t, std::string_view channels) {
  if (channels.empty() || static_cast<uint8_t>(channels[0]) != kStdinChannel || !t->in) co_return;
  (void)co_await t->in->shutdown_write();
}

Task<void> pump_input(Translation* t) {
  for (;;) {
    Result<std::optional<websocket::Message>> message = co_await t->client.receive();
    if (!message || !*message) break;
    Result<ChannelMessage> decoded = decode_channel(**message, t->options.base64);
    if (!decoded) break;
    switch (decoded->channel) {
      case kStdinChannel:
        co_await give_to_runtime(t->in, std::move(decoded->data));
        break;
      case kResizeChannel:
        co_await give_to_runtime(t->resize, std::move(decoded->data));
        break;
      case kCloseChannel:
        co_await end_input(t, decoded->data);
        break;
      default:
        break;  // the other channels are ours to write
    }
  }
  t->client_gone.set(true);
  t->over.set(false);
}

Task<void> start(Translation* t) {
  Result<void> opened = co_await open_streams(t);
  if (!opened) {
    t->failure = opened.error().message;
    t->client_gone.set(false);
    t->over.set(true);
    co_return;
  }
  // An empty message tells the client that the command runs.
  uint8_t first = t->out ? kStdoutChannel : t->err ? kStderrChannel : kErrorChannel;
  (void)co_await send_to_client(t, first, "");
  start_output(t, t->out, kStdoutChannel);
  start_output(t, t->err, kStderrChannel);
  start_output(t, t->error, kErrorChannel);
  t->scope.spawn(pump_input(t));
}

Task<void> say_goodbye(Translation* t) {
  std::string why = t->failure;
  if (why.empty() && t->options.expect_status && t->error_bytes == 0)
    why = "the runtime ended without a status";
  uint16_t code = why.empty() ? websocket::kNormalClosure : websocket::kInternalError;
  (void)co_await t->client.close(code, std::move(why));
}

Task<void> finish(Translation* t) {
  co_await say_goodbye(t);
  t->runtime.close();
  OneShot<bool> gone = t->client_gone;
  co_await linger(gone, CancelToken());
  t->client.abort();
}

}  // namespace

Task<void> translate_channels(websocket::Socket& client, spdy::Session& runtime, TranslatorOptions options,
                              CancelToken cancel) {
  Translation t(client, runtime, std::move(options));
  OneShot<bool> over = t.over;
  CancelRegistration registration = cancel.on_cancel([over] { over.set(false); });
  t.scope.spawn(run_session(&t));
  t.scope.spawn(start(&t));
  bool done = co_await over;
  if (done) {
    co_await finish(&t);
  } else {
    runtime.close();
    client.abort();
  }
  co_await t.scope.join();
}

}  // namespace xebec::kubelet
