// `xebec agent`: this machine as a node of a cluster whose API server is elsewhere: kubelet, private
// containerd, and the address of the Service `kubernetes`.
#include <fmt/format.h>

#include "api/gen/corev1.h"
#include "base/sync.h"
#include "cmd/command.h"
#include "cmd/flags/flags.h"
#include "cmd/host_address.h"
#include "cmd/join/discovery.h"
#include "cmd/node/remote_node.h"
#include "cmd/process.h"
#include "cmd/service_address.h"

namespace xebec::cmd {
namespace {

constexpr Duration kRetry = std::chrono::seconds(1);

struct Options {
  std::string data_dir = "/var/lib/xebec";
  std::string server, kubeconfig;
  JoinOptions join;
  std::string certificate_authority, client_certificate, client_key;
  RemoteNodeOptions node;
  LogOptions logs;
};

void declare(Flags& flags, Options& o) {
  flags.group("API server");
  flags.add("server", o.server, "The API server's URL; that of the kubeconfig without it.", "url");
  flags.add("kubeconfig", o.kubeconfig, "Where the API server is, and who the node is.", "file");
  flags.add("certificate-authority", o.certificate_authority, "The CA of the API server's certificate.",
            "file");
  flags.add("client-certificate", o.client_certificate,
            "The node's certificate, for system:node:NAME in system:nodes.", "file");
  flags.add("client-key", o.client_key, "The key of --client-certificate.", "file");
  flags.add("token", o.join.token,
            "Join the cluster with this token, as xebec token create makes them. Afterwards the node has a "
            "certificate, "
            "and needs the token no more.");
  flags.add("discovery-token-ca-cert-hash", o.join.ca_hashes,
            "The API server's CA, as sha256:HEX of its public key: no other is believed.");
  flags.add("discovery-token-unsafe-skip-ca-verification", o.join.unsafe_skip_ca,
            "Believe any CA that the token vouches for.");
  declare_node_flags(flags, o.node.node);
  flags.add("data-dir", o.data_dir, "Where the node's files are.", "dir");
  declare_kubelet_server(flags, o.node);
  declare_logs(flags, o.logs);
}

Result<client::ClientConfig> config_of_certificate(const Options& options) {
  if (options.server.empty() || options.certificate_authority.empty() || options.client_key.empty()) {
    return fail(
        errors::bad_request("--client-certificate needs --client-key, --certificate-authority and --server"));
  }
  client::ClientConfig config;
  config.server = options.server;
  TRY(config.ca_pem, pki::read_file(options.certificate_authority));
  TRY(config.client_certificate_pem, pki::read_file(options.client_certificate));
  TRY(config.client_key_pem, pki::read_file(options.client_key));
  return config;
}

Result<client::ClientConfig> config_of(const Options& options) {
  constexpr const char* kHow = "give --token, --kubeconfig, or --client-certificate and --client-key";
  if (!options.kubeconfig.empty() && !options.client_certificate.empty())
    return fail(errors::bad_request("--kubeconfig and --client-certificate exclude each other"));
  if (!options.client_certificate.empty()) return config_of_certificate(options);
  if (options.kubeconfig.empty())
    return fail(errors::bad_request(fmt::format("the node has no credentials: {}", kHow)));
  return load_client_config(options.kubeconfig, options.server);
}

Result<NodeLogin> login_of(Options& options, Process& process) {
  NodeLogin login;
  if (options.join.token.empty()) {
    TRY(login.config, config_of(options));
    return login;
  }
  if (!options.kubeconfig.empty() || !options.client_certificate.empty())
    return fail(errors::bad_request("--token excludes --kubeconfig and --client-certificate"));
  options.join.server = options.server;
  TRY_VOID(check_join(options.join));
  login.kubeconfig = options.data_dir + "/node/kubelet.conf";
  login.bootstrap = [join = options.join, clock = process.clock()](
                        http::IoPool& pool, const api::Scheme& scheme, CancelToken token) {
    return discover_by_token(join, pool, scheme, *clock, std::move(token));
  };
  return login;
}

// The Service's address is the API's to say; it does not change.
Task<Result<void>> carry_service(CancelToken token, client::Rest rest, std::string data_dir, Endpoint server,
                                 Process& process) {
  std::string service;
  while (service.empty() && !token.cancelled()) {
    Context context;
    context.cancel = token;
    auto found = co_await rest.get<corev1::Service>(std::move(context), "default", "kubernetes");
    if (found) service = found->spec.clusterIP;
    if (service.empty()) co_await sleep_for(kRetry, token);
  }
  if (service.empty()) co_return Result<void>();
  CO_TRY(std::unique_ptr<ServiceAddress> address,
         ServiceAddress::install(data_dir, service, server.host, server.port, process.logger()));
  OneShot<bool> end;
  CancelRegistration registration = token.on_cancel([end] { end.set(true); });
  co_await end;
  co_return Result<void>();
}

Result<void> run(Options options) {
  Process process(options.logs);
  TRY(NodeLogin login, login_of(options, process));
  TRY(Endpoint server, parse_endpoint(login.config ? login.config->server : options.server));
  TRY(server.host, resolve(server.host));
  options.node.node.for_data_dir(options.data_dir);
  options.node.cluster_ca_counts = true;
  TRY(std::unique_ptr<RemoteNode> node, RemoteNode::start(options.node, std::move(login), process));
  client::Rest rest = node->rest();
  Component service("service", process, [=, &process](Executor&, CancelToken token) {
    return carry_service(std::move(token), rest, options.data_dir, server, process);
  });
  return process.wait();
}

}  // namespace

std::function<int()> declare_agent(Flags& flags) {
  auto options = std::make_shared<Options>();
  // Certificates are the cluster's; only flags say otherwise.
  options->node.rotate_client = options->node.rotate_serving = true;
  declare(flags, *options);
  return [options] { return exit_status(run(*options)); };
}

}  // namespace xebec::cmd
