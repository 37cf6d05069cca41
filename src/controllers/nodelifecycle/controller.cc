#include "controllers/nodelifecycle/controller.h"

#include <fmt/format.h>

#include "client/controller_ref.h"

namespace xebec::controllers {
namespace {

constexpr std::string_view kNotReady = "node.kubernetes.io/not-ready";
constexpr std::string_view kUnreachable = "node.kubernetes.io/unreachable";

const corev1::NodeCondition* find(const corev1::Node& node, std::string_view type) {
  for (const corev1::NodeCondition& condition : node.status.conditions) {
    if (condition.type == type) return &condition;
  }
  return nullptr;
}

struct WantedTaint {
  std::string_view key, effect;
};

// The taints that a node's conditions amount to.
std::vector<WantedTaint> wanted_taints(const corev1::Node& node) {
  std::vector<WantedTaint> out;
  const corev1::NodeCondition* ready = find(node, "Ready");
  if (ready != nullptr && ready->status == "Unknown") {
    out.push_back({kUnreachable, "NoSchedule"});
    out.push_back({kUnreachable, "NoExecute"});
  } else if (ready == nullptr || ready->status == "False") {
    out.push_back({kNotReady, "NoSchedule"});
    out.push_back({kNotReady, "NoExecute"});
  }
  auto when_true = [&](std::string_view condition, std::string_view key) {
    const corev1::NodeCondition* found = find(node, condition);
    if (found != nullptr && found->status == "True") out.push_back({key, "NoSchedule"});
  };
  when_true("MemoryPressure", "node.kubernetes.io/memory-pressure");
  when_true("DiskPressure", "node.kubernetes.io/disk-pressure");
  when_true("PIDPressure", "node.kubernetes.io/pid-pressure");
  when_true("NetworkUnavailable", "node.kubernetes.io/network-unavailable");
  if (node.spec.unschedulable) out.push_back({"node.kubernetes.io/unschedulable", "NoSchedule"});
  return out;
}

bool managed(std::string_view key) {
  static constexpr std::string_view kKeys[] = {kNotReady,
                                               kUnreachable,
                                               "node.kubernetes.io/memory-pressure",
                                               "node.kubernetes.io/disk-pressure",
                                               "node.kubernetes.io/pid-pressure",
                                               "node.kubernetes.io/network-unavailable",
                                               "node.kubernetes.io/unschedulable"};
  return std::find(std::begin(kKeys), std::end(kKeys), key) != std::end(kKeys);
}

// The node's taints with the managed ones as they should be; a taint that stays keeps its time.
std::vector<corev1::Taint> updated_taints(const corev1::Node& node, api::Time now) {
  std::vector<WantedTaint> wanted = wanted_taints(node);
  auto is_wanted = [&](const corev1::Taint& taint) {
    return std::any_of(wanted.begin(), wanted.end(),
                       [&](const WantedTaint& w) { return w.key == taint.key && w.effect == taint.effect; });
  };
  std::vector<corev1::Taint> out;
  for (const corev1::Taint& taint : node.spec.taints) {
    if (!managed(taint.key) || is_wanted(taint)) out.push_back(taint);
  }
  for (const WantedTaint& want : wanted) {
    bool present = std::any_of(out.begin(), out.end(), [&](const corev1::Taint& t) {
      return t.key == want.key && t.effect == want.effect;
    });
    if (present) continue;
    corev1::Taint& taint = out.emplace_back();
    taint.key = want.key;
    taint.effect = want.effect;
    taint.timeAdded = now;
  }
  return out;
}

}  // namespace

NodeLifecycleController::NodeLifecycleController(const ControllerContext& context)
    : env_(context.env),
      rest_(context.rest_as("node-controller")),
      options_(*context.options),
      nodes_(context.informers->get<corev1::Node>()),
      pods_(context.informers->get<corev1::Pod>()),
      leases_(context.informers->get<coordinationv1::Lease>()),
      queue_(*env_.executor),
      recorder_(rest_, env_, "node-controller") {
  nodes_.on_change([this](const NodePtr& old, const NodePtr& now) {
    if (now) queue_.add(now->metadata.name);
    if (!now) health_.erase(old->metadata.name);
    if (!old && now) {
      recorder_.event(*now, client::kEventNormal, "RegisteredNode",
                      fmt::format("Node {} event: Registered Node {} in Controller", now->metadata.name,
                                  now->metadata.name));
    }
  });
}

void NodeLifecycleController::start(Scope& scope) {
  scope.spawn(recorder_.run(scope.token()));
  scope.spawn(monitor_loop(scope.token()));
  client::run_controller(
      scope, queue_, 2, [this](std::string name) { return sync_taints(std::move(name)); }, env_.logger);
}

Task<Result<void>> NodeLifecycleController::sync_taints(std::string name) {
  NodePtr node = nodes_.get("", name);
  if (!node) co_return Result<void>();
  std::vector<corev1::Taint> taints = updated_taints(*node, to_time(env_.clock->now()));
  if (taints == node->spec.taints) co_return Result<void>();
  corev1::Node updated = *node;
  updated.spec.taints = std::move(taints);
  auto written = co_await rest_.update(Context(), updated);
  bool gone = !written && written.error().is(reason::kNotFound);
  if (!written && !gone) co_return fail(std::move(written).error());
  co_return Result<void>();
}

Task<void> NodeLifecycleController::monitor_loop(CancelToken token) {
  for (;;) {
    for (const NodePtr& node : nodes_.list()) co_await check_health(node);
    bool go_on = co_await sleep_for(options_.node_monitor_period, token);
    if (!go_on) co_return;
  }
}

// Anything that changes with every report: the lease's renewal and the heartbeats of conditions.
std::string NodeLifecycleController::heartbeat_of(const corev1::Node& node) const {
  std::string out;
  if (auto lease = leases_.get("kube-node-lease", node.metadata.name); lease && lease->spec.renewTime) {
    out += lease->spec.renewTime->str();
  }
  if (const corev1::NodeCondition* ready = find(node, "Ready"))
    out += "|" + ready->lastHeartbeatTime.str() + "|" + ready->status;
  return out;
}

Task<void> NodeLifecycleController::check_health(NodePtr node) {
  MonotonicTime now = env_.executor->now();
  std::string heartbeat = heartbeat_of(*node);
  auto [it, added] = health_.try_emplace(node->metadata.name);
  Health& health = it->second;
  if (added || health.heartbeat != heartbeat) {
    health.seen = now;
    health.heartbeat = std::move(heartbeat);
  }
  const corev1::NodeCondition* ready = find(*node, "Ready");
  Duration grace = ready == nullptr ? options_.node_startup_grace_period : options_.node_monitor_grace_period;
  bool silent = now - health.seen > grace;
  if (silent && (ready == nullptr || ready->status != "Unknown")) {
    co_await mark_unknown(*node);
    // Our own write is no heartbeat.
    NodePtr written = nodes_.get("", node->metadata.name);
    if (written) health_[node->metadata.name].heartbeat = heartbeat_of(*written);
  }
  bool was_ready = ready != nullptr && ready->status == "True";
  if (silent || (ready != nullptr && !was_ready)) co_await mark_pods_not_ready(node->metadata.name);
}

Task<void> NodeLifecycleController::mark_unknown(corev1::Node node) {
  api::Time now = to_time(env_.clock->now());
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
  recorder_.event(node, client::kEventNormal, "NodeNotReady",
                  fmt::format("Node {} status is now: NodeNotReady", node.metadata.name));
  auto written = co_await rest_.update_status(Context(), node);
  if (!written) {
    env_.logger.warning("Updating the status of a node failed",
                        {{"node", node.metadata.name}, {"err", written.error().message}});
  }
}

// Endpoints must not go on naming Pods of a node that cannot be reached.
Task<void> NodeLifecycleController::mark_pods_not_ready(std::string node) {
  for (const PodPtr& pod : pods_.list()) {
    if (pod->spec.nodeName != node || !pod_ready(*pod)) continue;
    corev1::Pod updated = *pod;
    for (corev1::PodCondition& condition : updated.status.conditions) {
      if (condition.type != "Ready") continue;
      condition.status = "False";
      condition.lastTransitionTime = to_time(env_.clock->now());
    }
    auto written = co_await rest_.update_status(Context(), updated);
    if (written) recorder_.event(*pod, client::kEventWarning, "NodeNotReady", "Node is not ready");
  }
}

TaintEvictionController::TaintEvictionController(const ControllerContext& context)
    : env_(context.env),
      rest_(context.rest_as("node-controller")),
      nodes_(context.informers->get<corev1::Node>()),
      pods_(context.informers->get<corev1::Pod>()),
      queue_(*env_.executor),
      recorder_(rest_, env_, "taint-eviction-controller") {
  pods_.on_change([this](const PodPtr& old, const PodPtr& now) {
    queue_.add(client::key_of((now ? now : old)->metadata));
  });
  nodes_.on_change([this](const auto& old, const auto& now) {
    if (old && now && old->spec.taints == now->spec.taints) return;
    const std::string& name = (now ? now : old)->metadata.name;
    for (const PodPtr& pod : pods_.list()) {
      if (pod->spec.nodeName == name) queue_.add(client::key_of(pod->metadata));
    }
  });
}

void TaintEvictionController::start(Scope& scope) {
  scope.spawn(recorder_.run(scope.token()));
  client::run_controller(
      scope, queue_, 4, [this](std::string key) { return sync(std::move(key)); }, env_.logger);
}

std::optional<int64_t> TaintEvictionController::allowed_stay(const corev1::Pod& pod,
                                                             const corev1::Node& node) const {
  std::optional<int64_t> least;
  for (const corev1::Taint& taint : node.spec.taints) {
    if (taint.effect != "NoExecute") continue;
    bool tolerated = false;
    for (const corev1::Toleration& t : pod.spec.tolerations) {
      bool effect = t.effect.empty() || t.effect == taint.effect;
      bool key = t.key.empty() || t.key == taint.key;
      bool value = t.operator_ == "Exists" || t.value == taint.value;
      if (!effect || !key || !value) continue;
      tolerated = true;
      if (t.tolerationSeconds)
        least = std::min(least.value_or(*t.tolerationSeconds), std::max<int64_t>(*t.tolerationSeconds, 0));
    }
    if (!tolerated) return 0;
  }
  return least;
}

Task<Result<void>> TaintEvictionController::sync(std::string key) {
  client::KeyParts parts = client::split_key(key);
  PodPtr pod = pods_.get(parts.ns, parts.name);
  std::shared_ptr<const corev1::Node> node =
      pod && !pod->spec.nodeName.empty() ? nodes_.get("", pod->spec.nodeName) : nullptr;
  bool tainted = node && std::any_of(node->spec.taints.begin(), node->spec.taints.end(),
                                     [](const auto& t) { return t.effect == "NoExecute"; });
  if (!tainted || pod->metadata.deletionTimestamp) {
    since_.erase(key);
    co_return Result<void>();
  }
  std::optional<int64_t> stay = allowed_stay(*pod, *node);
  if (!stay) {
    since_.erase(key);
    co_return Result<void>();
  }
  MonotonicTime now = env_.executor->now();
  MonotonicTime end = since_.try_emplace(key, now).first->second + std::chrono::seconds(*stay);
  if (now < end) {
    queue_.add_after(key, end - now);
    co_return Result<void>();
  }
  recorder_.event(*pod, client::kEventNormal, "TaintManagerEviction",
                  fmt::format("Marking for deletion Pod {}", key));
  client::DeleteOptions options;
  options.uid = pod->metadata.uid;
  auto deleted = co_await rest_.delete_<corev1::Pod>(Context(), parts.ns, parts.name, std::move(options));
  bool fine = deleted || deleted.error().is(reason::kNotFound) || deleted.error().is(reason::kConflict);
  if (!fine) co_return fail(std::move(deleted).error());
  since_.erase(key);
  co_return Result<void>();
}

}  // namespace xebec::controllers
