#include "cmd/server_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>

#include "cmd/components.h"
#include "cmd/control_plane.h"
#include "cmd/node.h"
#include "cmd/service_address.h"

namespace xebec::cmd {
namespace {

struct Options {
  ControlPlaneOptions plane;
  NodeOptions node;
  bool disable_node = false;
  bool legacy_tokens = true;
};

Result<std::unique_ptr<Component>> controllers(ControlPlane& plane, const InProcessApi& api,
                                               const ComponentEnv& env, const Options& options) {
  controllers::ControllerOptions out;
  out.root_ca_pem = plane.pki().ca_pem();
  out.cluster_cidr = options.node.cluster_cidr;
  out.legacy_token_secrets = options.legacy_tokens;
  TRY(out.sign_legacy_token, legacy_token_signer(plane.pki().service_account_key_pem(), env.clock));
  client::Rest rest =
      api.rest(component_identity("system:kube-controller-manager"), "kube-controller-manager");
  auto rest_of_account = [api](std::string_view account) {
    return api.rest(service_account_identity(account), "kube-controller-manager");
  };
  return start_controller_manager(env, std::move(rest), std::move(rest_of_account), std::move(out));
}

std::unique_ptr<Component> node(ControlPlane& plane, const InProcessApi& api, const ComponentEnv& env,
                                const Options& options) {
  NodeEnv node_env;
  node_env.components = env;
  node_env.pool = &plane.pool();
  node_env.metrics = &plane.metrics();
  node_env.pki = &plane.pki();
  node_env.cluster_ca_pem = plane.pki().ca_pem();
  client::Rest rest =
      api.rest(component_identity("system:node:" + options.node.node_name, {"system:nodes"}), "kubelet");
  return start_node(std::move(node_env), std::move(rest), options.node);
}

Result<void> run(Options options) {
  Signals signals;
  auto clock = std::make_shared<const SystemClock>();
  Logger logger(make_fd_sink(STDERR_FILENO), clock,
                options.plane.verbose ? LogLevel::kDebug : LogLevel::kInfo);
  std::unique_ptr<Rng> rng = make_system_rng();
  options.node.data_dir = options.plane.data_dir;
  TRY_VOID(complete_node_options(options.node));
  if (options.plane.advertise_address.empty()) options.plane.advertise_address = options.node.node_ip;
  TRY(std::unique_ptr<ControlPlane> plane, ControlPlane::start(options.plane, clock, *rng, logger));
  // Components started before their roles exist would only be refused, and wait.
  if (!block_on(on_executor(plane->executor(), plane->instance().wait_ready()))) {
    return fail(errors::internal("the API server stopped while it started"));
  }
  InProcessApi api(plane->instance().handler(), plane->executor(), plane->instance().scheme());
  ComponentEnv env{clock, rng.get(), logger};

  // Taken down in the opposite order.
  std::unique_ptr<ServiceAddress> address;
  if (!options.disable_node) {
    TRY(address, ServiceAddress::install(options.plane.service_cidr, options.plane.advertise_address,
                                         plane->port(), logger));
  }
  TRY(std::unique_ptr<Component> controller_manager, controllers(*plane, api, env, options));
  std::unique_ptr<Component> scheduler =
      start_scheduler(env, api.rest(component_identity("system:kube-scheduler"), "kube-scheduler"));
  std::unique_ptr<Component> kubelet;
  if (!options.disable_node) kubelet = node(*plane, api, env, options);
  int received = signals.wait();
  logger.info("Stopping", {{"signal", received}});
  return {};
}

Result<void> purge(NodeOptions options) {
  auto clock = std::make_shared<const SystemClock>();
  Logger logger(make_fd_sink(STDERR_FILENO), clock, LogLevel::kWarning);
  TRY_VOID(complete_node_options(options));
  TRY_VOID(purge_node(options, logger));
  return ServiceAddress::remove(logger);
}

int report(const Result<void>& done) {
  if (done) return 0;
  fmt::print(stderr, "xebec: {}\n", done.error().message);
  return 1;
}

}  // namespace

std::function<int()> declare_server(CLI::App& app) {
  auto options = std::make_shared<Options>();
  options->plane.advertise_address.clear();
  declare_control_plane(app, options->plane);
  declare_node(app, options->node);
  app.add_flag("--disable-node", options->disable_node, "Run no kubelet on this machine");
  app.add_flag("!--no-legacy-service-account-tokens", options->legacy_tokens,
               "Make no token Secrets for service accounts");
  return [options] { return report(run(*options)); };
}

std::function<int()> declare_purge(CLI::App& app) {
  auto options = std::make_shared<NodeOptions>();
  app.add_option("--data-dir", options->data_dir, "Where the cluster's data are")->capture_default_str();
  app.add_option("--cgroup-root", options->cgroup_root, "Parent of all Pods' control groups")
      ->capture_default_str();
  return [options] { return report(purge(*options)); };
}

}  // namespace xebec::cmd
