#include "cmd/node/node.h"

#include <filesystem>

#include "base/scope.h"
#include "base/sync.h"
#include "cmd/node/healthz.h"
#include "cmd/node/network.h"
#include "cmd/node/node_runtime.h"
#include "http/server.h"
#include "kubelet/cgroups/cgroup_manager.h"
#include "kubelet/host_files.h"
#include "kubelet/kubelet.h"
#include "kubelet/node/machine.h"
#include "kubelet/probes/net_prober.h"
#include "kubelet/server/kubelet_server.h"
#include "kubelet/volumes/host_volumes.h"

namespace xebec::cmd {
namespace {

using kubelet::Kubelet;

constexpr Duration kRetry = std::chrono::seconds(5);

kubelet::KubeletOptions kubelet_options(const NodeOptions& options) {
  kubelet::KubeletOptions out;
  out.node_name = options.node_name;
  out.node_ips = {options.node_ip};
  out.root_dir = options.root_dir;
  out.log_root = options.pod_logs_dir;
  out.cgroup_root = options.cgroup_root;
  out.cluster_dns = options.cluster_dns;
  out.cluster_domain = options.cluster_domain;
  out.resolv_conf = options.resolv_conf;
  out.server_port = options.port;
  out.max_pods = options.max_pods;
  out.sandbox_image = containerd_options(options).sandbox_image;
  out.node_labels = options.node_labels;
  return out;
}

api::FlatMap<api::Quantity> allocatable(const kubelet::Machine& machine) {
  api::FlatMap<api::Quantity> out;
  out["cpu"] = api::Quantity(machine.cpus);
  out["memory"] = api::Quantity(machine.memory_bytes, api::Quantity::Format::BinarySI);
  return out;
}

// The parts of a kubelet on a real machine, in the order in which they need each other.
struct Parts {
  Parts(const NodeOptions& options, const NodeEnv& env, client::Env component, client::Rest rest)
      : runtime(make_node_runtime(options, env.process->logger().named("containerd"))),
        files(kubelet::make_host_files()),
        net(kubelet::make_net_prober(*env.pool)),
        machine(options.root_dir),
        volumes(component, rest, options.root_dir, allocatable(machine.machine())) {}

  std::unique_ptr<NodeRuntime> runtime;
  std::unique_ptr<kubelet::CgroupManager> cgroups;
  std::unique_ptr<kubelet::HostFiles> files;
  std::unique_ptr<kubelet::NetProber> net;
  kubelet::HostMachine machine;
  kubelet::HostVolumes volumes;
};

http::ServerTls tls_of(const NodeEnv& env, const pki::KeyPair& keys) {
  http::ServerTls tls;
  tls.certificate_pem = keys.certificate_pem;
  tls.key_pem = keys.key_pem;
  tls.client_ca_pem = env.client_ca_pem;
  return tls;
}

Result<std::unique_ptr<http::Server>> listen(const NodeEnv& env, const NodeOptions& options,
                                             http::Handler& handler) {
  http::ServerOptions server;
  server.address = options.address;
  server.port = options.port;
  http::ServerTls& tls = server.tls.emplace();
  tls = tls_of(env, env.serving->current());
  server.clock = env.process->clock();
  server.logger = env.process->logger().named("kubelet-http");
  return http::Server::listen(*env.pool, std::move(server), handler);
}

Result<void> make_dirs(const NodeOptions& options) {
  for (const std::string& dir : {options.root_dir, options.pod_logs_dir}) {
    std::error_code error;
    std::filesystem::create_directories(dir, error);
    if (error) return fail(errors::internal("cannot make " + dir + ": " + error.message()));
  }
  return {};
}

Task<Result<void>> run_node_parts(Executor& executor, CancelToken token, NodeEnv env, client::Rest rest,
                                  NodeOptions options) {
  CO_TRY_VOID(make_dirs(options));
  Logger logger = env.process->logger().named("kubelet");
  client::Env component(executor, *env.process->clock(), env.process->rng(), logger);
  Parts parts(options, env, component, rest);
  kubelet::CgroupOptions cgroup_options;
  cgroup_options.root = options.cgroup_root;
  for (const auto& [size, count] : parts.machine.machine().huge_pages)
    cgroup_options.huge_page_sizes.push_back(size);
  CO_TRY(parts.cgroups, kubelet::make_cgroup_manager(std::move(cgroup_options), logger));
  CO_TRY_VOID(co_await parts.runtime->start());
  cri::Runtime& runtime = parts.runtime->runtime();
  kubelet::KubeletParts kubelet_parts{runtime,      parts.volumes, *parts.cgroups,
                                      *parts.files, *parts.net,    parts.machine};
  Kubelet kubelet(kubelet_options(options), component, rest, kubelet_parts);
  kubelet::KubeletServerOptions server_options;
  server_options.node_name = options.node_name;
  server_options.client_ca_pem = env.client_ca_pem;
  kubelet::KubeletServerParts server_parts{
      kubelet, runtime, executor, *env.pool, *env.process->clock(), env.process->rng(), *env.metrics};
  CO_TRY(auto handler, kubelet::KubeletServer::make(std::move(server_options), server_parts, rest, logger));
  CO_TRY(auto server, listen(env, options, *handler));

  int follower = env.serving->follow([&server, &env, logger](const pki::KeyPair& keys) {
    Result<void> reloaded = server->reload(tls_of(env, keys));
    if (!reloaded)
      logger.error("The new serving certificate cannot be used", {{"err", reloaded.error().message}});
  });
  Scope scope(executor, token);
  scope.spawn(parts.runtime->supervise(scope.token()));
  scope.spawn(serve_healthz(options, *env.pool, *env.process, scope.token()));
  scope.spawn(follow_pod_cidr(*parts.runtime, rest, component, options.node_name, scope.token()));
  if (parts.runtime->maps_host_ports())
    scope.spawn(follow_host_ports(*parts.runtime, kubelet, logger, scope.token()));
  co_await kubelet.run(token);
  env.serving->leave(follower);
  co_await server->shutdown(std::chrono::seconds(1));
  server.reset();
  runtime.shutdown();
  scope.cancel();
  co_await scope.join();
  co_return Result<void>();
}

Task<Result<void>> run_node(Executor& executor, CancelToken token, NodeEnv env, client::Rest rest,
                            NodeOptions options) {
  Logger logger = env.process->logger().named("kubelet");
  while (!token.cancelled()) {
    Result<void> ended = co_await run_node_parts(executor, token, env, rest, options);
    if (ended) break;
    logger.error("The node could not be started", {{"err", ended.error().message}});
    co_await sleep_for(kRetry, token);
  }
  co_return Result<void>();
}

}  // namespace

std::unique_ptr<Component> start_node(NodeEnv env, client::Rest rest, NodeOptions options) {
  Process& process = *env.process;
  return std::make_unique<Component>("kubelet", process, [=](Executor& executor, CancelToken token) {
    return run_node(executor, std::move(token), env, rest, options);
  });
}

}  // namespace xebec::cmd
