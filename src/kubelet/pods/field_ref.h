// Values of a pod's own fields and resources: the downward API, for environment and volumes.
// Source: k8s.io/kubernetes pkg/fieldpath, pkg/api/v1/resource.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/flat_map.h"
#include "api/quantity.h"
#include "base/result.h"

namespace xebec::corev1 {
struct Container;
struct Pod;
struct ResourceFieldSelector;
}  // namespace xebec::corev1

namespace xebec::kubelet {

// What a running pod knows besides its object.
struct PodFacts {
  std::vector<std::string> pod_ips;
  std::vector<std::string> host_ips;
};

Result<std::string> field_value(const corev1::Pod& pod, std::string_view path, const PodFacts& facts);
// `allocatable` of the node stands for limits that are not set.
Result<std::string> resource_value(const corev1::Pod& pod, const corev1::Container* container,
                                   const corev1::ResourceFieldSelector& selector,
                                   const api::FlatMap<api::Quantity>& allocatable);
// The container of that name, main or init; nullptr when there is none.
const corev1::Container* find_container(const corev1::Pod& pod, std::string_view name);

}  // namespace xebec::kubelet
