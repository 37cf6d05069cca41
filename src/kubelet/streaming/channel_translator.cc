#include "kubelet/streaming/channel_translator.h"

#include "kubelet/streaming/channel_bridge.h"

namespace xebec::kubelet {
namespace {

class Translation final : public ChannelBridge {
 public:
  Translation(http::websocket::Socket& client, http::spdy::Session& runtime, TranslatorOptions options)
      : ChannelBridge(client, runtime, options.base64), options_(std::move(options)) {}

 private:
  Task<Result<StreamPtr>> open(std::string_view type) {
    http::Headers headers;
    headers.add("streamtype", type);
    co_return co_await open_stream(std::move(headers));
  }

  // The order is the one of client-go; the runtime begins when all it expects are there.
  Task<Result<void>> open_all() {
    const StreamOptions& wanted = options_.streams;
    CO_TRY(error_, co_await open("error"));
    if (wanted.stdin_) {
      CO_TRY(in_, co_await open("stdin"));
    }
    if (wanted.stdout_) {
      CO_TRY(out_, co_await open("stdout"));
    }
    if (wanted.stderr_) {
      CO_TRY(err_, co_await open("stderr"));
    }
    if (wanted.tty) {
      CO_TRY(resize_, co_await open("resize"));
    }
    const std::vector<StreamPtr> opened = {error_, in_, out_, err_, resize_};
    for (const StreamPtr& stream : opened) {
      if (!stream) continue;
      CO_TRY_VOID(co_await stream->replied());
    }
    co_return Result<void>();
  }

  Task<Result<void>> open_streams() override {
    CO_TRY_VOID(co_await open_all());
    // An empty message tells the client that the command runs.
    uint8_t first = out_ ? kStdoutChannel : err_ ? kStderrChannel : kErrorChannel;
    (void)co_await send(first, "");
    if (out_) start_output(out_, kStdoutChannel);
    if (err_) start_output(err_, kStderrChannel);
    start_output(error_, kErrorChannel);
    co_return Result<void>();
  }

  Task<void> take(ChannelMessage message) override {
    switch (message.channel) {
      case kStdinChannel:
        if (in_) co_await give(in_, std::move(message.data));
        break;
      case kResizeChannel:
        if (resize_) co_await give(resize_, std::move(message.data));
        break;
      case kCloseChannel:
        co_await end_input(message.data);
        break;
      default:
        break;  // the other channels are ours to write
    }
  }

  Task<void> end_input(std::string_view channels) {
    if (channels.empty() || static_cast<uint8_t>(channels[0]) != kStdinChannel || !in_) co_return;
    (void)co_await in_->shutdown_write();
  }

  std::string complaint() const override {
    const bool unsaid = options_.expect_status && written(kErrorChannel) == 0;
    return unsaid ? "the runtime ended without a status" : "";
  }

  const TranslatorOptions options_;
  StreamPtr error_, in_, out_, err_, resize_;
};

}  // namespace

Task<void> translate_channels(http::websocket::Socket& client, http::spdy::Session& runtime,
                              TranslatorOptions options, CancelToken cancel) {
  Translation translation(client, runtime, std::move(options));
  co_await translation.run(std::move(cancel));
}

}  // namespace xebec::kubelet
