#include "kubelet/pods/pod_admission.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "api/gen/corev1.h"
#include "api/node_selectors.h"
#include "api/pod_resources.h"

namespace xebec::kubelet {
namespace {

constexpr int32_t kCritical = 2'000'000'000;

Refusal failed_predicate(std::string name, std::string_view why) {
  std::string message = fmt::format("Predicate {} failed: {}", name, why);
  return Refusal{std::move(name), std::move(message)};
}

// The amounts the scheduler counts in: CPU in millicores.
int64_t amount(const std::string& name, const api::Quantity& quantity) {
  return name == "cpu" ? quantity.milli_value() : quantity.value();
}

std::optional<Refusal> out_of(const std::string& resource, int64_t requested, int64_t used,
                              int64_t capacity) {
  if (requested <= 0 || requested <= capacity - used) return std::nullopt;
  return Refusal{"OutOf" + resource,
                 fmt::format("Node didn't have enough resource: {}, requested: {}, used: {}, capacity: {}",
                             resource, requested, used, capacity)};
}

std::optional<Refusal> check_resources(const AdmissionInputs& in) {
  const api::ResourceList& allocatable = in.node->status.allocatable;
  auto capacity = [&](const std::string& name) {
    const api::Quantity* quantity = allocatable.get(name);
    return quantity == nullptr ? 0 : amount(name, *quantity);
  };
  if (auto full = out_of("pods", 1, static_cast<int64_t>(in.others.size()), capacity("pods"))) return full;
  for (const auto& [name, quantity] : api::pod_requests(*in.pod)) {
    int64_t used = 0;
    for (const corev1::Pod* other : in.others) {
      api::ResourceList requests = api::pod_requests(*other);
      if (const api::Quantity* taken = requests.get(name)) used += amount(name, *taken);
    }
    if (auto full = out_of(name, amount(name, quantity), used, capacity(name))) return full;
  }
  return std::nullopt;
}

using Port = std::tuple<std::string, int32_t, std::string>;  // protocol, number, address

std::vector<Port> host_ports(const corev1::Pod& pod) {
  std::vector<Port> out;
  auto add = [&](const corev1::Container& container) {
    for (const corev1::ContainerPort& port : container.ports) {
      if (port.hostPort == 0) continue;
      out.emplace_back(port.protocol.empty() ? "TCP" : port.protocol, port.hostPort,
                       port.hostIP.empty() ? "0.0.0.0" : port.hostIP);
    }
  };
  for (const corev1::Container& container : pod.spec.containers) add(container);
  for (const corev1::Container& container : pod.spec.initContainers) {
    if (container.restartPolicy == "Always") add(container);
  }
  return out;
}

bool ports_conflict(const AdmissionInputs& in) {
  std::vector<Port> wanted = host_ports(*in.pod);
  if (wanted.empty()) return false;
  for (const corev1::Pod* other : in.others) {
    for (const auto& [protocol, number, address] : host_ports(*other)) {
      for (const auto& [p, n, a] : wanted) {
        bool same_address = a == address || a == "0.0.0.0" || address == "0.0.0.0";
        if (p == protocol && n == number && same_address) return true;
      }
    }
  }
  return false;
}

std::optional<Refusal> check_node(const AdmissionInputs& in) {
  if (in.node == nullptr) return std::nullopt;
  if (auto full = check_resources(in)) return full;
  if (!api::matches_node_affinity(in.pod->spec, *in.node))
    return failed_predicate("NodeAffinity", "node(s) didn't match Pod's node affinity/selector");
  if (ports_conflict(in))
    return failed_predicate("NodePorts", "node(s) didn't have free ports for the requested pod ports");
  for (const corev1::Taint& taint : in.node->spec.taints) {
    if (taint.effect == "NoExecute" && !api::tolerates(in.pod->spec.tolerations, taint))
      return failed_predicate("TaintToleration", "node(s) had taints that the pod didn't tolerate");
  }
  return std::nullopt;
}

// Those that touch nothing outside the pod's own namespaces.
std::optional<Refusal> check_sysctls(const corev1::Pod& pod) {
  static const std::set<std::string_view> kSafe = {"kernel.shm_rmid_forced",
                                                   "net.ipv4.ip_local_port_range",
                                                   "net.ipv4.tcp_syncookies",
                                                   "net.ipv4.ping_group_range",
                                                   "net.ipv4.ip_unprivileged_port_start",
                                                   "net.ipv4.ip_local_reserved_ports",
                                                   "net.ipv4.tcp_keepalive_time",
                                                   "net.ipv4.tcp_fin_timeout",
                                                   "net.ipv4.tcp_keepalive_intvl",
                                                   "net.ipv4.tcp_keepalive_probes",
                                                   "net.ipv4.tcp_rmem",
                                                   "net.ipv4.tcp_wmem"};
  if (!pod.spec.securityContext) return std::nullopt;
  for (const corev1::Sysctl& sysctl : pod.spec.securityContext->sysctls) {
    std::string name = sysctl.name;
    std::replace(name.begin(), name.end(), '/', '.');
    auto refused = [&](std::string_view why) {
      return Refusal{"SysctlForbidden", fmt::format("forbidden sysctl: \"{}\" {}", sysctl.name, why)};
    };
    if (pod.spec.hostNetwork && name.starts_with("net.")) return refused("not allowed with host net enabled");
    if (pod.spec.hostIPC && !name.starts_with("net.")) return refused("not allowed with host ipc enabled");
    if (!kSafe.contains(name)) return refused("not allowlisted");
  }
  return std::nullopt;
}

bool wants_apparmor(const corev1::Pod& pod) {
  auto wants = [](const auto& security) {
    return security && security->appArmorProfile && security->appArmorProfile->type != "Unconfined";
  };
  auto any = [&](const auto& list) {
    return std::any_of(list.begin(), list.end(), [&](const auto& c) { return wants(c.securityContext); });
  };
  return wants(pod.spec.securityContext) || any(pod.spec.containers) || any(pod.spec.initContainers);
}

std::optional<Refusal> check_pressure(const AdmissionInputs& in) {
  if (in.pressures.empty()) return std::nullopt;
  bool critical = in.pod->spec.priority.value_or(0) >= kCritical;
  if (critical) return std::nullopt;
  // Under memory pressure alone, pods that asked for some may come.
  bool memory_only = in.pressures.size() == 1 && in.pressures[0] == "MemoryPressure";
  if (memory_only) {
    if (api::pod_qos_class(*in.pod) != "BestEffort") return std::nullopt;
    corev1::Taint taint;
    taint.key = "node.kubernetes.io/memory-pressure";
    taint.effect = "NoSchedule";
    if (api::tolerates(in.pod->spec.tolerations, taint)) return std::nullopt;
  }
  return Refusal{"Evicted", fmt::format("The node had condition: [{}]. ", fmt::join(in.pressures, " "))};
}

}  // namespace

std::optional<Refusal> refuse(const AdmissionInputs& in) {
  if (auto refusal = check_pressure(in)) return refusal;
  if (auto refusal = check_sysctls(*in.pod)) return refusal;
  if (auto refusal = check_node(in)) return refusal;
  if (!in.apparmor && wants_apparmor(*in.pod))
    return Refusal{"AppArmor", "Cannot enforce AppArmor: AppArmor is not enabled on the host"};
  return std::nullopt;
}

}  // namespace xebec::kubelet
