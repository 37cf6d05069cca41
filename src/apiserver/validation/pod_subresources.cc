// Updates of pods/ephemeralcontainers and pods/resize, whose strategies let nothing else through.
#include <fmt/format.h>

#include "apiserver/validation/pod.h"

namespace xebec::apiserver::validation {
namespace {

using Resources = api::FlatMap<api::Quantity>;

bool is_static(const corev1::Pod& pod) {
  return pod.metadata.annotations.contains("kubernetes.io/config.mirror");
}

bool removed(const Resources& now, const Resources& before) {
  return std::any_of(before.begin(), before.end(),
                     [&](const auto& resource) { return !now.contains(resource.first); });
}

void check_container_resize(Errors& errors, const Path& path, const corev1::ResourceRequirements& now,
                            const corev1::ResourceRequirements& before) {
  if (removed(now.requests, before.requests))
    errors.push_back(field::forbidden(path.child("requests"), "resource requests cannot be removed"));
  if (removed(now.limits, before.limits))
    errors.push_back(field::forbidden(path.child("limits"), "resource limits cannot be removed"));
}

// CPU and memory as they were.
void restore(Resources& now, const Resources& before) {
  for (std::string_view name : {"cpu", "memory"}) {
    now.erase(name);
    if (const api::Quantity* old = before.get(name)) now[name] = *old;
  }
}

// As upstream's comparison leaves the claims of devices out, a container that has any cannot be resized.
bool only_cpu_and_memory(corev1::Container now, const corev1::Container& before) {
  restore(now.resources.limits, before.resources.limits);
  restore(now.resources.requests, before.resources.requests);
  now.resources.claims.clear();
  return now == before;
}

bool has_amounts(const corev1::PodSpec& spec) {
  return spec.resources && !(spec.resources->requests.empty() && spec.resources->limits.empty());
}

// The amounts of the Pod as a whole.
void check_pod_level_resize(Errors& errors, const Path& spec, const corev1::PodSpec& now,
                            const corev1::PodSpec& before) {
  const Path path = spec.child("resources");
  if (before.resources && !now.resources)
    return void(errors.push_back(field::forbidden(path, "pod-level resources cannot be removed")));
  const corev1::ResourceRequirements old =
      before.resources ? *before.resources : corev1::ResourceRequirements();
  corev1::ResourceRequirements kept = *now.resources;
  if (removed(kept.requests, old.requests)) {
    errors.push_back(
        field::forbidden(path.child("requests"), "pod-level resource requests cannot be removed"));
  }
  if (removed(kept.limits, old.limits))
    errors.push_back(field::forbidden(path.child("limits"), "pod-level resource limits cannot be removed"));
  restore(kept.requests, old.requests);
  restore(kept.limits, old.limits);
  if (!(kept == old))
    errors.push_back(field::forbidden(spec, "only cpu and memory resources are mutable at pod-level"));
}

// Of a node that cannot resize, running containers report no resources.
bool resizable(const corev1::Pod& pod) {
  for (const corev1::ContainerStatus& status : pod.status.containerStatuses)
    if (status.state.running) return bool(status.resources);
  return true;
}

// `kind` is how the errors name the list.
bool same_names(Errors& errors, const Path& spec, std::string_view kind,
                const std::vector<corev1::Container>& now, const std::vector<corev1::Container>& before) {
  const Path path = spec.child(kind);
  if (now.size() != before.size()) {
    errors.push_back(field::forbidden(path, fmt::format("{} may not be added or removed on resize", kind)));
    return false;
  }
  bool same = true;
  for (size_t i = 0; i < now.size(); ++i) {
    if (now[i].name == before[i].name) continue;
    same = false;
    errors.push_back(field::forbidden(path.index(i).child("name"),
                                      fmt::format("{} may not be renamed or reordered on resize", kind)));
  }
  return same;
}

bool same_containers(Errors& errors, const Path& spec, const corev1::PodSpec& now,
                     const corev1::PodSpec& before) {
  const bool mains = same_names(errors, spec, "containers", now.containers, before.containers);
  return same_names(errors, spec, "initContainers", now.initContainers, before.initContainers) && mains;
}

void check_init_resize(Errors& errors, const Path& path, const corev1::Container& now,
                       const corev1::Container& before) {
  if (!only_cpu_and_memory(now, before)) {
    errors.push_back(
        field::forbidden(path, "only cpu and memory resources for init or sidecar containers are mutable"));
  }
  if (is_sidecar(now) || now == before) return;
  for (const corev1::ContainerResizePolicy& policy : now.resizePolicy) {
    if (policy.restartPolicy != "RestartContainer") continue;
    errors.push_back(field::forbidden(
        path, "non-sidecar init containers with a resize policy of RestartContainer cannot be resized"));
  }
}

}  // namespace

Errors validate_ephemeral_containers_update(const corev1::Pod& pod, const corev1::Pod& old) {
  Errors errors;
  check_changed_pod(errors, pod, old);
  check_pod_annotation_changes(errors, Path("metadata").child("annotations"), pod, old);
  if (is_static(old))
    return {field::forbidden(Path("[]"), "static pods do not support ephemeral containers")};
  const Path path = Path("spec").child("ephemeralContainers");
  for (const corev1::EphemeralContainer& before : old.spec.ephemeralContainers) {
    const auto& now = pod.spec.ephemeralContainers;
    const auto same =
        std::find_if(now.begin(), now.end(), [&](const auto& c) { return c.name == before.name; });
    if (same == now.end()) {
      errors.push_back(field::forbidden(
          path,
          fmt::format("existing ephemeral containers {} may not be removed\n", field::quote(before.name))));
    } else if (!(*same == before)) {
      errors.push_back(field::forbidden(
          path,
          fmt::format("existing ephemeral containers {} may not be changed\n", field::quote(before.name))));
    }
  }
  return errors;
}

Errors validate_pod_resize(const corev1::Pod& pod, const corev1::Pod& old, std::string_view new_qos) {
  Errors errors;
  check_changed_pod(errors, pod, old);
  if (is_static(old)) return {field::forbidden(Path("[]"), "static pods cannot be resized")};
  if (old.spec.os && old.spec.os->name == "windows")
    return {field::forbidden(Path("[]"), "windows pods cannot be resized")};
  const Path spec("spec");
  const Path containers = spec.child("containers"), inits = spec.child("initContainers");
  if (old.status.qosClass != new_qos) {
    errors.push_back(field::invalid_string(spec, pod.status.qosClass,
                                           "Pod QOS Class may not change as a result of resizing"));
  }
  if (!resizable(old))
    errors.push_back(field::forbidden(spec, "Pod running on node without support for resize"));
  if (has_amounts(old.spec) || has_amounts(pod.spec))
    check_pod_level_resize(errors, spec, pod.spec, old.spec);
  if (!same_containers(errors, spec, pod.spec, old.spec)) return errors;
  for (size_t i = 0; i < old.spec.initContainers.size(); ++i) {
    check_container_resize(errors, inits.index(i).child("resources"), pod.spec.initContainers[i].resources,
                           old.spec.initContainers[i].resources);
  }
  for (size_t i = 0; i < old.spec.containers.size(); ++i) {
    check_container_resize(errors, containers.index(i).child("resources"), pod.spec.containers[i].resources,
                           old.spec.containers[i].resources);
  }
  for (size_t i = 0; i < old.spec.containers.size(); ++i) {
    if (!only_cpu_and_memory(pod.spec.containers[i], old.spec.containers[i]))
      errors.push_back(field::forbidden(spec, "only cpu and memory resources are mutable"));
  }
  for (size_t i = 0; i < old.spec.initContainers.size(); ++i)
    check_init_resize(errors, inits.index(i), pod.spec.initContainers[i], old.spec.initContainers[i]);
  return errors;
}

}  // namespace xebec::apiserver::validation
