// What a Pod asks for, all containers together (k8s.io/component-helpers/resource), and its QoS class.
#pragma once

#include <string_view>

#include "api/flat_map.h"
#include "api/quantity.h"

namespace xebec::corev1 {
struct Pod;
}

namespace xebec::api {

using ResourceList = FlatMap<Quantity>;

// Sum of the main containers and sidecars, or the largest init container where that is more; pod-level values
// replace it; overhead is added.
ResourceList pod_requests(const corev1::Pod& pod);
ResourceList pod_limits(const corev1::Pod& pod);
// A pod is limited as a whole when it says so itself or each of its containers is limited.
bool pod_is_limited(const corev1::Pod& pod, std::string_view resource);
// "Guaranteed", "Burstable" or "BestEffort", from the spec.
std::string_view pod_qos_class(const corev1::Pod& pod);

}  // namespace xebec::api
