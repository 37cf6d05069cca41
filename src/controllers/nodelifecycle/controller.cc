#include "controllers/nodelifecycle/controller.h"

#include <fmt/format.h>

#include "controllers/nodelifecycle/taints.h"
#include "controllers/pod_index.h"

namespace xebec::controllers {

NodeLifecycleController::NodeLifecycleController(const ControllerContext& context)
    : env_(context.env),
      rest_(context.rest_as("node-controller")),
      options_(*context.options),
      nodes_(context.informers->get<corev1::Node>()),
      pods_(context.informers->get<corev1::Pod>()),
      leases_(context.informers->get<coordinationv1::Lease>()),
      queue_(env_, "node_lifecycle_controller"),
      zone_queue_(env_, "node_lifecycle_controller_zones"),
      recorder_(rest_, env_, "node-controller") {
  index_by_node(pods_);
  nodes_.on_change([this](const NodePtr& old, const NodePtr& now) {
    if (now) queue_.add(now->metadata.name);
    if (!old) {
      recorder_.event(*now, client::kEventNormal, "RegisteredNode",
                      fmt::format("Node {} event: Registered Node {} in Controller", now->metadata.name,
                                  now->metadata.name));
    }
    if (now) return;
    health_.erase(old->metadata.name);
    for (auto& [name, zone] : zones_) zone.queue.remove(old->metadata.name);
    recorder_.event(*old, client::kEventNormal, "RemovingNode",
                    fmt::format("Node {} event: Removing Node {} from Controller", old->metadata.name,
                                old->metadata.name));
  });
}

void NodeLifecycleController::start(Scope& scope) {
  scope.spawn(recorder_.run(scope.token()));
  scope.spawn(monitor_loop(scope.token()));
  client::run_controller(
      scope, queue_, 8, [this](std::string name) { return sync_node(std::move(name)); }, env_.logger);
  client::run_controller(
      scope, zone_queue_, 1, [this](std::string zone) { return taint_next(std::move(zone)); }, env_.logger);
}

// Taints of effect NoSchedule follow the conditions at once.
Task<Result<void>> NodeLifecycleController::sync_node(std::string name) {
  NodePtr node = nodes_.get("", name);
  if (!node) co_return Result<void>();
  corev1::Node updated = *node;
  updated.spec.taints = with_condition_taints(*node, to_time(env_.clock->now()));
  bool labels = reconcile_labels(updated);
  if (!labels && updated.spec.taints == node->spec.taints) co_return Result<void>();
  auto written = co_await rest_.update(Context(), updated);
  bool gone = !written && written.error().is(reason::kNotFound);
  if (!written && !gone) co_return fail(std::move(written).error());
  co_return Result<void>();
}

Task<void> NodeLifecycleController::monitor_loop(CancelToken token) {
  for (;;) {
    co_await monitor();
    bool go_on = co_await sleep_for(options_.node_monitor_period, token);
    if (!go_on) co_return;
  }
}

Task<void> NodeLifecycleController::monitor() {
  std::map<std::string, Count> counts;
  std::vector<NodePtr> nodes = nodes_.list();
  for (const NodePtr& node : nodes) {
    zone(zone_of(*node));
    const corev1::NodeCondition* before = condition_of(*node, "Ready");
    bool was_ready = before != nullptr && before->status == "True";
    std::string now = co_await check_health(node);
    if (!node->metadata.labels.contains("node.kubernetes.io/exclude-disruption")) {
      Count& count = counts[zone_of(*node)];
      ++(now == "True" ? count.ready : count.not_ready);
    }
    if (now.empty()) continue;
    co_await process_taints(node, now);
    Health& health = health_[node->metadata.name];
    if (now == "True") {
      health.pods_pending = false;
      continue;
    }
    if (was_ready) {
      recorder_.event(*node, client::kEventNormal, "NodeNotReady",
                      fmt::format("Node {} status is now: NodeNotReady", node->metadata.name));
    }
    if (!was_ready && !health.pods_pending) continue;
    bool marked = co_await mark_pods_not_ready(node->metadata.name);
    health_[node->metadata.name].pods_pending = !marked;
  }
  co_await handle_disruption(std::move(counts), std::move(nodes));
  // Not before it is known how each zone fares.
  for (const auto& [name, zone] : zones_) zone_queue_.add(name);
}

// Anything that changes with every report: the lease's renewal and the heartbeats of conditions.
std::string NodeLifecycleController::heartbeat_of(const corev1::Node& node) const {
  std::string out;
  if (auto lease = leases_.get("kube-node-lease", node.metadata.name); lease && lease->spec.renewTime) {
    out += lease->spec.renewTime->str();
  }
  if (const corev1::NodeCondition* ready = condition_of(node, "Ready"))
    out += "|" + ready->lastHeartbeatTime.str() + "|" + ready->status;
  return out;
}

// True when it is the first time, or there is something new.
bool NodeLifecycleController::heard_of(const corev1::Node& node) {
  std::string heartbeat = heartbeat_of(node);
  auto [it, added] = health_.try_emplace(node.metadata.name);
  Health& health = it->second;
  if (!added && health.heartbeat == heartbeat) return false;
  health.seen = env_.executor->now();
  health.heartbeat = std::move(heartbeat);
  return true;
}

Task<std::string> NodeLifecycleController::check_health(NodePtr node) {
  const corev1::NodeCondition* ready = condition_of(*node, "Ready");
  std::string status = ready == nullptr ? std::string() : ready->status;
  if (heard_of(*node)) co_return status;
  Duration grace = ready == nullptr ? options_.node_startup_grace_period : options_.node_monitor_grace_period;
  bool silent = env_.executor->now() - health_[node->metadata.name].seen > grace;
  if (!silent || status == "Unknown") co_return status;
  auto written = co_await mark_unknown(node);
  if (!written) {
    env_.logger.warning("Updating the status of a node failed",
                        {{"node", node->metadata.name}, {"err", written.error().message}});
    co_return status;
  }
  // Our own write is no heartbeat.
  health_[node->metadata.name].heartbeat = heartbeat_of(*written);
  co_return std::string("Unknown");
}

namespace {

void make_unknown(corev1::Node& node, api::Time now) {
  for (std::string_view type : {"Ready", "MemoryPressure", "DiskPressure", "PIDPressure"}) {
    auto it = std::find_if(node.status.conditions.begin(), node.status.conditions.end(),
                           [&](const auto& c) { return c.type == type; });
    if (it == node.status.conditions.end()) {
      corev1::NodeCondition& condition = node.status.conditions.emplace_back();
      condition.type = type;
      condition.status = "Unknown";
      condition.reason = "NodeStatusNeverUpdated";
      condition.message = "Kubelet never posted node status.";
      condition.lastHeartbeatTime = node.metadata.creationTimestamp;
      condition.lastTransitionTime = now;
    } else if (it->status != "Unknown") {
      it->status = "Unknown";
      it->reason = "NodeStatusUnknown";
      it->message = "Kubelet stopped posting node status.";
      it->lastTransitionTime = now;
    }
  }
}

}  // namespace

// A node that turns out to have reported meanwhile is left alone.
Task<Result<corev1::Node>> NodeLifecycleController::mark_unknown(NodePtr node) {
  corev1::Node updated = *node;
  make_unknown(updated, to_time(env_.clock->now()));
  auto written = co_await rest_.update_status(Context(), updated);
  co_return written;
}

// Endpoints must not go on naming Pods of a node that cannot be reached. False when one could not be written.
Task<bool> NodeLifecycleController::mark_pods_not_ready(std::string node) {
  bool all = true;
  for (const PodPtr& pod : pods_.by_index(kByNode, node)) {
    if (!pod_ready(*pod)) continue;
    corev1::Pod updated = *pod;
    for (corev1::PodCondition& condition : updated.status.conditions) {
      if (condition.type != "Ready") continue;
      condition.status = "False";
      condition.lastTransitionTime = to_time(env_.clock->now());
    }
    auto written = co_await rest_.update_status(Context(), updated);
    if (written) recorder_.event(*pod, client::kEventWarning, "NodeNotReady", "Node is not ready");
    if (!written && !written.error().is(reason::kNotFound)) all = false;
  }
  co_return all;
}

}  // namespace xebec::controllers
