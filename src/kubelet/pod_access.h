// PodAccess: what the kubelet's server may know about the pods of this node, to serve logs, exec, attach,
// port-forward and the pod lists. The Kubelet implements it. Everything is called on the kubelet's executor
// (Kubelet::executor()); what is returned is the caller's own or immutable.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace xebec::corev1 {
struct Pod;
}

namespace xebec::kubelet {

enum class ContainerPhase { kWaiting, kRunning, kTerminated };

// One container of a pod, as it is now.
struct ContainerView {
  std::string name;
  std::string id;  // the runtime's id, without "containerd://"; empty: not created yet
  ContainerPhase phase = ContainerPhase::kWaiting;
  std::string reason;  // of waiting or terminated ("ContainerCreating", "CrashLoopBackOff", "Completed", ...)
  std::string log_path;   // absolute, of this instance; empty: none
  int32_t exit_code = 0;  // of a terminated one
  int32_t restart_count = 0;
  std::string previous_id;        // the instance before; empty: none is kept
  std::string previous_log_path;  // empty: none
};

class PodAccess {
 public:
  virtual ~PodAccess() = default;

  // Pods with the status as this node knows it, in order of namespace and name; null when not on this node.
  virtual std::vector<std::shared_ptr<const corev1::Pod>> pods() const = 0;
  virtual std::shared_ptr<const corev1::Pod> pod(std::string_view ns, std::string_view name) const = 0;
  virtual std::shared_ptr<const corev1::Pod> pod_by_uid(std::string_view uid) const = 0;
  // Nothing when the pod, or a container of that name in its spec, is not known.
  virtual std::optional<ContainerView> container(std::string_view uid, std::string_view name) const = 0;
  // The ready sandbox of the pod; empty when there is none.
  virtual std::string sandbox_id(std::string_view uid) const = 0;
};

}  // namespace xebec::kubelet
