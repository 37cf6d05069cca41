// A NodeSnapshot as others read it: /stats/summary (k8s.io/kubelet/pkg/apis/stats/v1alpha1),
// /metrics/resource (pkg/kubelet/metrics/collectors) and /metrics/cadvisor.
#pragma once

#include <string>

#include "kubelet/server/stats/node_snapshot.h"

namespace xebec::kubelet {

std::string summary_json(const NodeSnapshot& snapshot, bool only_cpu_and_memory);
std::string resource_metrics(const NodeSnapshot& snapshot);
std::string cadvisor_metrics(const NodeSnapshot& snapshot);

}  // namespace xebec::kubelet
