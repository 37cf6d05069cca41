// TaintToleration: keeps Pods off nodes whose taints they do not bear, and prefers nodes with fewer soft
// ones.
#include "scheduler/plugins/plugins.h"

namespace xebec::scheduler {
namespace {

class TaintToleration final : public FilterPlugin, public ScorePlugin {
 public:
  std::string_view name() const override { return "TaintToleration"; }
  uint32_t events_to_register() const override {
    return ClusterEvent::kNodeAdded | ClusterEvent::kNodeTaint | ClusterEvent::kPodUpdated;
  }
  int64_t weight() const override { return 3; }

  bool may_help(const PodInfo& pod, const ClusterEvent& event) const override {
    if (!event.node) return event.old_pod && event.old_pod->spec.tolerations != pod.pod->spec.tolerations;
    return bears(*pod.pod, *event.node) && (!event.old_node || !bears(*pod.pod, *event.old_node));
  }

  Rejection filter(CycleState&, const PodInfo& pod, const NodeInfo& node) override {
    if (bears(*pod.pod, *node.node)) return Rejection::none();
    return Rejection::because("node(s) had untolerated taint(s)", true);
  }

  int64_t score(CycleState&, const PodInfo& pod, const NodeInfo& node) override {
    int64_t intolerable = 0;
    for (const corev1::Taint& taint : node.node->spec.taints) {
      if (taint.effect == "PreferNoSchedule" && !tolerates(pod.pod->spec.tolerations, taint)) ++intolerable;
    }
    return intolerable;
  }

  void normalize(std::vector<int64_t>& scores) override { normalize_scores(scores, true); }

 private:
  static bool bears(const corev1::Pod& pod, const corev1::Node& node) {
    return std::all_of(node.spec.taints.begin(), node.spec.taints.end(), [&](const corev1::Taint& taint) {
      bool hard = taint.effect == "NoSchedule" || taint.effect == "NoExecute";
      return !hard || tolerates(pod.spec.tolerations, taint);
    });
  }
};

}  // namespace

std::unique_ptr<Plugin> make_taint_toleration() { return std::make_unique<TaintToleration>(); }

}  // namespace xebec::scheduler
