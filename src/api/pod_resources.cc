#include "api/pod_resources.h"

#include <algorithm>

#include "api/gen/corev1.h"

namespace xebec::api {
namespace {

using Member = ResourceList corev1::ResourceRequirements::*;

void add(ResourceList& to, const ResourceList& from) {
  for (const auto& [name, quantity] : from) {
    if (Quantity* have = to.get(name)) {
      have->add(quantity);
    } else {
      to[name] = quantity;
    }
  }
}

void raise(ResourceList& to, const ResourceList& from) {
  for (const auto& [name, quantity] : from) {
    Quantity* have = to.get(name);
    if (have == nullptr || have->cmp(quantity) < 0) to[name] = quantity;
  }
}

// Init containers run one after the other, each beside the sidecars started before it.
ResourceList aggregate(const corev1::PodSpec& spec, Member member) {
  ResourceList total;
  for (const corev1::Container& container : spec.containers) add(total, container.resources.*member);
  ResourceList sidecars, highest;
  for (const corev1::Container& container : spec.initContainers) {
    if (container.restartPolicy == "Always") {
      add(total, container.resources.*member);
      add(sidecars, container.resources.*member);
      raise(highest, sidecars);
    } else {
      ResourceList alone = container.resources.*member;
      add(alone, sidecars);
      raise(highest, alone);
    }
  }
  raise(total, highest);
  if (spec.resources) {
    for (const auto& [name, quantity] : spec.resources.get()->*member) total[name] = quantity;
  }
  return total;
}

bool counts_for_qos(std::string_view name) { return name == "cpu" || name == "memory"; }

}  // namespace

ResourceList pod_requests(const corev1::Pod& pod) {
  ResourceList total = aggregate(pod.spec, &corev1::ResourceRequirements::requests);
  add(total, pod.spec.overhead);
  return total;
}

bool pod_is_limited(const corev1::Pod& pod, std::string_view resource) {
  if (pod.spec.resources && pod.spec.resources->limits.contains(resource)) return true;
  auto limited = [&](const corev1::Container& c) { return c.resources.limits.contains(resource); };
  return std::all_of(pod.spec.containers.begin(), pod.spec.containers.end(), limited) &&
         std::all_of(pod.spec.initContainers.begin(), pod.spec.initContainers.end(), limited);
}

ResourceList pod_limits(const corev1::Pod& pod) {
  ResourceList total = aggregate(pod.spec, &corev1::ResourceRequirements::limits);
  // Overhead raises limits that are there; it does not limit what has none.
  for (const auto& [name, quantity] : pod.spec.overhead) {
    if (Quantity* have = total.get(name)) have->add(quantity);
  }
  return total;
}

std::string_view pod_qos_class(const corev1::Pod& pod) {
  bool any = false;
  bool guaranteed = true;
  auto look = [&](const corev1::ResourceRequirements& resources) {
    int limited = 0;
    for (const auto& [name, quantity] : resources.requests) {
      if (counts_for_qos(name) && !quantity.is_zero()) any = true;
    }
    for (const auto& [name, limit] : resources.limits) {
      if (!counts_for_qos(name) || limit.is_zero()) continue;
      any = true;
      ++limited;
      const Quantity* request = resources.requests.get(name);
      if (request != nullptr && request->cmp(limit) != 0) guaranteed = false;
    }
    if (limited != 2) guaranteed = false;
  };
  if (pod.spec.resources && !(pod.spec.resources->limits.empty() && pod.spec.resources->requests.empty())) {
    look(*pod.spec.resources);
  } else {
    for (const corev1::Container& container : pod.spec.initContainers) look(container.resources);
    for (const corev1::Container& container : pod.spec.containers) look(container.resources);
  }
  if (!any) return "BestEffort";
  return guaranteed ? "Guaranteed" : "Burstable";
}

}  // namespace xebec::api
