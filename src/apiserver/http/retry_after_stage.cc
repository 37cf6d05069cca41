#include "apiserver/http/retry_after_stage.h"

#include <algorithm>

#include "apiserver/http/respond.h"

namespace xebec::apiserver {
namespace {

// Health and metrics are served to the end, and so is the server itself.
bool is_exempt(const http::Request& request) {
  constexpr std::string_view kPaths[] = {"/readyz", "/livez", "/healthz", "/metrics"};
  return request.headers.get("User-Agent").starts_with("kube-apiserver/") ||
         std::ranges::any_of(kPaths, [&](std::string_view path) { return request.path.starts_with(path); });
}

}  // namespace

Task<http::Response> RetryAfterStage::handle(Context context, std::shared_ptr<Exchange> exchange) {
  if (is_exempt(exchange->request)) co_return co_await next_->handle(std::move(context), std::move(exchange));
  if (lifecycle_.refusing()) {
    http::Response response = http_error(429, "The apiserver is shutting down, please try again later.");
    response.headers.add("Connection", "close");
    response.headers.add("Retry-After", "5");
    co_return response;
  }
  if (is_long_running(exchange->info))
    co_return co_await next_->handle(std::move(context), std::move(exchange));
  const Lifecycle::Request request(lifecycle_);
  co_return co_await next_->handle(std::move(context), std::move(exchange));
}

}  // namespace xebec::apiserver
