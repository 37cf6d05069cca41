#include "controllers/podgc/controller.h"

#include "controllers/disruption_target.h"

namespace xebec::controllers {
namespace {

constexpr Duration kPeriod = std::chrono::seconds(20);
constexpr Duration kQuarantine = std::chrono::seconds(40);  // a node may be about to be registered again
constexpr std::string_view kOutOfService = "node.kubernetes.io/out-of-service";

bool evicted(const corev1::Pod& pod) {
  return pod.status.phase == "Failed" && pod.status.reason == "Evicted";
}

bool terminated(const corev1::Pod& pod) {
  return pod.status.phase != "Pending" && pod.status.phase != "Running" && pod.status.phase != "Unknown";
}

bool ready(const corev1::Node& node) {
  return std::any_of(node.status.conditions.begin(), node.status.conditions.end(), [](const auto& condition) {
    return condition.type == "Ready" && condition.status == "True";
  });
}

bool out_of_service(const corev1::Node& node) {
  return std::any_of(node.spec.taints.begin(), node.spec.taints.end(),
                     [](const auto& taint) { return taint.key == kOutOfService; });
}

}  // namespace

PodGcController::PodGcController(const ControllerContext& context)
    : env_(context.env),
      rest_(context.rest_as("pod-garbage-collector")),
      options_(*context.options),
      pods_(context.informers->get<corev1::Pod>()),
      nodes_(context.informers->get<corev1::Node>()) {}

void PodGcController::start(Scope& scope) { scope.spawn(loop(scope.token())); }

Task<void> PodGcController::loop(CancelToken token) {
  for (;;) {
    bool go_on = co_await sleep_for(kPeriod, token);
    if (!go_on) co_return;
    co_await collect();
  }
}

Task<void> PodGcController::collect() {
  std::vector<PodPtr> pods = pods_.list();
  if (options_.terminated_pod_gc_threshold > 0) co_await collect_finished(pods);
  co_await collect_out_of_service(pods);
  co_await collect_orphans(pods);
  co_await collect_unscheduled(pods);
}

// Evicted ones first, then the oldest.
Task<void> PodGcController::collect_finished(const std::vector<PodPtr>& pods) {
  std::vector<PodPtr> finished;
  for (const PodPtr& pod : pods) {
    if (terminated(*pod)) finished.push_back(pod);
  }
  size_t allowed = static_cast<size_t>(options_.terminated_pod_gc_threshold);
  if (finished.size() <= allowed) co_return;
  std::stable_sort(finished.begin(), finished.end(), [](const PodPtr& a, const PodPtr& b) {
    if (evicted(*a) != evicted(*b)) return evicted(*a);
    return a->metadata.creationTimestamp < b->metadata.creationTimestamp;
  });
  finished.resize(finished.size() - allowed);
  for (const PodPtr& pod : finished) co_await force_delete(pod, "there are too many finished pods", "");
}

// Of a node that an administrator has declared dead nothing will ever come back.
Task<void> PodGcController::collect_out_of_service(const std::vector<PodPtr>& pods) {
  for (const PodPtr& pod : pods) {
    if (!pod->metadata.deletionTimestamp || pod->spec.nodeName.empty()) continue;
    auto node = nodes_.get("", pod->spec.nodeName);
    if (node && !ready(*node) && out_of_service(*node))
      co_await force_delete(pod, "its node is out of service", "");
  }
}

Task<void> PodGcController::collect_orphans(const std::vector<PodPtr>& pods) {
  std::map<std::string, std::vector<PodPtr>> orphans;
  for (const PodPtr& pod : pods) {
    const std::string& node = pod->spec.nodeName;
    if (!node.empty() && !nodes_.get("", node)) orphans[node].push_back(pod);
  }
  std::erase_if(missing_since_, [&](const auto& entry) { return !orphans.contains(entry.first); });
  MonotonicTime now = env_.executor->now();
  for (const auto& [node, on_node] : orphans) {
    auto [since, added] = missing_since_.emplace(node, now);
    if (added || now - since->second < kQuarantine) continue;
    auto live = co_await rest_.get<corev1::Node>(Context(), "", node);
    bool gone = !live && live.error().is(reason::kNotFound);
    if (!gone) continue;
    for (const PodPtr& pod : on_node)
      co_await force_delete(pod, "its node is gone", "PodGC: node no longer exists");
  }
}

Task<void> PodGcController::collect_unscheduled(const std::vector<PodPtr>& pods) {
  for (const PodPtr& pod : pods) {
    if (pod->metadata.deletionTimestamp && pod->spec.nodeName.empty())
      co_await force_delete(pod, "the pod is terminating and has no node", "");
  }
}

Task<void> PodGcController::force_delete(PodPtr pod, std::string why, std::string message) {
  env_.logger.info("Deleting a pod",
                   {{"pod", pod->metadata.namespace_ + "/" + pod->metadata.name}, {"why", why}});
  std::string patch;
  if (!message.empty()) {
    patch = disruption_patch(*pod, "DeletionByPodGC", message, true, to_time(env_.clock->now()));
  } else if (!pod_finished(*pod)) {
    patch = R"({"metadata":{"uid":")" + pod->metadata.uid + R"("},"status":{"phase":"Failed"}})";
  }
  if (!patch.empty()) {
    // Whoever counts failures must hear of this one: it is tried again in the next round.
    auto marked = co_await mark_disrupted(rest_, pod, std::move(patch));
    if (!marked) {
      env_.logger.warning("Marking a pod as failed failed", {{"err", marked.error().message}});
      co_return;
    }
  }
  client::DeleteOptions options;
  options.grace_period_seconds = 0;
  options.uid = pod->metadata.uid;
  auto deleted = co_await rest_.delete_<corev1::Pod>(Context(), pod->metadata.namespace_, pod->metadata.name,
                                                     std::move(options));
  if (!deleted && !deleted.error().is(reason::kNotFound)) {
    env_.logger.warning("Deleting a pod failed", {{"err", deleted.error().message}});
  }
}

}  // namespace xebec::controllers
