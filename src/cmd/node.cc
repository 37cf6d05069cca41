#include "cmd/node.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "api/gen/corev1.h"
#include "base/sync.h"
#include "client/informer.h"
#include "http/server.h"
#include "kubelet/cgroups/cgroup_manager.h"
#include "kubelet/host_files.h"
#include "kubelet/kubelet.h"
#include "kubelet/node/machine.h"
#include "kubelet/probes/net_prober.h"
#include "kubelet/runtime/supervisor.h"
#include "kubelet/server/kubelet_server.h"
#include "kubelet/volumes/host_volumes.h"

namespace xebec::cmd {
namespace {

using kubelet::Kubelet;

std::string node_dir(const NodeOptions& options) { return options.data_dir + "/node"; }

containerd::Options containerd_options(const NodeOptions& options) {
  containerd::Options out;
  out.data_dir = node_dir(options) + "/containerd";
  out.cluster_cidr = options.cluster_cidr;
  out.cgroup_root = options.cgroup_root;
  return out;
}

// The address this machine uses towards others: a datagram socket picks it without sending anything.
std::string outgoing_address() {
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return {};
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(9);
  inet_pton(AF_INET, "192.0.2.1", &to.sin_addr);
  sockaddr_in own{};
  socklen_t size = sizeof(own);
  std::string out;
  if (connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof(to)) == 0 &&
      getsockname(fd, reinterpret_cast<sockaddr*>(&own), &size) == 0) {
    char text[INET_ADDRSTRLEN] = {};
    inet_ntop(AF_INET, &own.sin_addr, text, sizeof(text));
    out = text;
  }
  close(fd);
  return out;
}

// Without a default route: the first address that is not the loopback's.
std::string interface_address() {
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return {};
  std::string out;
  for (ifaddrs* one = list; one != nullptr && out.empty(); one = one->ifa_next) {
    if (one->ifa_addr == nullptr || one->ifa_addr->sa_family != AF_INET ||
        (one->ifa_flags & IFF_LOOPBACK) != 0)
      continue;
    char text[INET_ADDRSTRLEN] = {};
    inet_ntop(AF_INET, &reinterpret_cast<sockaddr_in*>(one->ifa_addr)->sin_addr, text, sizeof(text));
    out = text;
  }
  freeifaddrs(list);
  return out;
}

kubelet::KubeletOptions kubelet_options(const NodeOptions& options) {
  kubelet::KubeletOptions out;
  out.node_name = options.node_name;
  out.node_ips = {options.node_ip};
  out.root_dir = node_dir(options) + "/kubelet";
  out.log_root = node_dir(options) + "/logs";
  out.cgroup_root = options.cgroup_root;
  out.cluster_dns = {options.cluster_dns};
  out.cluster_domain = options.cluster_domain;
  out.server_port = options.kubelet_port;
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
      : containerd(containerd_options(options), env.components.logger.named("containerd")),
        files(kubelet::make_host_files()),
        net(kubelet::make_net_prober(*env.pool)),
        machine(node_dir(options)),
        volumes(component, rest, kubelet_options(options).root_dir, allocatable(machine.machine())) {}

  containerd::Containerd containerd;
  std::unique_ptr<kubelet::CgroupManager> cgroups;
  std::unique_ptr<kubelet::HostFiles> files;
  std::unique_ptr<kubelet::NetProber> net;
  kubelet::HostMachine machine;
  kubelet::HostVolumes volumes;
};

Result<std::unique_ptr<http::Server>> listen(const NodeEnv& env, const NodeOptions& options,
                                             http::Handler& handler) {
  TRY(pki::KeyPair keys,
      env.pki->server_certificate("system:node:" + options.node_name, {options.node_name, "localhost"},
                                  {options.node_ip, "127.0.0.1"}, env.components.clock->now()));
  http::ServerOptions server;
  server.address = "0.0.0.0";
  server.port = options.kubelet_port;
  http::ServerTls& tls = server.tls.emplace();
  tls.certificate_pem = keys.certificate_pem;
  tls.key_pem = keys.key_pem;
  tls.client_ca_pem = env.cluster_ca_pem;
  server.clock = env.components.clock;
  server.logger = env.components.logger.named("kubelet-http");
  return http::Server::listen(*env.pool, std::move(server), handler);
}

// Gives containerd the node's range once the control plane has assigned it.
Task<void> configure_network(containerd::Containerd& containerd, client::Rest rest, std::string node,
                             Logger logger, CancelToken token) {
  while (!token.cancelled()) {
    Context context;
    context.cancel = token;
    auto found = co_await rest.get<corev1::Node>(std::move(context), "", node);
    if (found && !found->spec.podCIDR.empty()) {
      auto set = co_await containerd.set_pod_cidr(found->spec.podCIDR);
      if (set) co_return;
      logger.error("Setting up the pod network failed", {{"err", set.error().message}});
    }
    co_await sleep_for(std::chrono::milliseconds(100), token);
  }
}

std::vector<containerd::HostPort> host_ports_of(const Kubelet& kubelet) {
  std::vector<containerd::HostPort> out;
  for (const auto& pod : kubelet.pods()) {
    if (pod->spec.hostNetwork || pod->status.podIP.empty()) continue;
    for (const corev1::Container& container : pod->spec.containers) {
      for (const corev1::ContainerPort& port : container.ports) {
        if (port.hostPort == 0) continue;
        containerd::HostPort& to = out.emplace_back();
        to.protocol = port.protocol == "UDP"    ? cri::Protocol::kUdp
                      : port.protocol == "SCTP" ? cri::Protocol::kSctp
                                                : cri::Protocol::kTcp;
        to.host_ip = port.hostIP;
        to.host_port = port.hostPort;
        to.pod_ip = pod->status.podIP;
        to.container_port = port.containerPort;
      }
    }
  }
  return out;
}

std::string rendered(const std::vector<containerd::HostPort>& ports) {
  std::string out;
  for (const auto& port : ports) {
    out += fmt::format("{}/{}:{}->{}:{};", static_cast<int>(port.protocol), port.host_ip, port.host_port,
                       port.pod_ip, port.container_port);
  }
  return out;
}

// Keeps the forwarding of host ports equal to what the Pods ask for.
Task<void> follow_host_ports(containerd::Containerd& containerd, const Kubelet& kubelet, Logger logger,
                             CancelToken token) {
  std::string applied;
  while (!token.cancelled()) {
    std::vector<containerd::HostPort> ports = host_ports_of(kubelet);
    std::string wanted = rendered(ports);
    if (wanted != applied) {
      auto set = co_await containerd.set_host_ports(std::move(ports));
      if (set) {
        applied = std::move(wanted);
      } else {
        logger.error("Setting host ports failed", {{"err", set.error().message}});
      }
    }
    co_await sleep_for(std::chrono::seconds(1), token);
  }
}

Task<void> import_images(containerd::Containerd& containerd, Logger logger) {
  auto imported = co_await containerd.import_images();
  if (!imported) logger.error("Importing images failed", {{"err", imported.error().message}});
}

Task<Result<void>> start_runtime(Parts& parts, const NodeOptions& options) {
  if (!options.images_dir.empty()) parts.containerd.use_images(options.images_dir);
  CO_TRY_VOID(co_await parts.containerd.start());
  co_return co_await parts.containerd.ensure_sandbox_image();
}

Task<Result<void>> run_node_parts(Executor& executor, CancelToken token, NodeEnv env, client::Rest rest,
                                  NodeOptions options) {
  Logger logger = env.components.logger.named("kubelet");
  client::Env component(executor, *env.components.clock, *env.components.rng, logger);
  Parts parts(options, env, component, rest);
  kubelet::CgroupOptions cgroup_options;
  cgroup_options.root = options.cgroup_root;
  CO_TRY(parts.cgroups, kubelet::make_cgroup_manager(std::move(cgroup_options), logger));
  CO_TRY_VOID(co_await start_runtime(parts, options));
  cri::Runtime& runtime = parts.containerd.runtime();
  kubelet::KubeletParts kubelet_parts{runtime,      parts.volumes, *parts.cgroups,
                                      *parts.files, *parts.net,    parts.machine};
  Kubelet kubelet(kubelet_options(options), component, rest, kubelet_parts);
  kubelet::KubeletServerOptions server_options;
  server_options.node_name = options.node_name;
  server_options.client_ca_pem = env.cluster_ca_pem;
  kubelet::KubeletServerParts server_parts{
      kubelet, runtime, executor, *env.pool, *env.components.clock, *env.components.rng, *env.metrics};
  CO_TRY(auto handler, kubelet::KubeletServer::make(std::move(server_options), server_parts, rest, logger));
  CO_TRY(auto server, listen(env, options, *handler));

  Scope scope(executor, token);
  scope.spawn(parts.containerd.supervise(scope.token()));
  scope.spawn(configure_network(parts.containerd, rest, options.node_name, logger, scope.token()));
  scope.spawn(follow_host_ports(parts.containerd, kubelet, logger, scope.token()));
  scope.spawn(import_images(parts.containerd, logger));
  co_await kubelet.run(token);
  co_await server->shutdown(std::chrono::seconds(1));
  server.reset();
  runtime.shutdown();
  scope.cancel();
  co_await scope.join();
  co_return Result<void>();
}

Task<void> run_node(Executor& executor, CancelToken token, NodeEnv env, client::Rest rest,
                    NodeOptions options) {
  Logger logger = env.components.logger.named("kubelet");
  while (!token.cancelled()) {
    Result<void> ended = co_await run_node_parts(executor, token, env, rest, options);
    if (ended) co_return;
    logger.error("The node could not be started", {{"err", ended.error().message}});
    co_await sleep_for(std::chrono::seconds(5), token);
  }
}

// Whatever is mounted below a directory, the newest first.
Result<void> unmount_below(const std::string& directory) {
  std::ifstream mounts("/proc/self/mounts");
  std::vector<std::string> points;
  for (std::string line; std::getline(mounts, line);) {
    size_t begin = line.find(' ') + 1;
    std::string point = line.substr(begin, line.find(' ', begin) - begin);
    if (point.starts_with(directory + "/")) points.push_back(std::move(point));
  }
  for (auto point = points.rbegin(); point != points.rend(); ++point) {
    if (umount2(point->c_str(), MNT_DETACH) == 0 || errno == EINVAL || errno == ENOENT) continue;
    return fail(errors::internal(fmt::format("cannot unmount {}: {}", *point, strerror(errno))));
  }
  return {};
}

Task<Result<void>> purge(const NodeOptions& options, Logger logger) {
  containerd::Containerd containerd(containerd_options(options), logger);
  CO_TRY_VOID(co_await containerd.purge());
  CO_TRY_VOID(unmount_below(node_dir(options)));
  std::error_code error;
  std::filesystem::remove_all(node_dir(options), error);
  if (error)
    co_return fail(errors::internal(fmt::format("cannot remove {}: {}", node_dir(options), error.message())));
  co_return Result<void>();
}

}  // namespace

