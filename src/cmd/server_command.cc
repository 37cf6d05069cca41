// `xebec server`: a whole cluster in one process: API server, controllers, scheduler and this machine as a
// node.
#include "apiserver/bootstrap/cluster.h"
#include "cmd/apiserver_flags.h"
#include "cmd/command.h"
#include "cmd/components.h"
#include "cmd/control_plane.h"
#include "cmd/manager_options.h"
#include "cmd/node/node.h"
#include "cmd/service_address.h"
#include "controllers/selection.h"

namespace xebec::cmd {
namespace {

struct Options {
  ControlPlaneOptions plane;
  controllers::ControllerOptions controllers;
  NodeOptions node;
  bool disable_node = false;
  LogOptions logs;
};

// With etcd there may be more machines like this one: then one of them does the work.
LeaderElectionOptions election_of(const ControlPlaneOptions& plane, std::string name) {
  if (plane.etcd.servers.empty()) return no_election();
  LeaderElectionOptions election;
  election.name = std::move(name);
  return election;
}

Result<std::unique_ptr<Component>> controllers(ControlPlane& plane, const InProcessApi& api, Process& process,
                                               const Options& options) {
  controllers::ControllerOptions out = options.controllers;
  out.root_ca_pem = plane.pki().ca_pem();
  out.cluster_cidr = options.node.cluster_cidr;
  out.signing_ca_pem = plane.pki().ca_pem();
  out.signing_key_pem = plane.pki().ca().key().pem();
  TRY(out.sign_legacy_token, legacy_token_signer(plane.service_account_key_pem(), process.clock()));
  TRY_VOID(controllers::check_controllers(out.controllers));
  client::Rest rest =
      api.rest(component_identity("system:kube-controller-manager"), "kube-controller-manager");
  auto rest_of_account = [api](std::string_view account) {
    return api.rest(service_account_identity(account), "kube-controller-manager");
  };
  return start_controller_manager(process, std::move(rest), std::move(rest_of_account), std::move(out),
                                  election_of(options.plane, "kube-controller-manager"));
}

Result<std::unique_ptr<Component>> node(ControlPlane& plane, const InProcessApi& api, Process& process,
                                        const NodeOptions& options) {
  NodeEnv env;
  env.process = &process;
  env.pool = &plane.pool();
  env.metrics = &plane.metrics();
  TRY(pki::KeyPair serving,
      plane.pki().server_certificate("system:node:" + options.node_name, {options.node_name, "localhost"},
                                     {options.node_ip, "127.0.0.1"}, process.clock()->now()));
  env.serving = std::make_shared<ServingKeys>(std::move(serving));
  env.client_ca_pem = plane.pki().ca_pem();
  client::Rest rest =
      api.rest(component_identity("system:node:" + options.node_name, {"system:nodes"}), "kubelet");
  return start_node(std::move(env), std::move(rest), options);
}

Result<std::unique_ptr<ServiceAddress>> service_address(const ControlPlane& plane, const Options& options,
                                                        Process& process) {
  TRY(std::string service, apiserver::first_service_address(options.plane.api.registries.service_cidr));
  return ServiceAddress::install(options.plane.data_dir, service, plane.address(), plane.port(),
                                 process.logger());
}

Result<void> run(Options options) {
  Process process(options.logs);
  options.node.for_data_dir(options.plane.data_dir);
  if (!options.disable_node) {
    TRY_VOID(options.node.complete());
    if (options.plane.advertise_address.empty()) options.plane.advertise_address = options.node.node_ip;
  }
  TRY(std::unique_ptr<ControlPlane> plane, ControlPlane::start(options.plane, process));
  // Components started before their roles exist would only be refused, and wait.
  if (!block_on(on_executor(plane->executor(), plane->instance().wait_ready()))) {
    return fail(errors::internal("the API server stopped while it started"));
  }
  InProcessApi api(plane->instance().handler(), plane->executor(), plane->instance().scheme());

  // Taken down in the opposite order.
  std::unique_ptr<ServiceAddress> address;
  if (!options.disable_node) {
    TRY(address, service_address(*plane, options, process));
  }
  TRY(std::unique_ptr<Component> controller_manager, controllers(*plane, api, process, options));
  std::unique_ptr<Component> scheduler =
      start_scheduler(process, api.rest(component_identity("system:kube-scheduler"), "kube-scheduler"),
                      election_of(options.plane, "kube-scheduler"));
  std::unique_ptr<Component> kubelet;
  if (!options.disable_node) {
    TRY(kubelet, node(*plane, api, process, options.node));
  }
  return plane->wait();
}

}  // namespace

std::function<int()> declare_server(Flags& flags) {
  auto options = std::make_shared<Options>();
  // Nodes join by token: xebec token create, then xebec agent.
  options->plane.api.bootstrap_tokens = true;
  options->plane.whole = true;
  options->controllers.controllers = {"*", "bootstrapsigner", "tokencleaner", "kubeletservingapproving"};
  declare_apiserver_flags(flags, options->plane);
  declare_controllers(flags, options->controllers);
  declare_node_flags(flags, options->node);
  flags.add("kubelet-port", options->node.port, "The port of the kubelet's server.");
  flags.add("disable-node", options->disable_node, "Run no kubelet on this machine.");
  declare_logs(flags, options->logs);
  return [options] { return exit_status(run(*options)); };
}

}  // namespace xebec::cmd
