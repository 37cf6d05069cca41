#include <charconv>

#include <fmt/format.h>

#include "apiserver/validation/pod.h"

namespace xebec::apiserver::validation {
namespace {

bool is_integer(std::string_view text) {
  int64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

void check_node_requirement(Errors& errors, const Path& path, const corev1::NodeSelectorRequirement& r) {
  std::string_view op = r.operator_;
  if (op == "In" || op == "NotIn") {
    if (r.values.empty()) {
      errors.push_back(
          field::required(path.child("values"), "must be specified when `operator` is 'In' or 'NotIn'"));
    }
  } else if (op == "Exists" || op == "DoesNotExist") {
    if (!r.values.empty()) {
      errors.push_back(field::forbidden(
          path.child("values"), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
    }
  } else if (op == "Gt" || op == "Lt") {
    if (r.values.size() != 1) {
      errors.push_back(field::required(path.child("values"),
                                       "must be specified single value when `operator` is 'Lt' or 'Gt'"));
    } else if (!is_integer(r.values[0])) {
      errors.push_back(field::invalid_string(path.child("values").index(0), r.values[0],
                                             "for 'Gt', 'Lt' operators, the value must be an integer"));
    }
  } else {
    errors.push_back(field::invalid_string(path.child("operator"), op, "not a valid selector operator"));
  }
  check_qualified_name(errors, path.child("key"), r.key);
}

void check_node_field(Errors& errors, const Path& path, const corev1::NodeSelectorRequirement& r) {
  if (r.operator_ != "In" && r.operator_ != "NotIn") {
    errors.push_back(
        field::invalid_string(path.child("operator"), r.operator_, "not a valid selector operator"));
  } else if (r.values.size() != 1) {
    errors.push_back(
        field::required(path.child("values"),
                        "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"));
  }
  if (r.key != "metadata.name") {
    errors.push_back(field::invalid_string(path.child("key"), r.key, "not a valid field selector key"));
    return;
  }
  for (size_t i = 0; i < r.values.size(); ++i)
    check_dns_subdomain(errors, path.child("values").index(i), r.values[i]);
}

void check_weight(Errors& errors, const Path& path, int32_t weight) {
  if (weight < 1 || weight > 100)
    errors.push_back(field::invalid_int(path, weight, "must be in the range 1-100"));
}

void check_node_affinity(Errors& errors, const Path& path, const corev1::NodeAffinity& affinity) {
  if (affinity.requiredDuringSchedulingIgnoredDuringExecution) {
    const auto& terms = affinity.requiredDuringSchedulingIgnoredDuringExecution->nodeSelectorTerms;
    Path at = path.child("requiredDuringSchedulingIgnoredDuringExecution").child("nodeSelectorTerms");
    if (terms.empty()) errors.push_back(field::required(at, "must have at least one node selector term"));
    for (size_t i = 0; i < terms.size(); ++i) check_node_selector_term(errors, at.index(i), terms[i]);
  }
  const auto& preferred = affinity.preferredDuringSchedulingIgnoredDuringExecution;
  for (size_t i = 0; i < preferred.size(); ++i) {
    Path at = path.child("preferredDuringSchedulingIgnoredDuringExecution").index(i);
    check_weight(errors, at.child("weight"), preferred[i].weight);
    check_node_selector_term(errors, at.child("preference"), preferred[i].preference);
  }
}

void check_pod_term(Errors& errors, const Path& path, const corev1::PodAffinityTerm& term) {
  if (term.labelSelector) check_label_selector(errors, path.child("labelSelector"), *term.labelSelector);
  if (term.namespaceSelector)
    check_label_selector(errors, path.child("namespaceSelector"), *term.namespaceSelector);
  for (const std::string& ns : term.namespaces) check_dns_label(errors, path.child("namespace"), ns);
  if (term.topologyKey.empty()) {
    errors.push_back(field::required(path.child("topologyKey"), "can not be empty"));
  } else {
    check_qualified_name(errors, path.child("topologyKey"), term.topologyKey);
  }
}

template <class T>  // PodAffinity or PodAntiAffinity
void check_pod_affinity(Errors& errors, const Path& path, const T& affinity) {
  const auto& required = affinity.requiredDuringSchedulingIgnoredDuringExecution;
  for (size_t i = 0; i < required.size(); ++i) {
    check_pod_term(errors, path.child("requiredDuringSchedulingIgnoredDuringExecution").index(i),
                   required[i]);
  }
  const auto& preferred = affinity.preferredDuringSchedulingIgnoredDuringExecution;
  for (size_t i = 0; i < preferred.size(); ++i) {
    Path at = path.child("preferredDuringSchedulingIgnoredDuringExecution").index(i);
    check_weight(errors, at.child("weight"), preferred[i].weight);
    check_pod_term(errors, at.child("podAffinityTerm"), preferred[i].podAffinityTerm);
  }
}

void check_toleration(Errors& errors, const Path& path, const corev1::Toleration& toleration) {
  if (!toleration.key.empty()) check_qualified_name(errors, path.child("key"), toleration.key);
  if (toleration.key.empty() && toleration.operator_ != "Exists") {
    errors.push_back(field::invalid_string(
        path.child("operator"), toleration.operator_,
        "operator must be Exists when `key` is empty, which means \"match all values and all keys\""));
  }
  if (toleration.tolerationSeconds && toleration.effect != "NoExecute") {
    errors.push_back(field::invalid_string(path.child("effect"), toleration.effect,
                                           "effect must be 'NoExecute' when `tolerationSeconds` is set"));
  }
  if (toleration.operator_.empty() || toleration.operator_ == "Equal") {
    check_messages(errors, path.child("operator"), toleration.value,
                   api::is_valid_label_value(toleration.value));
  } else if (toleration.operator_ == "Exists") {
    if (!toleration.value.empty()) {
      errors.push_back(field::invalid_string(path.child("operator"), toleration.value,
                                             "value must be empty when `operator` is 'Exists'"));
    }
  } else {
    check_enum(errors, path.child("operator"), std::string_view(toleration.operator_), {"Equal", "Exists"});
  }
  if (!toleration.effect.empty()) {
    check_enum(errors, path.child("effect"), std::string_view(toleration.effect),
               {"NoExecute", "NoSchedule", "PreferNoSchedule"});
  }
}

}  // namespace

void check_node_selector_term(Errors& errors, const Path& path, const corev1::NodeSelectorTerm& term) {
  for (size_t i = 0; i < term.matchExpressions.size(); ++i) {
    check_node_requirement(errors, path.child("matchExpressions").index(i), term.matchExpressions[i]);
  }
  for (size_t i = 0; i < term.matchFields.size(); ++i) {
    check_node_field(errors, path.child("matchFields").index(i), term.matchFields[i]);
  }
}

void check_affinity(Errors& errors, const Path& path, const corev1::Affinity& affinity) {
  if (affinity.nodeAffinity) check_node_affinity(errors, path.child("nodeAffinity"), *affinity.nodeAffinity);
  if (affinity.podAffinity) check_pod_affinity(errors, path.child("podAffinity"), *affinity.podAffinity);
  if (affinity.podAntiAffinity)
    check_pod_affinity(errors, path.child("podAntiAffinity"), *affinity.podAntiAffinity);
}

void check_tolerations(Errors& errors, const Path& path, const std::vector<corev1::Toleration>& tolerations) {
  for (size_t i = 0; i < tolerations.size(); ++i) check_toleration(errors, path.index(i), tolerations[i]);
}

void check_spread_constraints(Errors& errors, const Path& path,
                              const std::vector<corev1::TopologySpreadConstraint>& constraints) {
  std::set<std::pair<std::string, std::string>> seen;
  for (size_t i = 0; i < constraints.size(); ++i) {
    const corev1::TopologySpreadConstraint& c = constraints[i];
    Path at = path.index(i);
    check_positive(errors, at.child("maxSkew"), c.maxSkew);
    if (c.topologyKey.empty()) {
      errors.push_back(field::required(at.child("topologyKey"), "can not be empty"));
    } else {
      check_qualified_name(errors, at.child("topologyKey"), c.topologyKey);
    }
    check_enum(errors, at.child("whenUnsatisfiable"), std::string_view(c.whenUnsatisfiable),
               {"DoNotSchedule", "ScheduleAnyway"});
    if (!seen.insert({c.topologyKey, c.whenUnsatisfiable}).second) {
      errors.push_back(field::duplicate(at.child("{topologyKey, whenUnsatisfiable}"),
                                        fmt::format("{{{}, {}}}", c.topologyKey, c.whenUnsatisfiable)));
    }
    if (c.minDomains) {
      check_positive(errors, at.child("minDomains"), *c.minDomains);
      if (c.whenUnsatisfiable != "DoNotSchedule") {
        errors.push_back(field::invalid_int(
            at.child("minDomains"), *c.minDomains,
            fmt::format("can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {}",
                        c.whenUnsatisfiable)));
      }
    }
    check_enum(errors, at.child("nodeAffinityPolicy"), c.nodeAffinityPolicy, {"Honor", "Ignore"});
    check_enum(errors, at.child("nodeTaintsPolicy"), c.nodeTaintsPolicy, {"Honor", "Ignore"});
    if (c.labelSelector) check_label_selector(errors, at.child("labelSelector"), *c.labelSelector);
  }
}

}  // namespace xebec::apiserver::validation