void declare_node(CLI::App& app, NodeOptions& options) {
  app.add_option("--hostname-override", options.node_name, "The node's name; the host's when not given");
  app.add_option("--node-ip", options.node_ip,
                 "The node's address; that of the default route when not given");
  app.add_option("--cluster-cidr", options.cluster_cidr, "The range of Pod addresses")->capture_default_str();
  app.add_option("--cluster-dns", options.cluster_dns, "Where Pods ask for names")->capture_default_str();
  app.add_option("--cluster-domain", options.cluster_domain, "The domain of the cluster")
      ->capture_default_str();
  app.add_option("--cgroup-root", options.cgroup_root, "Parent of all Pods' control groups")
      ->capture_default_str();
  app.add_option("--images-dir", options.images_dir, "Folder of image archives that stand in for a registry");
  app.add_option("--kubelet-port", options.kubelet_port, "Port of the kubelet's server")
      ->capture_default_str();
}

Result<void> complete_node_options(NodeOptions& options) {
  if (options.node_name.empty()) {
    char host[256] = {};
    if (gethostname(host, sizeof(host) - 1) != 0 || host[0] == '\0')
      return fail(errors::internal("the host has no name; give --hostname-override"));
    options.node_name = host;
  }
  std::transform(options.node_name.begin(), options.node_name.end(), options.node_name.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  if (options.node_ip.empty()) options.node_ip = outgoing_address();
  if (options.node_ip.empty()) options.node_ip = interface_address();
  if (options.node_ip.empty()) options.node_ip = "127.0.0.1";
  std::error_code error;
  options.data_dir = std::filesystem::absolute(options.data_dir, error);
  if (!options.images_dir.empty()) options.images_dir = std::filesystem::absolute(options.images_dir, error);
  return {};
}

std::unique_ptr<Component> start_node(NodeEnv env, client::Rest rest, NodeOptions options) {
  return std::make_unique<Component>("kubelet", [=](Executor& executor, CancelToken token) {
    return run_node(executor, std::move(token), env, rest, options);
  });
}

Result<void> purge_node(const NodeOptions& options, Logger logger) {
  return block_on(purge(options, std::move(logger)));
}

}  // namespace xebec::cmd
