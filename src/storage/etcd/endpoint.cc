#include "storage/etcd/endpoint.h"

#include <fmt/format.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <cctype>
#include <fstream>

#include "rpc/callback_threads.h"

namespace xebec::storage::etcd {
namespace {

using grpc::experimental::FileWatcherCertificateProvider;
using grpc::experimental::TlsChannelCredentialsOptions;

constexpr int kKeepaliveMs = 30'000;  // as upstream's etcd client
constexpr int kKeepaliveTimeoutMs = 10'000;
constexpr int kFirstBackoffMs = 50;
constexpr int kLongestBackoffMs = 1'000;
constexpr unsigned kCertificateCheckSeconds = 10;
constexpr const char* kSystemRoots = "/etc/ssl/certs/ca-certificates.crt";
constexpr std::string_view kDefaultPort = ":2379";

Result<void> check_readable(std::string_view flag, const std::string& file) {
  if (file.empty()) return {};
  std::ifstream in(file);
  if (in.good() && in.peek() != std::ifstream::traits_type::eof()) return {};
  return fail(errors::bad_request(fmt::format("{}: cannot read {}", flag, file)));
}

Result<std::shared_ptr<grpc::ChannelCredentials>> tls_credentials(const EtcdOptions& options) {
  if (options.cert_file.empty() != options.key_file.empty()) {
    return fail(errors::bad_request("--etcd-certfile and --etcd-keyfile must be given together"));
  }
  TRY_VOID(check_readable("--etcd-cafile", options.ca_file));
  TRY_VOID(check_readable("--etcd-certfile", options.cert_file));
  TRY_VOID(check_readable("--etcd-keyfile", options.key_file));
  const std::string roots = options.ca_file.empty() ? kSystemRoots : options.ca_file;
  TlsChannelCredentialsOptions tls;
  tls.set_certificate_provider(std::make_shared<FileWatcherCertificateProvider>(
      options.key_file, options.cert_file, roots, kCertificateCheckSeconds));
  tls.watch_root_certs();
  if (!options.cert_file.empty()) tls.watch_identity_key_cert_pairs();
  return grpc::experimental::TlsCredentials(tls);
}

grpc::ChannelArguments channel_arguments() {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  arguments.SetMaxSendMessageSize(-1);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kFirstBackoffMs);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kFirstBackoffMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kLongestBackoffMs);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // No gRPC service config from DNS: a lookup of TXT records that no etcd has.
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return arguments;
}

bool has_port(std::string_view host) {
  const size_t colon = host.rfind(':');
  return colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos;
}

}  // namespace

Result<Target> parse_server(const std::string& url, bool tls_by_default) {
  auto wrong = [&](std::string_view why) {
    return fail(errors::bad_request(fmt::format("--etcd-servers: \"{}\": {}", url, why)));
  };
  Target target{.address = url, .tls = tls_by_default};
  const size_t mark = url.find("://");
  if (mark != std::string::npos) {
    const std::string scheme = url.substr(0, mark);
    target.address = url.substr(mark + 3);
    target.tls = scheme == "https" || scheme == "unixs";
    const bool local = scheme == "unix" || scheme == "unixs";
    if (!target.tls && scheme != "http" && !local) return wrong("the scheme must be http, https or unix");
    if (local) {
      if (target.address.empty()) return wrong("the path of the socket is missing");
      target.address = "unix:" + target.address;
      return target;
    }
  }
  while (target.address.ends_with('/')) target.address.pop_back();
  if (target.address.empty() || target.address.starts_with(':')) return wrong("the host is missing");
  if (target.address.find_first_of("/?#@ ") != std::string::npos) return wrong("must be a host and a port");
  if (!has_port(target.address)) target.address += kDefaultPort;
  const std::string_view port = std::string_view(target.address).substr(target.address.rfind(':') + 1);
  const bool number =
      !port.empty() && port.size() <= 5 && port.find_first_not_of("0123456789") == std::string_view::npos;
  if (!number) return wrong("the port is not a number");
  return target;
}

Result<std::vector<std::shared_ptr<Endpoint>>> make_endpoints(const EtcdOptions& options) {
  if (options.servers.empty()) return fail(errors::bad_request("--etcd-servers must be specified"));
  const bool certificates = !options.ca_file.empty() || !options.cert_file.empty();
  std::vector<Target> targets;
  bool any_tls = false;
  for (const std::string& url : options.servers) {
    TRY(Target target, parse_server(url, certificates));
    any_tls = any_tls || target.tls;
    targets.push_back(std::move(target));
  }
  std::shared_ptr<grpc::ChannelCredentials> tls;
  if (any_tls) {
    TRY(tls, tls_credentials(options));
  }
  std::vector<std::shared_ptr<Endpoint>> endpoints;
  for (size_t i = 0; i < targets.size(); ++i) {
    auto endpoint = std::make_shared<Endpoint>();
    endpoint->url = options.servers[i];
    endpoint->channel = grpc::CreateCustomChannel(
        targets[i].address, targets[i].tls ? tls : grpc::InsecureChannelCredentials(), channel_arguments());
    endpoint->kv = pb::KV::NewStub(endpoint->channel);
    endpoint->watch = pb::Watch::NewStub(endpoint->channel);
    endpoint->lease = pb::Lease::NewStub(endpoint->channel);
    endpoint->maintenance = pb::Maintenance::NewStub(endpoint->channel);
    endpoints.push_back(std::move(endpoint));
  }
  rpc::keep_callback_threads(endpoints.front()->channel);
  return endpoints;
}

}  // namespace xebec::storage::etcd
