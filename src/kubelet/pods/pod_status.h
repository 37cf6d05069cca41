// The status of a pod, from what the runtime has and what the kubelet last failed at. Pure.
// Source: k8s.io/kubernetes pkg/kubelet/kubelet_pods.go (convertToAPIContainerStatuses, getPhase),
// pkg/kubelet/status.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "api/gen/corev1.h"
#include "kubelet/pods/runtime_pod.h"

namespace xebec::kubelet {

// Why a container is not running: ImagePullBackOff, CrashLoopBackOff, CreateContainerConfigError ...
struct WaitingReason {
  std::string reason, message;
};

struct StatusInputs {
  const corev1::Pod* pod = nullptr;  // its status is the one known last
  const RuntimePod* runtime = nullptr;
  bool ending = false;                           // containers will not be started again
  std::string failed_reason, failed_message;     // the kubelet gave the pod up (DeadlineExceeded)
  bool refused = false;                          // ... before it began: there are no containers to tell of
  bool evicted = false;                          // ... because the node cannot keep it
  std::map<std::string, WaitingReason> waiting;  // by container name
  std::vector<std::string> node_ips;
  api::Time now;
  // Probes, for running containers.
  std::function<bool(const std::string& name, const std::string& id)> started;
  std::function<bool(const std::string& name, const std::string& id)> ready;
};

// Conditions hold the kubelet's own only; lastTransitionTime is kept where the status is the same.
corev1::PodStatus make_pod_status(const StatusInputs& in);

bool is_terminal(std::string_view phase);
// Set by whoever makes a pod go before its time; the kubelet is one of them.
inline constexpr std::string_view kDisruptionTarget = "DisruptionTarget";
// The conditions the kubelet owns.
bool is_kubelet_condition(std::string_view type);
// "name_namespace(uid)", as messages name pods.
std::string pod_label(const corev1::Pod& pod);
// What an event about one container is about.
corev1::ObjectReference container_reference(const corev1::Pod& pod, const std::string& container);

}  // namespace xebec::kubelet
