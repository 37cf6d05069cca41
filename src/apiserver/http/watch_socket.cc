#include "apiserver/http/watch_socket.h"

#include "apiserver/http/respond.h"
#include "base/scope.h"
#include "http/websocket.h"

namespace xebec::apiserver {
namespace {

namespace websocket = http::websocket;

// Nothing is expected from the client but control frames.
constexpr size_t kMostInput = 64 << 10;

class WatchUpgrade final : public http::Upgrade {
 public:
  WatchUpgrade(WatchSocket watch, Rng& rng) : watch_(std::move(watch)), rng_(rng) {}

  Task<void> run(Context context, std::unique_ptr<http::ByteStream> stream) override {
    Executor* executor = Executor::current();
    auto socket =
        std::make_shared<websocket::Socket>(std::move(stream), websocket::Role::kServer, rng_, kMostInput);
    Scope scope(*executor, context.cancel);
    scope.spawn(ignore_input(socket, watch_.stop));
    co_await send_all(*executor, socket);
    socket->abort();
    co_await scope.join();
  }

 private:
  static Task<void> ignore_input(std::shared_ptr<websocket::Socket> socket,
                                 std::shared_ptr<CancelSource> stop) {
    for (;;) {
      Result<std::optional<websocket::Message>> got = co_await socket->receive();
      if (!got || !*got) break;
    }
    stop->cancel();
  }

  Task<void> send_all(Executor& executor, std::shared_ptr<websocket::Socket> socket) {
    const websocket::Kind kind =
        watch_.media == MediaType::kJson ? websocket::Kind::kText : websocket::Kind::kBinary;
    const size_t framing = stream_framing(watch_.media);
    for (;;) {
      Result<http::Buffer> frame = co_await watch_.frames->next();
      if (!frame) co_return;
      if (*frame == nullptr) break;
      std::string data = (*frame)->substr(framing);
      StallGuard guard(executor, socket, watch_.stalled_timeout);
      Result<void> sent = co_await socket->send(kind, std::move(data));
      if (!sent) co_return;
    }
    StallGuard guard(executor, socket, watch_.stalled_timeout);
    std::string no_reason;
    (void)co_await socket->close(websocket::kNormalClosure, std::move(no_reason));
  }

  // Aborts the socket unless it is destroyed in time.
  class StallGuard {
   public:
    StallGuard(Executor& executor, std::shared_ptr<websocket::Socket> socket, Duration timeout)
        : executor_(executor) {
      timer_ = executor.post_at(executor.now() + timeout, [socket = std::move(socket)] { socket->abort(); });
    }
    StallGuard(const StallGuard&) = delete;
    ~StallGuard() { executor_.cancel_timer(timer_); }

   private:
    Executor& executor_;
    uint64_t timer_;
  };

  WatchSocket watch_;
  Rng& rng_;
};

http::Response refusal(int code, std::string text) {
  http::Response response;
  response.status = code;
  response.set_body(std::move(text));
  return response;
}

}  // namespace

http::Response watch_over_websocket(const http::Request& request, WatchSocket watch, Rng& rng) {
  if (!request.headers.has("Sec-WebSocket-Key")) return refusal(400, "mismatch challenge/response");
  if (request.headers.get("Sec-WebSocket-Version") != "13") {
    http::Response response = refusal(400, "missing or bad WebSocket Version");
    response.headers.add("Sec-WebSocket-Version", "13");
    return response;
  }
  if (request.headers.get("Origin").empty()) return refusal(403, "");
  const std::vector<std::string> protocols = websocket::offered_protocols(request);
  if (protocols.size() > 1) return refusal(400, "");
  const std::string protocol = protocols.empty() ? std::string() : protocols.front();
  const std::string content_type(stream_content_type(watch.media));
  std::unique_ptr<http::Upgrade> upgrade = std::make_unique<WatchUpgrade>(std::move(watch), rng);
  Result<http::Response> response = websocket::accept(request, protocol, std::move(upgrade));
  if (!response) return error_response(request, response.error());
  response->headers.add("Content-Type", content_type);
  return std::move(*response);
}

}  // namespace xebec::apiserver
