// TaintToleration: keeps Pods off nodes whose taints they do not bear, and prefers nodes with fewer soft
// ones.
#include <fmt/format.h>

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

  Rejection filter(CycleState&, const PodInfo& pod, const NodeInfo& node) override {
    for (const corev1::Taint& taint : node.node->spec.taints) {
      if (taint.effect != "NoSchedule" && taint.effect != "NoExecute") continue;
      if (tolerates(pod.pod->spec.tolerations, taint)) continue;
      return Rejection::because(
          fmt::format("node(s) had untolerated taint {{{}: {}}}", taint.key, taint.value), true);
    }
    return Rejection::none();
  }

  int64_t score(CycleState&, const PodInfo& pod, const NodeInfo& node) override {
    int64_t intolerable = 0;
    for (const corev1::Taint& taint : node.node->spec.taints) {
      if (taint.effect == "PreferNoSchedule" && !tolerates(pod.pod->spec.tolerations, taint)) ++intolerable;
    }
    return intolerable;
  }

  void normalize(std::vector<int64_t>& scores) override { normalize_scores(scores, true); }
};

}  // namespace

bool tolerates(const corev1::Toleration& toleration, const corev1::Taint& taint) {
  if (!toleration.effect.empty() && toleration.effect != taint.effect) return false;
  if (!toleration.key.empty() && toleration.key != taint.key) return false;
  if (toleration.operator_.empty() || toleration.operator_ == "Equal") return toleration.value == taint.value;
  return toleration.operator_ == "Exists";
}

bool tolerates(const std::vector<corev1::Toleration>& tolerations, const corev1::Taint& taint) {
  return std::any_of(tolerations.begin(), tolerations.end(),
                     [&](const corev1::Toleration& toleration) { return tolerates(toleration, taint); });
}

std::unique_ptr<Plugin> make_taint_toleration() { return std::make_unique<TaintToleration>(); }

}  // namespace xebec::scheduler
