#pragma once

#include <string_view>

namespace xebec::corev1 {
struct Pod;
}

namespace xebec::apiserver {

// "Guaranteed", "Burstable" or "BestEffort": from the cpu and memory requests and limits
// (https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/).
std::string_view pod_qos_class(const corev1::Pod& pod);

}  // namespace xebec::apiserver
