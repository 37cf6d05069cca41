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

#include "kubelet/node/machine.h"

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

// The node as it is now.
struct NodeFigures {
  std::string node_name;
  Machine machine;
  MachineLoad load;
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
  virtual NodeFigures node_figures() const = 0;
  // Of the file system that holds the path.
  virtual DiskSpace disk(const std::string& path) const = 0;
  // As /metrics/probes shows them.
  virtual std::string probe_metrics() const = 0;
  // What the kubelet was told, as /configz shows it: a KubeletConfiguration as JSON.
  virtual std::string configuration() const = 0;
};

}  // namespace xebec::kubelet
