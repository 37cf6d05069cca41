// What may change of a Pod after its creation: images, active deadline (shorter), tolerations (more), and
// scheduling directives of a gated Pod.
#include <fmt/format.h>

#include "apiserver/validation/pod.h"

namespace xebec::apiserver::validation {
namespace {

constexpr std::string_view kSpecText =
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

void check_images(Errors& errors, const Path& path, const std::vector<corev1::Container>& containers) {
  for (size_t i = 0; i < containers.size(); ++i) {
    const std::string& image = containers[i].image;
    if (image.empty()) errors.push_back(field::required(path.index(i).child("image")));
  }
}

void check_same_count(Errors& errors, const Path& path, size_t now, size_t before, std::string_view what) {
  if (now != before)
    errors.push_back(field::forbidden(path, fmt::format("pod updates may not add or remove {}", what)));
}

void check_deadline_change(Errors& errors, const Path& path, const corev1::PodSpec& now,
                           const corev1::PodSpec& before) {
  if (now.activeDeadlineSeconds) {
    int64_t seconds = *now.activeDeadlineSeconds;
    if (seconds < 0 || seconds > std::numeric_limits<int32_t>::max()) {
      errors.push_back(field::invalid_int(path, seconds, "must be between 0 and 2147483647, inclusive"));
    } else if (before.activeDeadlineSeconds && *before.activeDeadlineSeconds < seconds) {
      errors.push_back(field::invalid_int(path, seconds, "must be less than or equal to previous value"));
    }
  } else if (before.activeDeadlineSeconds) {
    errors.push_back(field::invalid(path, "null", "must not update from a positive integer to nil value"));
  }
}

// Only additions, and shorter stays, are allowed.
void check_toleration_change(Errors& errors, const Path& path, const corev1::PodSpec& now,
                             const corev1::PodSpec& before) {
  auto without_time = [](corev1::Toleration t) {
    t.tolerationSeconds.reset();
    return t;
  };
  for (const corev1::Toleration& old : before.tolerations) {
    bool kept = std::any_of(now.tolerations.begin(), now.tolerations.end(), [&](const corev1::Toleration& t) {
      return t == old || without_time(t) == without_time(old);
    });
    if (!kept) {
      errors.push_back(
          field::forbidden(path, "existing toleration can not be modified except its tolerationSeconds"));
      return;
    }
  }
  check_tolerations(errors, path, now.tolerations);
}

// The new spec with everything put back that may change.
corev1::PodSpec with_old_mutables(const corev1::PodSpec& now, const corev1::PodSpec& before) {
  corev1::PodSpec out = now;
  for (size_t i = 0; i < out.containers.size(); ++i) out.containers[i].image = before.containers[i].image;
  for (size_t i = 0; i < out.initContainers.size(); ++i)
    out.initContainers[i].image = before.initContainers[i].image;
  out.activeDeadlineSeconds = before.activeDeadlineSeconds;
  out.tolerations = before.tolerations;
  if (before.terminationGracePeriodSeconds.value_or(0) < 0 && now.terminationGracePeriodSeconds == 1) {
    out.terminationGracePeriodSeconds = before.terminationGracePeriodSeconds;
  }
  if (!before.schedulingGates.empty()) {
    out.schedulingGates = before.schedulingGates;
    out.nodeSelector = before.nodeSelector;
    if (out.affinity && before.affinity) {
      out.affinity->nodeAffinity = before.affinity->nodeAffinity;
    } else {
      out.affinity = before.affinity;
    }
  }
  return out;
}

// Gates are only ever removed.
void check_gate_change(Errors& errors, const Path& path, const corev1::PodSpec& now,
                       const corev1::PodSpec& before) {
  for (size_t i = 0; i < now.schedulingGates.size(); ++i) {
    const auto& old = before.schedulingGates;
    if (std::find(old.begin(), old.end(), now.schedulingGates[i]) == old.end()) {
      errors.push_back(field::forbidden(
          path.index(i),
          "only deletion is allowed, but found new scheduling gate '" + now.schedulingGates[i].name + "'"));
    }
  }
}

}  // namespace

Errors validate_pod(const corev1::Pod& pod) {
  Errors errors;
  Path spec("spec");
  check_pod_spec(errors, spec, pod.spec);
  if (!pod.spec.ephemeralContainers.empty()) {
    errors.push_back(field::forbidden(spec.child("ephemeralContainers"), "cannot be set on create"));
  }
  if (!pod.spec.schedulingGates.empty() && !pod.spec.nodeName.empty()) {
    errors.push_back(field::forbidden(spec.child("nodeName"),
                                      "cannot be set until all schedulingGates have been cleared"));
  }
  return errors;
}

Errors validate_pod_update(const corev1::Pod& pod, const corev1::Pod& old) {
  Errors errors;
  Path spec("spec");
  check_same_count(errors, spec.child("containers"), pod.spec.containers.size(), old.spec.containers.size(),
                   "containers");
  check_same_count(errors, spec.child("initContainers"), pod.spec.initContainers.size(),
                   old.spec.initContainers.size(), "initContainers");
  if (!errors.empty()) return errors;
  check_images(errors, spec.child("containers"), pod.spec.containers);
  check_images(errors, spec.child("initContainers"), pod.spec.initContainers);
  check_deadline_change(errors, spec.child("activeDeadlineSeconds"), pod.spec, old.spec);
  check_toleration_change(errors, spec.child("tolerations"), pod.spec, old.spec);
  check_gate_change(errors, spec.child("schedulingGates"), pod.spec, old.spec);
  if (with_old_mutables(pod.spec, old.spec) != old.spec) {
    errors.push_back(field::forbidden(spec, std::string(kSpecText)));
  }
  return errors;
}

Errors validate_pod_status_update(const corev1::Pod& pod, const corev1::Pod& old) {
  Errors errors;
  Path status("status");
  if (pod.spec.nodeName != old.spec.nodeName) {
    errors.push_back(field::forbidden(status.child("nodeName"), "may not be changed directly"));
  }
  if (!pod.status.nominatedNodeName.empty()) {
    check_dns_subdomain(errors, status.child("nominatedNodeName"), pod.status.nominatedNodeName);
  }
  std::set<std::string> seen;
  for (size_t i = 0; i < pod.status.podIPs.size(); ++i) {
    Path at = status.child("podIPs").index(i);
    check_ip(errors, at, pod.status.podIPs[i].ip);
    if (!seen.insert(pod.status.podIPs[i].ip).second)
      errors.push_back(field::duplicate(at, pod.status.podIPs[i].ip));
  }
  return errors;
}

}  // namespace xebec::apiserver::validation
