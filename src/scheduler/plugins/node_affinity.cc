// NodeAffinity: nodeSelector and node affinity, required and preferred.
#include <optional>
#include <set>

#include "scheduler/plugins/plugins.h"

namespace xebec::scheduler {
namespace {

using Names = std::set<std::string>;

// The nodes a term names by metadata.name; nothing when it names none.
std::optional<Names> named_nodes(const corev1::NodeSelectorTerm& term) {
  std::optional<Names> names;
  for (const auto& requirement : term.matchFields) {
    if (requirement.key != "metadata.name" || requirement.operator_ != "In") continue;
    Names listed(requirement.values.begin(), requirement.values.end());
    if (names) std::erase_if(listed, [&](const std::string& name) { return !names->contains(name); });
    names = std::move(listed);
  }
  return names;
}

class NodeAffinityPlugin final : public PreFilterPlugin, public FilterPlugin, public ScorePlugin {
 public:
  std::string_view name() const override { return "NodeAffinity"; }
  uint32_t events_to_register() const override { return ClusterEvent::kNodeAdded | ClusterEvent::kNodeLabel; }
  int64_t weight() const override { return 2; }

  bool may_help(const PodInfo& pod, const ClusterEvent& event) const override {
    if (!event.node) return true;
    const corev1::PodSpec& spec = pod.pod->spec;
    if (!matches_node_affinity(spec, *event.node)) return false;
    return !event.old_node || !matches_node_affinity(spec, *event.old_node);
  }

  // Pods of a DaemonSet name their node: the others need no look.
  PreFilterResult pre_filter(CycleState&, const PodInfo& pod, const NodeInfos&) override {
    PreFilterResult out;
    const auto& affinity = pod.pod->spec.affinity;
    if (!affinity || !affinity->nodeAffinity) return out;
    const auto& required = affinity->nodeAffinity->requiredDuringSchedulingIgnoredDuringExecution;
    if (!required || required->nodeSelectorTerms.empty()) return out;
    Names all;
    for (const corev1::NodeSelectorTerm& term : required->nodeSelectorTerms) {
      std::optional<Names> names = named_nodes(term);
      if (!names) return out;
      all.merge(*names);
    }
    if (all.empty()) {
      out.rejection = Rejection::because("pod affinity terms conflict", true);
    } else {
      out.nodes = std::move(all);
    }
    return out;
  }

  Rejection filter(CycleState&, const PodInfo& pod, const NodeInfo& node) override {
    if (matches_node_affinity(pod.pod->spec, *node.node)) return Rejection::none();
    return Rejection::because("node(s) didn't match Pod's node affinity/selector", true);
  }

  int64_t score(CycleState&, const PodInfo& pod, const NodeInfo& node) override {
    const auto& affinity = pod.pod->spec.affinity;
    if (!affinity || !affinity->nodeAffinity) return 0;
    int64_t sum = 0;
    for (const corev1::PreferredSchedulingTerm& term :
         affinity->nodeAffinity->preferredDuringSchedulingIgnoredDuringExecution) {
      if (term.weight != 0 && matches_node_term(term.preference, *node.node)) sum += term.weight;
    }
    return sum;
  }

  void normalize(std::vector<int64_t>& scores) override { normalize_scores(scores, false); }
};

}  // namespace

std::unique_ptr<Plugin> make_node_affinity() { return std::make_unique<NodeAffinityPlugin>(); }

}  // namespace xebec::scheduler
