#include "client/metered_client.h"

#include "base/executor.h"

namespace xebec::client {
namespace {

constexpr double kSeconds[] = {0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0};

class MeteredClient final : public http::Client {
 public:
  MeteredClient(std::shared_ptr<http::Client> inner, Metrics& metrics, std::string host)
      : inner_(std::move(inner)),
        host_(std::move(host)),
        seconds_(metrics.histogram("rest_client_request_duration_seconds",
                                   "[ALPHA] Request latency in seconds. Broken down by verb, and host.",
                                   kSeconds, {"host", "verb"})),
        results_(
            metrics.counter("rest_client_requests_total",
                            "[ALPHA] Number of HTTP requests, partitioned by status code, method, and host.",
                            {"code", "host", "method"})) {}

  Task<Result<http::Response>> send(Context context, http::Request request) override {
    const std::string method = request.method;
    const MonotonicTime start = Executor::current()->now();
    Result<http::Response> response = co_await inner_->send(std::move(context), std::move(request));
    const Duration taken = Executor::current()->now() - start;
    seconds_.with({host_, method}).observe(std::chrono::duration<double>(taken).count());
    results_.with({response ? std::to_string(response->status) : "<error>", host_, method}).add();
    co_return response;
  }

  Task<Result<std::unique_ptr<http::ByteStream>>> upgrade(Context context, http::Request request,
                                                          http::Headers& answered) override {
    return inner_->upgrade(std::move(context), std::move(request), answered);
  }

 private:
  const std::shared_ptr<http::Client> inner_;
  const std::string host_;
  MetricFamily<Histogram>& seconds_;
  MetricFamily<Counter>& results_;
};

}  // namespace

std::shared_ptr<http::Client> make_metered_client(std::shared_ptr<http::Client> inner, Metrics& metrics,
                                                  std::string host) {
  return std::make_shared<MeteredClient>(std::move(inner), metrics, std::move(host));
}

std::string host_of_url(std::string_view url) {
  const size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  return std::string(url.substr(0, url.find('/')));
}

}  // namespace xebec::client
