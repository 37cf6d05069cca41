#include "cmd/node/network.h"

#include <fmt/format.h>

#include "api/gen/corev1.h"
#include "base/scope.h"
#include "base/sync.h"
#include "client/informer.h"

namespace xebec::cmd {
namespace {

constexpr Duration kRetry = std::chrono::seconds(1);
// Pods get their addresses without anybody being told.
constexpr Duration kHostPortsPeriod = std::chrono::seconds(1);

cri::Protocol protocol_of(std::string_view name) {
  if (name == "UDP") return cri::Protocol::kUdp;
  return name == "SCTP" ? cri::Protocol::kSctp : cri::Protocol::kTcp;
}

std::vector<containerd::HostPort> host_ports_of(const kubelet::PodAccess& pods) {
  std::vector<containerd::HostPort> out;
  for (const auto& pod : pods.pods()) {
    if (pod->spec.hostNetwork || pod->status.podIP.empty()) continue;
    for (const corev1::Container& container : pod->spec.containers) {
      for (const corev1::ContainerPort& port : container.ports) {
        if (port.hostPort == 0) continue;
        containerd::HostPort& to = out.emplace_back();
        to.protocol = protocol_of(port.protocol);
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

}  // namespace

Task<void> follow_pod_cidr(NodeRuntime& runtime, client::Rest rest, client::Env env, std::string node,
                           CancelToken token) {
  client::InformerOptions options;
  options.field_selector = "metadata.name=" + node;
  client::Informer<corev1::Node> nodes(std::move(rest), env, std::move(options));
  Signal changed;
  nodes.on_change([&changed](const auto&, const auto&) { changed.notify_all(); });
  Scope scope(*env.executor, token);
  scope.spawn(nodes.run(scope.token()));
  std::string applied;
  while (!token.cancelled()) {
    OneShot<bool> next = changed.subscribe();
    CancelRegistration registration = token.on_cancel([next] { next.set(false); });
    std::shared_ptr<const corev1::Node> own = nodes.get("", node);
    if (own && !own->spec.podCIDR.empty() && own->spec.podCIDR != applied) {
      std::string cidr = own->spec.podCIDR;
      Result<void> set = co_await runtime.set_pod_cidr(cidr);
      if (!set) {
        env.logger.error("Setting up the pod network failed", {{"err", set.error().message}});
        co_await sleep_for(kRetry, token);
        continue;
      }
      applied = std::move(cidr);
    }
    co_await next;
  }
  scope.cancel();
  co_await scope.join();
}

Task<void> follow_host_ports(NodeRuntime& runtime, const kubelet::PodAccess& pods, Logger logger,
                             CancelToken token) {
  std::string applied;
  while (!token.cancelled()) {
    std::vector<containerd::HostPort> ports = host_ports_of(pods);
    std::string wanted = rendered(ports);
    if (wanted != applied) {
      Result<void> set = co_await runtime.set_host_ports(std::move(ports));
      if (set) {
        applied = std::move(wanted);
      } else {
        logger.error("Setting host ports failed", {{"err", set.error().message}});
      }
    }
    co_await sleep_for(kHostPortsPeriod, token);
  }
}

}  // namespace xebec::cmd
