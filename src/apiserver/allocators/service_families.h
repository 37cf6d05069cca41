// Which IP families a Service has: what it says, what its addresses say, and what the cluster has
// (k8s.io/kubernetes pkg/registry/core/service/storage/alloc.go, initIPFamilyFields).
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace xebec::corev1 {
struct Service;
}

namespace xebec::apiserver {

// Fills ipFamilies and ipFamilyPolicy, and cuts clusterIPs where a Service goes back to one family.
// `cluster`: the cluster's families, its first choice first. `old` is nullptr for a new Service.
Result<void> settle_families(corev1::Service& service, const corev1::Service* old,
                             const std::vector<std::string>& cluster);
// Services that would take two families where there are two keep what they have until told otherwise.
bool keeps_families(const corev1::Service& service, const corev1::Service* old);
bool is_headless(const corev1::Service& service);

}  // namespace xebec::apiserver
