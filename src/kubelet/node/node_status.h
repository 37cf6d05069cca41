// NodeStatus: the Node object of this kubelet and its Lease: registers the node, patches its status when
// something changed (looked at every 10 s) and every 5 minutes otherwise, renews the lease every 10 s. Taints
// are not its business: the node lifecycle controller removes not-ready. Source: k8s.io/kubernetes
// pkg/kubelet/kubelet_node_status.go, nodestatus; component-helpers/apimachinery/lease.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/gen/corev1.h"
#include "base/cancel.h"
#include "base/sync.h"
#include "base/task.h"
#include "client/env.h"
#include "client/event_recorder.h"
#include "client/rest.h"
#include "kubelet/cri/runtime.h"
#include "kubelet/node/machine.h"
#include "kubelet/options.h"

namespace xebec::kubelet {

class NodeStatus {
 public:
  NodeStatus(const KubeletOptions& options, client::Env env, client::Rest rest, cri::Runtime& runtime,
             MachineReader& machine, client::EventRecorder& recorder);

  // Registers and then reports until cancelled.
  Task<void> run(CancelToken token);
  // Renews the lease until cancelled.
  Task<void> run_lease(CancelToken token);
  // Something changed that the status should tell soon (an image, the runtime's condition).
  void poke() { poked_.notify_all(); }
  bool registered() const { return node_.has_value(); }
  // False until the first registration. Capacity of this node, for downward API and oom scores.
  const api::FlatMap<api::Quantity>& allocatable() const { return allocatable_; }
  int64_t memory_capacity() const { return memory_; }
  // As the server answered last; nullptr before it has the node's resources.
  const corev1::Node* node() const { return node_ && !node_->status.allocatable.empty() ? &*node_ : nullptr; }
  bool apparmor() const { return machine_.apparmor; }
  bool recursive_read_only() const { return recursive_read_only_; }
  // Conditions under which pods are refused and evicted.
  const std::vector<std::string>& pressures() const { return pressures_; }
  void set_pressures(std::vector<std::string> conditions);

 private:
  Task<Result<void>> register_node(CancelToken token);
  Task<Result<void>> report(CancelToken token);
  Task<Result<void>> renew_lease(CancelToken token);
  corev1::Node initial() const;
  Task<void> fill(corev1::NodeStatus& status);
  void fill_conditions(corev1::NodeStatus& status, std::string runtime_problem);
  void event(std::string_view type, std::string_view reason, std::string message);
  void note_changes(const corev1::Node& old, const corev1::NodeStatus& now);
  void set_condition(corev1::NodeStatus& status, std::string_view type, bool value, std::string_view reason,
                     std::string message);

  const KubeletOptions& options_;
  client::Env env_;
  client::Rest rest_;
  cri::Runtime& runtime_;
  client::EventRecorder& recorder_;
  Machine machine_;
  api::FlatMap<api::Quantity> allocatable_;
  int64_t memory_ = 0;
  std::string runtime_version_;
  bool recursive_read_only_ = false;
  std::vector<std::string> pressures_;
  std::optional<corev1::Node> node_;  // as the server answered last
  std::optional<MonotonicTime> reported_;
  Signal poked_;
};

}  // namespace xebec::kubelet
