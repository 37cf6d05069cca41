// NodeAffinity: nodeSelector and node affinity, required and preferred.
#include <charconv>
#include <optional>

#include "scheduler/plugins/plugins.h"

namespace xebec::scheduler {
namespace {

std::optional<int64_t> integer(std::string_view text) {
  int64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool compare(const corev1::NodeSelectorRequirement& requirement, const std::string& value) {
  if (requirement.values.size() != 1) return false;
  auto have = integer(value);
  auto bound = integer(requirement.values[0]);
  if (!have || !bound) return false;
  return requirement.operator_ == "Gt" ? *have > *bound : *have < *bound;
}

bool matches(const corev1::NodeSelectorRequirement& requirement, const std::string* value) {
  const auto& values = requirement.values;
  bool listed = value != nullptr && std::find(values.begin(), values.end(), *value) != values.end();
  if (requirement.operator_ == "In") return listed;
  if (requirement.operator_ == "NotIn") return !listed;
  if (requirement.operator_ == "Exists") return value != nullptr;
  if (requirement.operator_ == "DoesNotExist") return value == nullptr;
  return value != nullptr && compare(requirement, *value);
}

class NodeAffinityPlugin final : public FilterPlugin, public ScorePlugin {
 public:
  std::string_view name() const override { return "NodeAffinity"; }
  uint32_t events_to_register() const override { return ClusterEvent::kNodeAdded | ClusterEvent::kNodeLabel; }
  int64_t weight() const override { return 2; }

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

bool matches_node_term(const corev1::NodeSelectorTerm& term, const corev1::Node& node) {
  // A term without requirements selects nothing.
  if (term.matchExpressions.empty() && term.matchFields.empty()) return false;
  for (const auto& requirement : term.matchExpressions) {
    if (!matches(requirement, node.metadata.labels.get(requirement.key))) return false;
  }
  for (const auto& requirement : term.matchFields) {
    if (!matches(requirement, requirement.key == "metadata.name" ? &node.metadata.name : nullptr))
      return false;
  }
  return true;
}

bool matches_node_affinity(const corev1::PodSpec& spec, const corev1::Node& node) {
  for (const auto& [key, value] : spec.nodeSelector) {
    const std::string* label = node.metadata.labels.get(key);
    if (label == nullptr || *label != value) return false;
  }
  if (!spec.affinity || !spec.affinity->nodeAffinity) return true;
  const auto& required = spec.affinity->nodeAffinity->requiredDuringSchedulingIgnoredDuringExecution;
  if (!required) return true;
  return std::any_of(required->nodeSelectorTerms.begin(), required->nodeSelectorTerms.end(),
                     [&](const corev1::NodeSelectorTerm& term) { return matches_node_term(term, node); });
}

std::unique_ptr<Plugin> make_node_affinity() { return std::make_unique<NodeAffinityPlugin>(); }

}  // namespace xebec::scheduler
