// NodeName, NodeUnschedulable and NodePorts: filters that look at one field each.
#include "scheduler/plugins/plugins.h"

namespace xebec::scheduler {
namespace {

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
  uint32_t events_to_register() const override { return ClusterEvent::kNodeAdded | ClusterEvent::kNodeTaint; }
  Rejection filter(CycleState&, const PodInfo& pod, const NodeInfo& node) override {
    if (!node.node->spec.unschedulable) return Rejection::none();
    corev1::Taint taint;
    taint.key = "node.kubernetes.io/unschedulable";
    taint.effect = "NoSchedule";
    if (tolerates(pod.pod->spec.tolerations, taint)) return Rejection::none();
    return Rejection::because("node(s) were unschedulable", true);
  }
};

class NodePorts final : public FilterPlugin {
 public:
  std::string_view name() const override { return "NodePorts"; }
  uint32_t events_to_register() const override {
    return ClusterEvent::kNodeAdded | ClusterEvent::kAssignedPodDeleted;
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

std::unique_ptr<Plugin> make_node_name() { return std::make_unique<NodeName>(); }
std::unique_ptr<Plugin> make_node_unschedulable() { return std::make_unique<NodeUnschedulable>(); }
std::unique_ptr<Plugin> make_node_ports() { return std::make_unique<NodePorts>(); }

}  // namespace xebec::scheduler
