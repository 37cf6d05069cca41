// Nodes that stop reporting: conditions become Unknown, the node is tainted, and Pods that do not bear the
// taint are evicted (k8s.io/kubernetes/pkg/controller/nodelifecycle and tainteviction).
#pragma once

#include "api/gen/coordinationv1.h"
#include "api/gen/corev1.h"
#include "client/workqueue.h"
#include "controllers/controller.h"
#include "controllers/pod_helpers.h"

namespace xebec::controllers {

class NodeLifecycleController final : public Controller {
 public:
  explicit NodeLifecycleController(const ControllerContext& context);
  void start(Scope& scope) override;

 private:
  using NodePtr = std::shared_ptr<const corev1::Node>;

  // When this controller last saw the node report, by its own clock: node clocks need not agree.
  struct Health {
    MonotonicTime seen{};
    std::string heartbeat;  // what was seen then
  };

  Task<void> monitor_loop(CancelToken token);
  Task<Result<void>> sync_taints(std::string name);
  Task<void> check_health(NodePtr node);
  Task<void> mark_unknown(corev1::Node node);
  Task<void> mark_pods_not_ready(std::string node);
  std::string heartbeat_of(const corev1::Node& node) const;

  client::Env env_;
  client::Rest rest_;
  const ControllerOptions& options_;
  client::Informer<corev1::Node>& nodes_;
  client::Informer<corev1::Pod>& pods_;
  client::Informer<coordinationv1::Lease>& leases_;
  client::WorkQueue<> queue_;
  std::map<std::string, Health> health_;
  client::EventRecorder recorder_;
};

// Deletes Pods from nodes with NoExecute taints when their tolerations run out.
class TaintEvictionController final : public Controller {
 public:
  explicit TaintEvictionController(const ControllerContext& context);
  void start(Scope& scope) override;

 private:
  Task<Result<void>> sync(std::string key);
  // Seconds the Pod may stay: 0 now, nothing: for ever.
  std::optional<int64_t> allowed_stay(const corev1::Pod& pod, const corev1::Node& node) const;

  client::Env env_;
  client::Rest rest_;
  client::Informer<corev1::Node>& nodes_;
  client::Informer<corev1::Pod>& pods_;
  client::WorkQueue<> queue_;
  std::map<std::string, MonotonicTime> since_;  // key of a Pod -> when its stay on a tainted node began
  client::EventRecorder recorder_;
};

}  // namespace xebec::controllers
