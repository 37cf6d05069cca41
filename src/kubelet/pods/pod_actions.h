// What has to be done to bring a pod from what the runtime has to what its spec says. Pure: no calls, no
// clock. Source: k8s.io/kubernetes pkg/kubelet/kuberuntime/kuberuntime_manager.go (computePodActions).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "kubelet/pods/runtime_pod.h"

namespace xebec::corev1 {
struct Container;
struct Pod;
}  // namespace xebec::corev1

namespace xebec::kubelet {

enum class ProbeResult { kUnknown, kSuccess, kFailure };

// What probes say about running containers, by container id.
struct ProbeView {
  std::function<ProbeResult(const std::string& id)> liveness, startup;
  // Started: the startup probe passed, or there is none.
  std::function<bool(const std::string& container, const std::string& id)> started;
};

struct ContainerToKill {
  std::string id, name;
  std::string message;  // of the Killing event
};

struct PodActions {
  bool create_sandbox = false;
  bool stop_sandboxes = false;  // old ones, before anything else
  uint32_t attempt = 0;
  std::string sandbox_id;  // of the ready one, when it is kept
  std::vector<ContainerToKill> kill;
  std::vector<std::string> start;  // names, in order: init containers, main and ephemeral ones
  bool nothing() const { return !create_sandbox && !stop_sandboxes && kill.empty() && start.empty(); }
};

PodActions compute_actions(const corev1::Pod& pod, const RuntimePod& runtime, const ProbeView& probes);

bool is_sidecar(const corev1::Container& container);
// By the restart policies and rules of the container and its pod: whether it runs again after this exit.
bool restarts_after(const corev1::Pod& pod, const corev1::Container& container, int32_t exit_code);
// The same of a container as the runtime has it, when it is not running.
bool should_restart(const corev1::Pod& pod, const corev1::Container& container,
                    const RuntimeContainer* latest);
// All regular init containers have ended well (a main container that exists proves it).
bool initialized(const corev1::Pod& pod, const RuntimePod& runtime);

}  // namespace xebec::kubelet
