// Tolerations and topology spread constraints.
#include <fmt/format.h>

#include "apiserver/validation/pod.h"

namespace xebec::apiserver::validation {
namespace {

void check_toleration(Errors& errors, const Path& path, const corev1::Toleration& toleration) {
  const std::string_view op = toleration.operator_;
  if (!toleration.key.empty()) check_qualified_name(errors, path.child("key"), toleration.key);
  if (toleration.key.empty() && op != "Exists") {
    errors.push_back(field::invalid_string(
        path.child("operator"), op,
        "operator must be Exists when `key` is empty, which means \"match all values and all keys\""));
  }
  if (toleration.tolerationSeconds && toleration.effect != "NoExecute") {
    errors.push_back(field::invalid_string(path.child("effect"), toleration.effect,
                                           "effect must be 'NoExecute' when `tolerationSeconds` is set"));
  }
  if (op.empty() || op == "Equal") {
    const api::Messages messages = api::is_valid_label_value(toleration.value);
    if (!messages.empty()) {
      errors.push_back(field::invalid_string(path.child("operator"), toleration.value,
                                             fmt::format("{}", fmt::join(messages, ";"))));
    }
  } else if (op == "Exists") {
    if (!toleration.value.empty()) {
      errors.push_back(field::invalid_string(path.child("operator"), toleration.value,
                                             "value must be empty when `operator` is 'Exists'"));
    }
  } else {
    check_enum(errors, path.child("operator"), op, {"Equal", "Exists"});
  }
  if (!toleration.effect.empty()) check_taint_effect(errors, path.child("effect"), toleration.effect);
}

void check_match_label_keys(Errors& errors, const Path& path, const corev1::TopologySpreadConstraint& c) {
  if (c.matchLabelKeys.empty()) return;
  std::set<std::string> selected;
  if (c.labelSelector) {
    // What was merged in of the Pod's own labels is not the user's.
    for (const auto& [key, value] : c.labelSelector->matchLabels) selected.insert(key);
    std::set<std::string> once;
    for (const auto& expression : c.labelSelector->matchExpressions) {
      const bool merged = expression.operator_ == "In" && expression.values.size() == 1 &&
                          std::find(c.matchLabelKeys.begin(), c.matchLabelKeys.end(), expression.key) !=
                              c.matchLabelKeys.end();
      if (!merged || !once.insert(expression.key).second) selected.insert(expression.key);
    }
  } else {
    errors.push_back(field::forbidden(path, "must not be specified when labelSelector is not set"));
  }
  for (size_t i = 0; i < c.matchLabelKeys.size(); ++i) {
    check_qualified_name(errors, path.index(i), c.matchLabelKeys[i]);
    if (selected.contains(c.matchLabelKeys[i])) {
      errors.push_back(field::invalid_string(path.index(i), c.matchLabelKeys[i],
                                             "exists in both matchLabelKeys and labelSelector"));
    }
  }
}

void check_min_domains(Errors& errors, const Path& path, const corev1::TopologySpreadConstraint& c) {
  if (!c.minDomains) return;
  check_positive(errors, path, *c.minDomains);
  if (c.whenUnsatisfiable == "DoNotSchedule") return;
  errors.push_back(
      field::invalid_int(path, *c.minDomains,
                         fmt::format("can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {}",
                                     c.whenUnsatisfiable)));
}

}  // namespace

void check_taint_effect(Errors& errors, const Path& path, std::string_view effect) {
  check_enum(errors, path, effect, {"NoSchedule", "PreferNoSchedule", "NoExecute"});
}

void check_tolerations(Errors& errors, const Path& path, const std::vector<corev1::Toleration>& tolerations) {
  for (size_t i = 0; i < tolerations.size(); ++i) check_toleration(errors, path.index(i), tolerations[i]);
}

void check_spread_constraints(Errors& errors, const Path& path,
                              const std::vector<corev1::TopologySpreadConstraint>& constraints) {
  for (size_t i = 0; i < constraints.size(); ++i) {
    const corev1::TopologySpreadConstraint& c = constraints[i];
    Path at = path.index(i);
    check_positive(errors, at.child("maxSkew"), c.maxSkew);
    if (c.topologyKey.empty()) errors.push_back(field::required(at.child("topologyKey"), "can not be empty"));
    check_enum(errors, at.child("whenUnsatisfiable"), std::string_view(c.whenUnsatisfiable),
               {"DoNotSchedule", "ScheduleAnyway"});
    const bool repeated = std::any_of(
        constraints.begin() + static_cast<std::ptrdiff_t>(i) + 1, constraints.end(), [&](const auto& o) {
          return o.topologyKey == c.topologyKey && o.whenUnsatisfiable == c.whenUnsatisfiable;
        });
    if (repeated) {
      errors.push_back(field::duplicate(at.child("{topologyKey, whenUnsatisfiable}"),
                                        fmt::format("{{{}, {}}}", c.topologyKey, c.whenUnsatisfiable)));
    }
    check_min_domains(errors, at.child("minDomains"), c);
    check_enum(errors, at.child("nodeAffinityPolicy"), c.nodeAffinityPolicy, {"Honor", "Ignore"});
    check_enum(errors, at.child("nodeTaintsPolicy"), c.nodeTaintsPolicy, {"Honor", "Ignore"});
    check_match_label_keys(errors, at.child("matchLabelKeys"), c);
    if (c.labelSelector) check_label_selector(errors, at.child("labelSelector"), *c.labelSelector);
  }
}

}  // namespace xebec::apiserver::validation
