#include "api/node_selectors.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>

#include "api/gen/corev1.h"

namespace xebec::api {
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

}  // namespace xebec::api
