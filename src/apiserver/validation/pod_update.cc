// What may change of a Pod after its creation: images, active deadline (shorter), tolerations (more), and
// scheduling directives of a gated Pod.
#include <fmt/format.h>

#include "apiserver/validation/pod.h"
#include "apiserver/validation/pod_spec_diff.h"

namespace xebec::apiserver::validation {
namespace {

constexpr std::string_view kSpecText =
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

// False: nothing further can be compared.
bool check_container_changes(Errors& errors, const Path& path, const std::vector<corev1::Container>& now,
                             const std::vector<corev1::Container>& before) {
  if (now.size() != before.size()) {
    errors.push_back(field::forbidden(path, "pod updates may not add or remove containers"));
    return false;
  }
  for (size_t i = 0; i < now.size(); ++i) {
    check_required(errors, path.index(i).child("image"), now[i].image);
    check_image_text(errors, path.index(i), now[i].image);
  }
  return true;
}

bool check_deadline_change(Errors& errors, const Path& path, const corev1::PodSpec& now,
                           const corev1::PodSpec& before) {
  if (now.activeDeadlineSeconds) {
    int64_t seconds = *now.activeDeadlineSeconds;
    if (seconds < 0 || seconds > std::numeric_limits<int32_t>::max()) {
      errors.push_back(field::invalid_int(path, seconds, "must be between 0 and 2147483647, inclusive"));
      return false;
    }
    if (before.activeDeadlineSeconds && *before.activeDeadlineSeconds < seconds) {
      errors.push_back(field::invalid_int(path, seconds, "must be less than or equal to previous value"));
      return false;
    }
  } else if (before.activeDeadlineSeconds) {
    errors.push_back(
        field::invalid_string(path, "null", "must not update from a positive integer to nil value"));
  }
  return true;
}

// Only additions, and other stays, are allowed.
void check_toleration_change(Errors& errors, const Path& path, const corev1::PodSpec& now,
                             const corev1::PodSpec& before) {
  for (corev1::Toleration old : before.tolerations) {
    const bool kept =
        std::any_of(now.tolerations.begin(), now.tolerations.end(), [&](const corev1::Toleration& t) {
          old.tolerationSeconds = t.tolerationSeconds;
          return t == old;
        });
    if (kept) continue;
    errors.push_back(
        field::forbidden(path, "existing toleration can not be modified except its tolerationSeconds"));
    return;
  }
  check_tolerations(errors, path, now.tolerations);
}

// Gates are only ever removed.
void check_gate_change(Errors& errors, const Path& path, const corev1::PodSpec& now,
                       const corev1::PodSpec& before) {
  const auto& old = before.schedulingGates;
  for (size_t i = 0; i < now.schedulingGates.size(); ++i) {
    if (std::find(old.begin(), old.end(), now.schedulingGates[i]) != old.end()) continue;
    errors.push_back(field::forbidden(
        path.index(i).child("name"),
        "only deletion is allowed, but found new scheduling gate '" + now.schedulingGates[i].name + "'"));
  }
}

template <class T>
bool begins_with(const std::vector<T>& now, const std::vector<T>& before) {
  return now.size() >= before.size() && std::equal(before.begin(), before.end(), now.begin());
}

bool only_narrower(const corev1::NodeSelectorTerm& now, const corev1::NodeSelectorTerm& before) {
  const bool empty = before.matchExpressions.empty() && before.matchFields.empty();
  if (empty) return now.matchExpressions.empty() && now.matchFields.empty();
  return begins_with(now.matchExpressions, before.matchExpressions) &&
         begins_with(now.matchFields, before.matchFields);
}

const corev1::NodeAffinity* node_affinity(const corev1::PodSpec& spec) {
  return spec.affinity ? spec.affinity->nodeAffinity.get() : nullptr;
}

// A gated Pod may be made to fit fewer nodes, never others.
void check_affinity_change(Errors& errors, const Path& path, const corev1::NodeAffinity* now,
                           const corev1::NodeAffinity* before) {
  if (before == nullptr || !before->requiredDuringSchedulingIgnoredDuringExecution) return;
  static const std::vector<corev1::NodeSelectorTerm> kNone;
  const auto& old_terms = before->requiredDuringSchedulingIgnoredDuringExecution->nodeSelectorTerms;
  const auto& terms = now != nullptr && now->requiredDuringSchedulingIgnoredDuringExecution
                          ? now->requiredDuringSchedulingIgnoredDuringExecution->nodeSelectorTerms
                          : kNone;
  const Path at = path.child("requiredDuringSchedulingIgnoredDuringExecution").child("nodeSelectorTerms");
  if (!old_terms.empty() && old_terms.size() != terms.size()) {
    errors.push_back(field::invalid(
        at, go_json(terms), "no additions/deletions to non-empty NodeSelectorTerms list are allowed"));
    return;
  }
  for (size_t i = 0; i < old_terms.size(); ++i) {
    if (only_narrower(terms[i], old_terms[i])) continue;
    errors.push_back(field::invalid(at.index(i), go_json(terms[i]),
                                    "only additions are allowed (no mutations or deletions)"));
  }
}

void check_selector_change(Errors& errors, const Path& path, const corev1::PodSpec& now,
                           const corev1::PodSpec& before) {
  for (const auto& [key, value] : before.nodeSelector) {
    const std::string* kept = now.nodeSelector.get(key);
    if (kept != nullptr && *kept == value) continue;
    std::string rendered = "{";
    for (const auto& [k, v] : now.nodeSelector)
      rendered += (rendered.size() == 1 ? "" : ",") + field::quote(k) + ":" + field::quote(v);
    errors.push_back(
        field::invalid(path, now.nodeSelector.empty() ? "null" : rendered + "}",
                       "only additions to spec.nodeSelector are allowed (no mutations or deletions)"));
    return;
  }
}

void keep_node_affinity(corev1::PodSpec& now, const corev1::PodSpec& before) {
  const corev1::NodeAffinity* old = node_affinity(before);
  if (!now.affinity) {
    if (old != nullptr) now.affinity.emplace().nodeAffinity = *old;
  } else if (!before.affinity && !now.affinity->podAffinity && !now.affinity->podAntiAffinity) {
    now.affinity.reset();
  } else if (old != nullptr) {
    now.affinity->nodeAffinity = *old;
  } else {
    now.affinity->nodeAffinity.reset();
  }
}

void check_gated_changes(Errors& errors, const Path& path, corev1::PodSpec& now,
                         const corev1::PodSpec& before) {
  if (now.nodeSelector != before.nodeSelector) {
    check_selector_change(errors, path.child("nodeSelector"), now, before);
    now.nodeSelector = before.nodeSelector;
  }
  const corev1::NodeAffinity *affinity = node_affinity(now), *old = node_affinity(before);
  const bool same = affinity == nullptr || old == nullptr ? affinity == old : *affinity == *old;
  if (same) return;
  check_affinity_change(errors, path.child("affinity").child("nodeAffinity"), affinity, old);
  keep_node_affinity(now, before);
}

// The new spec with everything put back that may change.
corev1::PodSpec with_old_mutables(const corev1::PodSpec& now, const corev1::PodSpec& before) {
  corev1::PodSpec out = now;
  for (size_t i = 0; i < out.containers.size(); ++i) out.containers[i].image = before.containers[i].image;
  for (size_t i = 0; i < out.initContainers.size(); ++i)
    out.initContainers[i].image = before.initContainers[i].image;
  out.activeDeadlineSeconds = before.activeDeadlineSeconds;
  out.tolerations = before.tolerations;
  out.schedulingGates = before.schedulingGates;
  if (before.terminationGracePeriodSeconds.value_or(0) < 0 && now.terminationGracePeriodSeconds == 1)
    out.terminationGracePeriodSeconds = before.terminationGracePeriodSeconds;
  return out;
}

}  // namespace

Errors validate_pod_update(const corev1::Pod& pod, const corev1::Pod& old) {
  Errors errors;
  const Path spec("spec");
  check_changed_pod(errors, pod, old);
  check_pod_annotation_changes(errors, Path("metadata").child("annotations"), pod, old);
  if (!check_container_changes(errors, spec.child("containers"), pod.spec.containers, old.spec.containers))
    return errors;
  if (!check_container_changes(errors, spec.child("initContainers"), pod.spec.initContainers,
                               old.spec.initContainers))
    return errors;
  if (!check_deadline_change(errors, spec.child("activeDeadlineSeconds"), pod.spec, old.spec)) return errors;
  check_toleration_change(errors, spec.child("tolerations"), pod.spec, old.spec);
  check_gate_change(errors, spec.child("schedulingGates"), pod.spec, old.spec);
  if (pod.spec == old.spec) return errors;
  corev1::PodSpec kept = with_old_mutables(pod.spec, old.spec);
  if (!old.spec.schedulingGates.empty()) check_gated_changes(errors, spec, kept, old.spec);
  if (kept != old.spec)
    errors.push_back(field::forbidden(spec, fmt::format("{}\n{}", kSpecText, pod_spec_diff(old.spec, kept))));
  return errors;
}

}  // namespace xebec::apiserver::validation
