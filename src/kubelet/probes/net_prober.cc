#include "kubelet/probes/net_prober.h"

#include <fmt/format.h>

#include "base/scope.h"
#include "base/sync.h"
#include "http/client.h"
#include "http/transport.h"
#include "kubelet/cri/grpc_health.h"

namespace xebec::kubelet {
namespace {

constexpr size_t kMaxBody = 10 * 1024;
constexpr int kMaxRedirects = 10;

std::string authority(const std::string& host, int32_t port) {
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port)
                                             : fmt::format("[{}]:{}", host, port);
}

Task<void> connect(http::AsioExecutor& executor, std::string host, std::string port, CancelToken token,
                   OneShot<Result<void>> done) {
  Result<std::unique_ptr<http::Transport>> made = co_await http::connect_tcp(executor, host, port, token);
  Result<void> result;
  if (!made) result = fail(made.error());
  if (made) (*made)->close();
  done.set(std::move(result));
}

class SocketProber final : public NetProber {
 public:
  explicit SocketProber(http::IoPool& pool) : pool_(pool) {}

  // Redirects are followed while they stay on the same host.
  Task<ProbeAnswer> http_get(HttpProbe probe) override {
    ProbeAnswer answer;
    for (int i = 0; i <= kMaxRedirects; ++i) {
      std::string location;
      answer = co_await get_once(probe, location);
      if (location.empty()) co_return answer;
      if (!redirect(probe, location)) {
        answer.outcome = ProbeOutcome::kWarning;
        answer.message = "Probe terminated redirects, Response body: " + answer.message;
        co_return answer;
      }
    }
    answer.outcome = ProbeOutcome::kFailure;
    answer.message = fmt::format("Get \"{}\": stopped after {} redirects", probe.path, kMaxRedirects);
    co_return answer;
  }

  Task<ProbeAnswer> tcp(std::string host, int32_t port, Duration timeout) override {
    ProbeAnswer answer;
    http::AsioExecutor& executor = pool_.next();
    CancelSource source;
    Scope scope(executor, source.token());
    OneShot<Result<void>> done;
    scope.spawn(connect(executor, host, std::to_string(port), scope.token(), done));
    Executor* mine = Executor::current();
    Result<void> late =
        fail(errors::timeout(fmt::format("dial tcp {}: i/o timeout", authority(host, port)), 0));
    uint64_t timer = mine->post_at(mine->now() + timeout, [done, late] { done.set(late); });
    Result<void> result = co_await done;
    mine->cancel_timer(timer);
    scope.cancel();
    co_await scope.join();
    if (!result) {
      answer.outcome = ProbeOutcome::kFailure;
      answer.message = result.error().message;
    }
    co_return answer;
  }

  Task<ProbeAnswer> grpc(std::string host, int32_t port, std::string service, Duration timeout) override {
    cri::HealthAnswer health = co_await cri::grpc_health(authority(host, port), std::move(service), timeout);
    ProbeAnswer answer;
    answer.outcome = health.serving ? ProbeOutcome::kSuccess : ProbeOutcome::kFailure;
    answer.message = std::move(health.message);
    co_return answer;
  }

 private:
  // `location` is set when the answer is a redirect.
  Task<ProbeAnswer> get_once(const HttpProbe& probe, std::string& location) {
    ProbeAnswer answer;
    std::string url = fmt::format("{}://{}", probe.scheme, authority(probe.host, probe.port));
    std::string path = probe.path.starts_with('/') ? probe.path : "/" + probe.path;
    http::ClientOptions options;
    options.url = url;
    options.insecure_skip_verify = true;
    options.http1_only = true;
    options.connect_timeout = probe.timeout;
    options.user_agent = "kube-probe/1.36";
    Result<std::unique_ptr<http::Client>> client = http::make_client(pool_, std::move(options));
    if (!client) {
      answer.outcome = ProbeOutcome::kError;
      answer.message = client.error().message;
      co_return answer;
    }
    http::Request request = request_for(probe, path);
    CancelSource source;
    Context context;
    context.cancel = source.token();
    Executor* executor = Executor::current();
    bool timed_out = false;
    uint64_t timer = executor->post_at(executor->now() + probe.timeout, [&timed_out, &source] {
      timed_out = true;
      source.cancel();
    });
    Result<http::Response> response = co_await (*client)->send(context, std::move(request));
    std::string body;
    if (response) {
      Result<std::string> read = co_await response->read_body(kMaxBody);
      if (read) body = std::move(*read);
    }
    executor->cancel_timer(timer);
    answer.outcome = ProbeOutcome::kFailure;
    if (timed_out) {
      answer.message = fmt::format(
          "Get \"{}{}\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)", url,
          path);
    } else if (!response) {
      answer.message = fmt::format("Get \"{}{}\": {}", url, path, response.error().message);
    } else if (response->status >= 200 && response->status < 400) {
      answer.outcome = ProbeOutcome::kSuccess;
      answer.message = std::move(body);
      if (response->status >= 300) location = response->headers.get("location");
    } else {
      answer.message = fmt::format("HTTP probe failed with statuscode: {}", response->status);
    }
    co_return answer;
  }

  static http::Request request_for(const HttpProbe& probe, const std::string& path) {
    http::Request request;
    request.method = "GET";
    size_t question = path.find('?');
    request.path = path.substr(0, question);
    if (question != std::string::npos) request.query = path.substr(question + 1);
    request.headers.add("Accept", "*/*");
    for (const auto& [name, value] : probe.headers) request.headers.set(name, value);
    return request;
  }

  // Points the probe to where the location says; false when that is another host.
  static bool redirect(HttpProbe& probe, const std::string& location) {
    if (location.starts_with('/') && !location.starts_with("//")) {
      probe.path = location;
      return true;
    }
    size_t scheme_end = location.find("://");
    if (scheme_end == std::string::npos) return false;
    size_t path = location.find('/', scheme_end + 3);
    std::string where = location.substr(scheme_end + 3, path - scheme_end - 3);
    std::string host = where;
    int32_t port = location.starts_with("https") ? 443 : 80;
    size_t colon = where.rfind(':');
    if (colon != std::string::npos && where.find(']', colon) == std::string::npos) {
      host = where.substr(0, colon);
      port = std::atoi(where.c_str() + colon + 1);
    }
    if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
    if (host != probe.host) return false;
    probe.scheme = location.substr(0, scheme_end);
    probe.port = port;
    probe.path = path == std::string::npos ? "/" : location.substr(path);
    return true;
  }

  http::IoPool& pool_;
};

class HealthyProber final : public NetProber {
 public:
  Task<ProbeAnswer> http_get(HttpProbe) override { co_return ProbeAnswer(); }
  Task<ProbeAnswer> tcp(std::string, int32_t, Duration) override { co_return ProbeAnswer(); }
  Task<ProbeAnswer> grpc(std::string, int32_t, std::string, Duration) override { co_return ProbeAnswer(); }
};

}  // namespace

std::unique_ptr<NetProber> make_net_prober(http::IoPool& pool) {
  return std::make_unique<SocketProber>(pool);
}
std::unique_ptr<NetProber> make_always_healthy_prober() { return std::make_unique<HealthyProber>(); }

}  // namespace xebec::kubelet
