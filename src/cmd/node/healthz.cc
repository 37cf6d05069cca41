#include "cmd/node/healthz.h"

#include "base/sync.h"
#include "http/health.h"
#include "http/server.h"

namespace xebec::cmd {
namespace {

constexpr Duration kRetry = std::chrono::seconds(5);

class Healthz final : public http::Handler {
 public:
  Task<http::Response> handle(Context, http::Request request) override {
    if (request.path == "/healthz") co_return http::check_health("healthz", checks_, request, Logger());
    if (request.path == "/healthz/ping") co_return http::check_health(checks_[0]);
    http::Response response;
    response.status = 404;
    response.headers.add("Content-Type", "text/plain; charset=utf-8");
    response.set_body("404 page not found\n");
    co_return response;
  }

 private:
  const std::vector<http::HealthCheck> checks_ = {{"ping", [] { return Result<void>(); }}};
};

}  // namespace

Task<void> serve_healthz(const NodeOptions& options, http::IoPool& pool, Process& process,
                         CancelToken token) {
  if (options.healthz_port == 0) co_return;
  http::ServerOptions server_options;
  server_options.address = options.healthz_address;
  server_options.port = options.healthz_port;
  server_options.clock = process.clock();
  Healthz handler;
  std::unique_ptr<http::Server> server;
  while (!token.cancelled()) {
    Result<std::unique_ptr<http::Server>> listening = http::Server::listen(pool, server_options, handler);
    if (listening) {
      server = std::move(*listening);
      break;
    }
    process.logger().named("kubelet").warning(
        "Failed to start healthz server",
        {{"port", options.healthz_port}, {"err", listening.error().message}});
    co_await sleep_for(kRetry, token);
  }
  OneShot<bool> end;
  CancelRegistration registration = token.on_cancel([end] { end.set(true); });
  co_await end;
  if (server) co_await server->shutdown(Duration::zero());
}

}  // namespace xebec::cmd
