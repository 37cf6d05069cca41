#include "controllers/podgc/controller.h"

namespace xebec::controllers {
namespace {

constexpr Duration kPeriod = std::chrono::seconds(20);
constexpr Duration kQuarantine = std::chrono::seconds(40);  // a node may be about to be registered again
constexpr size_t kFinishedThreshold = 12500;                // --terminated-pod-gc-threshold

}  // namespace

PodGcController::PodGcController(const ControllerContext& context)
    : env_(context.env),
      rest_(context.rest_as("pod-garbage-collector")),
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
  std::vector<PodPtr> finished;
  for (const PodPtr& pod : pods) {
    if (pod_finished(*pod)) finished.push_back(pod);
    bool unscheduled_terminating = pod->metadata.deletionTimestamp && pod->spec.nodeName.empty();
    if (unscheduled_terminating) co_await force_delete(pod, "the pod is terminating and has no node");
  }
  co_await collect_finished(std::move(finished));
  co_await collect_orphans(pods);
}

Task<void> PodGcController::collect_finished(std::vector<PodPtr> finished) {
  if (finished.size() <= kFinishedThreshold) co_return;
  std::stable_sort(finished.begin(), finished.end(), [](const PodPtr& a, const PodPtr& b) {
    return a->metadata.creationTimestamp < b->metadata.creationTimestamp;
  });
  finished.resize(finished.size() - kFinishedThreshold);
  for (const PodPtr& pod : finished) co_await force_delete(pod, "there are too many finished pods");
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
    for (const PodPtr& pod : on_node) co_await force_delete(pod, "its node is gone");
  }
}

Task<void> PodGcController::force_delete(PodPtr pod, std::string why) {
  env_.logger.info("Deleting a pod",
                   {{"pod", pod->metadata.namespace_ + "/" + pod->metadata.name}, {"why", why}});
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
