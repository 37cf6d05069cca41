#include "apiserver/validation/pod.h"

namespace xebec::apiserver::validation {
namespace {

void check_requirement(Errors& errors, const Path& path, const corev1::NodeSelectorRequirement& r,
                       bool check_values) {
  const std::string_view op = r.operator_;
  if (op == "Gt" || op == "Lt") {
    if (r.values.size() != 1) {
      errors.push_back(field::required(path.child("values"),
                                       "must be specified single value when `operator` is 'Lt' or 'Gt'"));
    }
  } else if (!check_operator_values(errors, path, op, r.values)) {
    errors.push_back(field::invalid_string(path.child("operator"), op, "not a valid selector operator"));
  }
  check_qualified_name(errors, path.child("key"), r.key);
  if (!check_values) return;
  for (size_t i = 0; i < r.values.size(); ++i)
    check_label_value(errors, path.child("values").index(i), r.values[i]);
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
    check_node_selector(errors, path.child("requiredDuringSchedulingIgnoredDuringExecution"),
                        *affinity.requiredDuringSchedulingIgnoredDuringExecution);
  }
  const auto& preferred = affinity.preferredDuringSchedulingIgnoredDuringExecution;
  for (size_t i = 0; i < preferred.size(); ++i) {
    Path at = path.child("preferredDuringSchedulingIgnoredDuringExecution").index(i);
    check_weight(errors, at.child("weight"), preferred[i].weight);
    // A preference for a value that no label can have was always allowed.
    check_node_selector_term(errors, at.child("preference"), preferred[i].preference, false);
  }
}

void check_label_keys(Errors& errors, const Path& path, const std::vector<std::string>& keys, bool selector) {
  if (keys.empty()) return;
  if (!selector) {
    errors.push_back(field::forbidden(path, "must not be specified when labelSelector is not set"));
    return;
  }
  for (size_t i = 0; i < keys.size(); ++i) check_qualified_name(errors, path.index(i), keys[i]);
}

// Keys that select like the incoming Pod itself must not be selected by hand as well.
void check_match_keys(Errors& errors, const Path& path, const corev1::PodAffinityTerm& term) {
  const bool selector = bool(term.labelSelector);
  check_label_keys(errors, path.child("matchLabelKeys"), term.matchLabelKeys, selector);
  check_label_keys(errors, path.child("mismatchLabelKeys"), term.mismatchLabelKeys, selector);
  if (selector) {
    std::set<std::string> selected;
    for (const auto& [key, value] : term.labelSelector->matchLabels) selected.insert(key);
    for (const auto& expression : term.labelSelector->matchExpressions) {
      const auto key = std::find(term.matchLabelKeys.rbegin(), term.matchLabelKeys.rend(), expression.key);
      // The requirement made of a key comes last, so a second one is the user's.
      if (key != term.matchLabelKeys.rend() && selected.contains(expression.key)) {
        errors.push_back(
            field::invalid_string(path.index(static_cast<size_t>(term.matchLabelKeys.rend() - key) - 1),
                                  expression.key, "exists in both matchLabelKeys and labelSelector"));
      }
      selected.insert(expression.key);
    }
  }
  for (size_t i = 0; i < term.matchLabelKeys.size(); ++i) {
    const std::string& key = term.matchLabelKeys[i];
    const auto& others = term.mismatchLabelKeys;
    if (std::find(others.begin(), others.end(), key) != others.end()) {
      errors.push_back(field::invalid_string(path.child("matchLabelKeys").index(i), key,
                                             "exists in both matchLabelKeys and mismatchLabelKeys"));
    }
  }
}

void check_pod_term(Errors& errors, const Path& path, const corev1::PodAffinityTerm& term) {
  if (term.labelSelector) check_label_selector(errors, path.child("labelSelector"), *term.labelSelector);
  if (term.namespaceSelector)
    check_label_selector(errors, path.child("namespaceSelector"), *term.namespaceSelector);
  for (const std::string& ns : term.namespaces) check_dns_label(errors, path.child("namespace"), ns);
  check_match_keys(errors, path, term);
  if (term.topologyKey.empty())
    errors.push_back(field::required(path.child("topologyKey"), "can not be empty"));
  check_qualified_name(errors, path.child("topologyKey"), term.topologyKey);
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

}  // namespace

void check_node_selector(Errors& errors, const Path& path, const corev1::NodeSelector& selector) {
  const Path terms = path.child("nodeSelectorTerms");
  if (selector.nodeSelectorTerms.empty())
    errors.push_back(field::required(terms, "must have at least one node selector term"));
  for (size_t i = 0; i < selector.nodeSelectorTerms.size(); ++i)
    check_node_selector_term(errors, terms.index(i), selector.nodeSelectorTerms[i], true);
}

void check_node_selector_term(Errors& errors, const Path& path, const corev1::NodeSelectorTerm& term,
                              bool check_values) {
  for (size_t i = 0; i < term.matchExpressions.size(); ++i)
    check_requirement(errors, path.child("matchExpressions").index(i), term.matchExpressions[i],
                      check_values);
  for (size_t i = 0; i < term.matchFields.size(); ++i)
    check_node_field(errors, path.child("matchFields").index(i), term.matchFields[i]);
}

void check_affinity(Errors& errors, const Path& path, const corev1::Affinity& affinity) {
  if (affinity.nodeAffinity) check_node_affinity(errors, path.child("nodeAffinity"), *affinity.nodeAffinity);
  if (affinity.podAffinity) check_pod_affinity(errors, path.child("podAffinity"), *affinity.podAffinity);
  if (affinity.podAntiAffinity)
    check_pod_affinity(errors, path.child("podAntiAffinity"), *affinity.podAntiAffinity);
}

}  // namespace xebec::apiserver::validation
