#include "cmd/apiserver_options.h"

#include <fmt/format.h>

#include <charconv>

#include "cmd/host_address.h"

namespace xebec::cmd {
namespace {

constexpr int64_t kShortestTokens = 3600, kLongestTokens = int64_t{1} << 32;  // seconds

Status problem(std::string text) { return errors::bad_request(std::move(text)); }

Result<int32_t> parse_port(std::string_view text) {
  int32_t port = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port < 0 || port > 65535)
    return fail(problem(fmt::format("unable to parse port \"{}\"", text)));
  return port;
}

// "FIRST-LAST", "FIRST+SIZE", or one port.
Result<std::pair<int32_t, int32_t>> parse_port_range(std::string_view text) {
  size_t mark = text.find_first_of("-+");
  TRY(int32_t first, parse_port(text.substr(0, mark)));
  int32_t last = first;
  if (mark != std::string_view::npos) {
    TRY(int32_t second, parse_port(text.substr(mark + 1)));
    last = text[mark] == '-' ? second : std::min(first + second, 65535);
  }
  if (last < first) return fail(problem(fmt::format("end port cannot be less than start port: {}", text)));
  return std::pair(first, last);
}

}  // namespace

Result<void> ControlPlaneOptions::check_limits() const {
  auto negative = [](std::string_view flag) {
    return fail(problem(fmt::format("--{} can not be negative value", flag)));
  };
  if (api.limits.max_in_flight < 0) return negative("max-requests-inflight");
  if (api.limits.max_mutating_in_flight < 0) return negative("max-mutating-requests-inflight");
  if (api.limits.request_timeout < Duration::zero()) return negative("request-timeout");
  if (min_request_seconds < 0) return negative("min-request-timeout");
  if (shutdown_delay < Duration::zero()) return negative("shutdown-delay-duration");
  if (shutdown_watch_grace < Duration::zero()) {
    return fail(problem("shutdown-watch-termination-grace-period, if provided, can not be a negative value"));
  }
  return {};
}

Result<void> ControlPlaneOptions::complete() {
  if (secure_port == 0) return fail(problem("--secure-port 0 must be between 1 and 65535, inclusive"));
  if (tls_cert_file.empty() != tls_private_key_file.empty())
    return fail(problem("--tls-cert-file and --tls-private-key-file must be given together"));
  if (kubelet_client_certificate.empty() != kubelet_client_key.empty())
    return fail(problem("--kubelet-client-certificate and --kubelet-client-key must be given together"));
  const int64_t tokens = std::chrono::duration_cast<std::chrono::seconds>(max_token_expiration).count();
  if (tokens != 0 && (tokens < kShortestTokens || tokens > kLongestTokens)) {
    return fail(problem("the service-account-max-token-expiration must be between 1 hour and 2^32 seconds"));
  }
  if (etcd.servers.empty() && !(etcd.ca_file + etcd.cert_file + etcd.key_file).empty())
    return fail(problem("--etcd-servers must be specified"));
  if (etcd.cert_file.empty() != etcd.key_file.empty())
    return fail(problem("--etcd-certfile and --etcd-keyfile must be given together"));
  if (api.registries.compaction_period < Duration::zero())
    return fail(problem("--etcd-compaction-interval must not be negative"));
  TRY_VOID(check_limits());
  api.limits.min_watch = std::chrono::seconds(min_request_seconds);
  api.registries.shared_store = !etcd.servers.empty();
  api.token_requests.max_expiration_seconds = tokens;
  TRY(auto node_ports, parse_port_range(node_port_range));
  api.registries.first_node_port = node_ports.first;
  api.registries.last_node_port = node_ports.second;
  TRY(advertise_address, resolve_advertise_address(advertise_address, bind_address));
  return {};
}

}  // namespace xebec::cmd
