// NoExecute taints, at the rate that the state of a node's zone allows.
#include "controllers/nodelifecycle/controller.h"
#include "controllers/nodelifecycle/taints.h"

namespace xebec::controllers {
namespace {

std::string_view taint_for(std::string_view ready) {
  if (ready == "False") return kTaintNotReady;
  return ready == "Unknown" ? kTaintUnreachable : std::string_view();
}

}  // namespace

NodeLifecycleController::Zone& NodeLifecycleController::zone(const std::string& name) {
  return zones_.try_emplace(name, options_.node_eviction_rate).first->second;
}

// One that has a taint of the two gets the other at once; one that has none waits for its zone's turn; one
// that is ready loses both at once.
Task<void> NodeLifecycleController::process_taints(NodePtr node, std::string ready) {
  std::string_view key = taint_for(ready);
  ZoneQueue& queue = zone(zone_of(*node)).queue;
  if (key.empty()) {
    queue.remove(node->metadata.name);
    bool tainted =
        has_execution_taint(*node, kTaintNotReady) || has_execution_taint(*node, kTaintUnreachable);
    if (tainted) co_await write_execution_taint(node, std::string());
    co_return;
  }
  std::string_view opposite = key == kTaintNotReady ? kTaintUnreachable : kTaintNotReady;
  if (has_execution_taint(*node, opposite)) {
    co_await write_execution_taint(node, std::string(key));
  } else {
    queue.add(node->metadata.name);
  }
}

Task<bool> NodeLifecycleController::write_execution_taint(NodePtr node, std::string key) {
  corev1::Node updated = *node;
  updated.spec.taints = with_execution_taint(*node, key, to_time(env_.clock->now()));
  if (updated.spec.taints == node->spec.taints) co_return true;
  auto written = co_await rest_.update(Context(), updated);
  bool fine = written || written.error().is(reason::kNotFound);
  if (!fine) {
    env_.logger.warning("Tainting a node failed",
                        {{"node", node->metadata.name}, {"err", written.error().message}});
  }
  co_return fine;
}

// Taints the next node of the zone, if its time has come, and comes back for the one after.
Task<Result<void>> NodeLifecycleController::taint_next(std::string name) {
  ZoneQueue& queue = zone(name).queue;
  std::optional<std::string> taken = queue.take(env_.executor->now());
  NodePtr node;
  if (taken) node = nodes_.get("", *taken);
  const corev1::NodeCondition* ready = node ? condition_of(*node, "Ready") : nullptr;
  // The informer may not show yet that the node is unreachable, or no longer that it was.
  std::string_view key = ready == nullptr ? std::string_view() : taint_for(ready->status);
  if (taken && node) {
    bool tainted = false;
    if (!key.empty()) tainted = co_await write_execution_taint(node, std::string(key));
    if (!tainted) queue.put_back(std::move(*taken));
  }
  if (std::optional<MonotonicTime> next = queue.next()) {
    Duration wait = std::max<Duration>(*next - env_.executor->now(), std::chrono::milliseconds(100));
    zone_queue_.add_after(name, wait);
  }
  co_return Result<void>();
}

double NodeLifecycleController::rate_of(ZoneState state, const Count& count) const {
  if (state != ZoneState::kPartialDisruption) return options_.node_eviction_rate;
  bool large = count.ready + count.not_ready > options_.large_cluster_size_threshold;
  return large ? options_.secondary_node_eviction_rate : 0;
}

// Sets the rates of zones by their states. When all of them are down it is more likely that this controller
// cannot see than that every node has died: nobody is evicted then, and afterwards every node gets its time
// again.
Task<void> NodeLifecycleController::handle_disruption(std::map<std::string, Count> counts,
                                                      std::vector<NodePtr> nodes) {
  MonotonicTime now = env_.executor->now();
  std::erase_if(zones_, [&](const auto& entry) { return !counts.contains(entry.first); });
  std::map<std::string, ZoneState> states;
  bool all_down = true, all_were_down = true;
  for (const auto& [name, count] : counts) {
    states[name] = zone_state(count.ready, count.not_ready, options_.unhealthy_zone_threshold);
    all_down &= states[name] == ZoneState::kFullDisruption;
    all_were_down &= zone(name).state == ZoneState::kFullDisruption;
  }
  if (counts.empty() || (all_down && all_were_down)) co_return;
  if (all_down) {
    for (auto& [name, zone] : zones_) {
      zone.queue.set_rate(0, now);
      zone.state = ZoneState::kFullDisruption;
    }
    for (const NodePtr& node : nodes) {
      zone(zone_of(*node)).queue.remove(node->metadata.name);
      NodePtr now_known = nodes_.get("", node->metadata.name);
      if (now_known) co_await write_execution_taint(now_known, std::string());
    }
    co_return;
  }
  if (all_were_down) {
    for (auto& [name, health] : health_) health.seen = now;
  }
  for (auto& [name, zone] : zones_) {
    if (!all_were_down && zone.state == states[name]) continue;
    zone.queue.set_rate(rate_of(states[name], counts[name]), now);
    zone.state = states[name];
  }
}

}  // namespace xebec::controllers
