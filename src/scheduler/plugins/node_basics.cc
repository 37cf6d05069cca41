// SchedulingGates, NodeName, NodeUnschedulable and NodePorts: plugins that look at one field each.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "scheduler/plugins/plugins.h"

namespace xebec::scheduler {
namespace {

class SchedulingGates final : public PreEnqueuePlugin {
 public:
  std::string_view name() const override { return "SchedulingGates"; }
  uint32_t events_to_register() const override { return ClusterEvent::kPodUpdated; }
  Rejection pre_enqueue(const corev1::Pod& pod) const override {
    if (pod.spec.schedulingGates.empty()) return Rejection::none();
    std::vector<std::string> gates;
    for (const corev1::PodSchedulingGate& gate : pod.spec.schedulingGates) gates.push_back(gate.name);
    return Rejection::because(fmt::format("waiting for scheduling gates: [{}]", fmt::join(gates, " ")), true);
  }
};

class NodeName final : public FilterPlugin {
 public:
  std::string_view name() const override { return "NodeName"; }
  uint32_t events_to_register() const override { return ClusterEvent::kNodeAdded; }
  Rejection filter(CycleState&, const PodInfo& pod, const NodeInfo& node) override {
    const std::string& wanted = pod.pod->spec.nodeName;
    if (wanted.empty() || wanted == node.node->metadata.name) return Rejection::none();
    return Rejection::because("node(s) didn't match the requested node name", true);
  }
};

class NodeUnschedulable final : public FilterPlugin {
 public:
  std::string_view name() const override { return "NodeUnschedulable"; }
  uint32_t events_to_register() const override {
    return ClusterEvent::kNodeAdded | ClusterEvent::kNodeTaint | ClusterEvent::kPodUpdated;
  }
  bool may_help(const PodInfo& pod, const ClusterEvent& event) const override {
    if (!event.node) return borne(*pod.pod);
    return !event.node->spec.unschedulable && (!event.old_node || event.old_node->spec.unschedulable);
  }
  Rejection filter(CycleState&, const PodInfo& pod, const NodeInfo& node) override {
    if (!node.node->spec.unschedulable || borne(*pod.pod)) return Rejection::none();
    return Rejection::because("node(s) were unschedulable", true);
  }

 private:
  static bool borne(const corev1::Pod& pod) {
    corev1::Taint taint;
    taint.key = "node.kubernetes.io/unschedulable";
    taint.effect = "NoSchedule";
    return tolerates(pod.spec.tolerations, taint);
  }
};

class NodePorts final : public FilterPlugin {
 public:
  std::string_view name() const override { return "NodePorts"; }
  uint32_t events_to_register() const override {
    return ClusterEvent::kNodeAdded | ClusterEvent::kAssignedPodDeleted;
  }
  bool may_help(const PodInfo& pod, const ClusterEvent& event) const override {
    if (!event.old_pod) return true;
    HostPorts freed;
    for (const corev1::ContainerPort& port : PodInfo(event.old_pod).host_ports) freed.add(port);
    return std::any_of(pod.host_ports.begin(), pod.host_ports.end(),
                       [&](const corev1::ContainerPort& port) { return freed.conflicts(port); });
  }
  Rejection filter(CycleState&, const PodInfo& pod, const NodeInfo& node) override {
    for (const corev1::ContainerPort& port : pod.host_ports) {
      if (node.ports.conflicts(port)) {
        return Rejection::because("node(s) didn't have free ports for the requested pod ports");
      }
    }
    return Rejection::none();
  }
};

}  // namespace

std::unique_ptr<Plugin> make_scheduling_gates() { return std::make_unique<SchedulingGates>(); }
std::unique_ptr<Plugin> make_node_name() { return std::make_unique<NodeName>(); }
std::unique_ptr<Plugin> make_node_unschedulable() { return std::make_unique<NodeUnschedulable>(); }
std::unique_ptr<Plugin> make_node_ports() { return std::make_unique<NodePorts>(); }

}  // namespace xebec::scheduler
