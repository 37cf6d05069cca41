// `xebec agent`: this machine as a node of a cluster whose API server is elsewhere: kubelet, private
// containerd, and the address of the Service `kubernetes`.
#include <fmt/format.h>

#include "api/gen/corev1.h"
#include "base/sync.h"
#include "cmd/command.h"
#include "cmd/flags/flags.h"
#include "cmd/host_address.h"
#include "cmd/node/remote_node.h"
#include "cmd/process.h"
#include "cmd/service_address.h"

namespace xebec::cmd {
namespace {

constexpr Duration kRetry = std::chrono::seconds(1);

struct Options {
  std::string data_dir = "/var/lib/xebec";
  std::string server, kubeconfig, token;
  std::string certificate_authority, client_certificate, client_key;
  RemoteNodeOptions node;
  int verbosity = 0;
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
  flags.add("token", o.token, "Joining with a token is not supported yet.");
  declare_node_flags(flags, o.node.node);
  flags.add("data-dir", o.data_dir, "Where the node's files are.", "dir");
  declare_kubelet_server(flags, o.node);
  declare_verbosity(flags, o.verbosity);
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
  constexpr const char* kHow = "give --kubeconfig, or --client-certificate and --client-key";
  if (!options.token.empty())
    return fail(errors::bad_request(fmt::format("joining with a token is not supported yet: {}", kHow)));
  if (!options.kubeconfig.empty() && !options.client_certificate.empty())
    return fail(errors::bad_request("--kubeconfig and --client-certificate exclude each other"));
  if (!options.client_certificate.empty()) return config_of_certificate(options);
  if (options.kubeconfig.empty())
    return fail(errors::bad_request(fmt::format("the node has no credentials: {}", kHow)));
  return load_client_config(options.kubeconfig, options.server);
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
  TRY(client::ClientConfig config, config_of(options));
  TRY(Endpoint server, parse_endpoint(config.server));
  TRY(server.host, resolve(server.host));
  options.node.node.for_data_dir(options.data_dir);
  options.node.client_ca_pem = config.ca_pem;
  Process process(options.verbosity);
  TRY(std::unique_ptr<RemoteNode> node, RemoteNode::start(options.node, std::move(config), process));
  client::Rest rest = node->rest();
  Component service("service", process, [=, &process](Executor&, CancelToken token) {
    return carry_service(std::move(token), rest, options.data_dir, server, process);
  });
  return process.wait();
}

}  // namespace

std::function<int()> declare_agent(Flags& flags) {
  auto options = std::make_shared<Options>();
  declare(flags, *options);
  return [options] { return exit_status(run(*options)); };
}

}  // namespace xebec::cmd
