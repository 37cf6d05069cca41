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

bool only_cpu_and_memory(corev1::Container now, const corev1::Container& before) {
  restore(now.resources.limits, before.resources.limits);
  restore(now.resources.requests, before.resources.requests);
  return now == before;
}

// Of a node that cannot resize, running containers report no resources.
bool resizable(const corev1::Pod& pod) {
  for (const corev1::ContainerStatus& status : pod.status.containerStatuses)
    if (status.state.running) return bool(status.resources);
  return true;
}

bool same_names(Errors& errors, const Path& path, const std::vector<corev1::Container>& now,
                const std::vector<corev1::Container>& before) {
  if (now.size() != before.size()) {
    errors.push_back(field::forbidden(path, "containers may not be added or removed on resize"));
    return false;
  }
  for (size_t i = 0; i < now.size(); ++i) {
    if (now[i].name == before[i].name) continue;
    errors.push_back(field::forbidden(path.index(i).child("name"),
                                      "containers may not be renamed or reordered on resize"));
    return false;
  }
  return true;
}

}  // namespace

Errors validate_ephemeral_containers_update(const corev1::Pod& pod, const corev1::Pod& old) {
  Errors errors;
  check_pod(errors, pod);
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
  check_pod(errors, pod);
  if (is_static(old)) return {field::forbidden(Path("[]"), "static pods cannot be resized")};
  if (old.spec.os && old.spec.os->name == "windows")
    return {field::forbidden(Path("[]"), "windows pods cannot be resized")};
  const Path spec("spec");
  const Path containers = spec.child("containers"), inits = spec.child("initContainers");
  if (!same_names(errors, containers, pod.spec.containers, old.spec.containers) ||
      !same_names(errors, inits, pod.spec.initContainers, old.spec.initContainers))
    return errors;
  if (old.status.qosClass != new_qos) {
    errors.push_back(field::invalid_string(spec, pod.status.qosClass,
                                           "Pod QOS Class may not change as a result of resizing"));
  }
  if (!resizable(old))
    errors.push_back(field::forbidden(spec, "Pod running on node without support for resize"));
  for (size_t i = 0; i < old.spec.initContainers.size(); ++i) {
    if (!is_sidecar(old.spec.initContainers[i])) continue;
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
  for (size_t i = 0; i < old.spec.initContainers.size(); ++i) {
    const corev1::Container &now = pod.spec.initContainers[i], &before = old.spec.initContainers[i];
    if (is_sidecar(before) && !only_cpu_and_memory(now, before)) {
      errors.push_back(
          field::forbidden(spec, "only cpu and memory resources for sidecar containers are mutable"));
    } else if (!is_sidecar(before) && !(now == before)) {
      errors.push_back(field::forbidden(spec, "resources for non-sidecar init containers are immutable"));
    }
  }
  return errors;
}

}  // namespace xebec::apiserver::validation
