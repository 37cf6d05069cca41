// Nodes that stop reporting: conditions become Unknown, the node is tainted, and its Pods are no longer
// ready. How fast nodes get the taint that evicts their Pods depends on how many nodes of their zone are down
// (k8s.io/kubernetes/pkg/controller/nodelifecycle).
#pragma once

#include <set>

#include "api/gen/coordinationv1.h"
#include "api/gen/corev1.h"
#include "client/workqueue.h"
#include "controllers/controller.h"
#include "controllers/nodelifecycle/zones.h"
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
    std::string heartbeat;      // what was seen then
    bool pods_pending = false;  // its Pods could not all be marked not ready
  };
  struct Zone {
    explicit Zone(double rate) : queue(rate) {}
    ZoneState state = ZoneState::kInitial;
    ZoneQueue queue;
  };
  struct Count {
    int ready = 0;
    int not_ready = 0;
  };

  Task<Result<void>> sync_node(std::string name);
  Task<void> monitor_loop(CancelToken token);
  Task<void> monitor();
  // The status of the condition Ready after looking: empty when the node has none.
  Task<std::string> check_health(NodePtr node);
  Task<Result<corev1::Node>> mark_unknown(NodePtr node);
  Task<bool> mark_pods_not_ready(std::string node);
  std::string heartbeat_of(const corev1::Node& node) const;
  bool heard_of(const corev1::Node& node);

  // eviction.cc
  Task<void> process_taints(NodePtr node, std::string ready);
  Task<bool> write_execution_taint(NodePtr node, std::string key);
  Task<void> handle_disruption(std::map<std::string, Count> counts, std::vector<NodePtr> nodes);
  double rate_of(ZoneState state, const Count& count) const;
  Task<Result<void>> taint_next(std::string zone);
  Zone& zone(const std::string& name);

  client::Env env_;
  client::Rest rest_;
  const ControllerOptions& options_;
  client::Informer<corev1::Node>& nodes_;
  client::Informer<corev1::Pod>& pods_;
  client::Informer<coordinationv1::Lease>& leases_;
  client::WorkQueue<> queue_;       // nodes whose taints and labels are to be looked at
  client::WorkQueue<> zone_queue_;  // zones whose next node may be tainted
  std::map<std::string, Health> health_;
  std::map<std::string, Zone> zones_;
  client::EventRecorder recorder_;
};

}  // namespace xebec::controllers
