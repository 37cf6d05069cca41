#include "kubelet/streaming/upgrades.h"

#include "kubelet/streaming/byte_pipe.h"
#include "kubelet/streaming/port_channels.h"
#include "kubelet/streaming/websocket_stream.h"

namespace xebec::kubelet {
namespace {

namespace websocket = http::websocket;
namespace spdy = http::spdy;

class SpdyUpgrade final : public http::Upgrade {
 public:
  explicit SpdyUpgrade(std::unique_ptr<http::ByteStream> runtime) : runtime_(std::move(runtime)) {}

  Task<void> run(Context context, std::unique_ptr<http::ByteStream> stream) override {
    co_await pipe(*stream, *runtime_, context.cancel);
  }

 private:
  const std::unique_ptr<http::ByteStream> runtime_;
};

class TunnelUpgrade final : public http::Upgrade {
 public:
  TunnelUpgrade(std::unique_ptr<http::ByteStream> runtime, Rng& rng)
      : runtime_(std::move(runtime)), rng_(rng) {}

  Task<void> run(Context context, std::unique_ptr<http::ByteStream> stream) override {
    auto socket = std::make_unique<websocket::Socket>(std::move(stream), websocket::Role::kServer, rng_);
    WebSocketStream inner(std::move(socket));
    co_await pipe(inner, *runtime_, context.cancel);
  }

 private:
  const std::unique_ptr<http::ByteStream> runtime_;
  Rng& rng_;
};

class ChannelUpgrade final : public http::Upgrade {
 public:
  ChannelUpgrade(std::unique_ptr<http::ByteStream> runtime, TranslatorOptions options, Rng& rng)
      : runtime_(std::move(runtime)), options_(std::move(options)), rng_(rng) {}

  Task<void> run(Context context, std::unique_ptr<http::ByteStream> stream) override {
    websocket::Socket socket(std::move(stream), websocket::Role::kServer, rng_);
    spdy::Session session(std::move(runtime_), spdy::Role::kClient);
    co_await translate_channels(socket, session, options_, context.cancel);
  }

 private:
  std::unique_ptr<http::ByteStream> runtime_;
  const TranslatorOptions options_;
  Rng& rng_;
};

class PortUpgrade final : public http::Upgrade {
 public:
  PortUpgrade(std::unique_ptr<http::ByteStream> runtime, PortChannels channels, Rng& rng)
      : runtime_(std::move(runtime)), channels_(std::move(channels)), rng_(rng) {}

  Task<void> run(Context context, std::unique_ptr<http::ByteStream> stream) override {
    websocket::Socket socket(std::move(stream), websocket::Role::kServer, rng_);
    spdy::Session session(std::move(runtime_), spdy::Role::kClient);
    co_await translate_ports(socket, session, channels_, context.cancel);
  }

 private:
  std::unique_ptr<http::ByteStream> runtime_;
  const PortChannels channels_;
  Rng& rng_;
};

}  // namespace

Result<http::Response> join_streams(const http::Request& request, const Protocol& protocol,
                                    std::unique_ptr<http::ByteStream> runtime, StreamOptions options,
                                    Rng& rng) {
  switch (protocol.carrier) {
    case Carrier::kSpdy: {
      TRY(http::Response response, spdy::accept(request, std::make_unique<SpdyUpgrade>(std::move(runtime))));
      if (!protocol.client.empty()) response.headers.add("X-Stream-Protocol-Version", protocol.client);
      return response;
    }
    case Carrier::kTunnel:
      return websocket::accept(request, protocol.client,
                               std::make_unique<TunnelUpgrade>(std::move(runtime), rng));
    case Carrier::kChannels:
      break;
  }
  TranslatorOptions translator;
  translator.streams = std::move(options);
  translator.base64 = protocol.base64;
  translator.expect_status = protocol.has_status();
  return websocket::accept(request, protocol.client,
                           std::make_unique<ChannelUpgrade>(std::move(runtime), std::move(translator), rng));
}

Result<http::Response> join_ports(const http::Request& request, const Protocol& protocol,
                                  std::unique_ptr<http::ByteStream> runtime, std::vector<int32_t> ports,
                                  Rng& rng) {
  PortChannels channels;
  channels.ports = std::move(ports);
  channels.base64 = protocol.base64;
  return websocket::accept(request, protocol.client,
                           std::make_unique<PortUpgrade>(std::move(runtime), std::move(channels), rng));
}

}  // namespace xebec::kubelet
