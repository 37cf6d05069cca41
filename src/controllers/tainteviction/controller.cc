#include "controllers/tainteviction/controller.h"

#include <fmt/format.h>

#include "controllers/disruption_target.h"
#include "controllers/pod_index.h"

namespace xebec::controllers {
namespace {

bool bears(const corev1::Toleration& toleration, const corev1::Taint& taint) {
  if (!toleration.effect.empty() && toleration.effect != taint.effect) return false;
  if (!toleration.key.empty() && toleration.key != taint.key) return false;
  return toleration.operator_ == "Exists" || toleration.value == taint.value;
}

bool tainted(const corev1::Node& node) {
  return std::any_of(node.spec.taints.begin(), node.spec.taints.end(),
                     [](const auto& taint) { return taint.effect == "NoExecute"; });
}

}  // namespace

std::optional<int64_t> allowed_stay(const std::vector<corev1::Toleration>& tolerations,
                                    const std::vector<corev1::Taint>& taints) {
  std::optional<int64_t> least;
  for (const corev1::Taint& taint : taints) {
    if (taint.effect != "NoExecute") continue;
    auto found = std::find_if(tolerations.begin(), tolerations.end(),
                              [&](const corev1::Toleration& t) { return bears(t, taint); });
    if (found == tolerations.end()) return 0;
    if (!found->tolerationSeconds) continue;
    int64_t seconds = std::max<int64_t>(*found->tolerationSeconds, 0);
    least = std::min(least.value_or(seconds), seconds);
  }
  return least;
}

TaintEvictionController::TaintEvictionController(const ControllerContext& context)
    : env_(context.env),
      rest_(context.rest_as("node-controller")),
      nodes_(context.informers->get<corev1::Node>()),
      pods_(context.informers->get<corev1::Pod>()),
      queue_(env_, "noexec_taint_pod"),
      recorder_(rest_, env_, "taint-eviction-controller") {
  index_by_node(pods_);
  pods_.on_change([this](const PodPtr& old, const PodPtr& now) {
    bool same = old && now && old->metadata.uid == now->metadata.uid &&
                old->spec.nodeName == now->spec.nodeName && old->spec.tolerations == now->spec.tolerations;
    if (!same) queue_.add(client::key_of((now ? now : old)->metadata));
  });
  nodes_.on_change([this](const auto& old, const auto& now) {
    if (old && now && old->spec.taints == now->spec.taints) return;
    const std::string& name = (now ? now : old)->metadata.name;
    for (const PodPtr& pod : pods_.by_index(kByNode, name)) queue_.add(client::key_of(pod->metadata));
  });
}

void TaintEvictionController::start(Scope& scope) {
  scope.spawn(recorder_.run(scope.token()));
  client::run_controller(
      scope, queue_, 8, [this](std::string key) { return sync(std::move(key)); }, env_.logger);
}

void TaintEvictionController::cancel(const std::string& key, const PodPtr& pod) {
  if (stays_.erase(key) == 0 || !pod) return;
  recorder_.event(*pod, client::kEventNormal, "TaintManagerEviction",
                  fmt::format("Cancelling deletion of Pod {}", key));
}

Task<Result<void>> TaintEvictionController::sync(std::string key) {
  client::KeyParts parts = client::split_key(key);
  PodPtr pod = pods_.get(parts.ns, parts.name);
  if (!pod || pod->metadata.deletionTimestamp) {
    stays_.erase(key);
    co_return Result<void>();
  }
  auto stay = stays_.find(key);
  if (stay != stays_.end() && stay->second.uid != pod->metadata.uid) stays_.erase(stay);
  std::shared_ptr<const corev1::Node> node;
  if (!pod->spec.nodeName.empty()) node = nodes_.get("", pod->spec.nodeName);
  std::optional<int64_t> allowed;
  if (node && tainted(*node)) allowed = allowed_stay(pod->spec.tolerations, node->spec.taints);
  if (!allowed) {
    cancel(key, pod);
    co_return Result<void>();
  }
  MonotonicTime now = env_.executor->now();
  Stay begun;
  begun.uid = pod->metadata.uid;
  begun.since = now;
  MonotonicTime end =
      stays_.try_emplace(key, std::move(begun)).first->second.since + std::chrono::seconds(*allowed);
  if (now < end) {
    queue_.add_after(key, end - now);
    co_return Result<void>();
  }
  CO_TRY_VOID(co_await evict(pod));
  stays_.erase(key);
  co_return Result<void>();
}

Task<Result<void>> TaintEvictionController::evict(PodPtr pod) {
  recorder_.event(*pod, client::kEventNormal, "TaintManagerEviction",
                  fmt::format("Marking for deletion Pod {}", client::key_of(pod->metadata)));
  std::string patch =
      disruption_patch(*pod, "DeletionByTaintManager", "Taint manager: deleting due to NoExecute taint",
                       false, to_time(env_.clock->now()));
  if (!patch.empty()) {
    CO_TRY_VOID(co_await mark_disrupted(rest_, pod, std::move(patch)));
  }
  client::DeleteOptions options;
  options.uid = pod->metadata.uid;
  auto deleted = co_await rest_.delete_<corev1::Pod>(Context(), pod->metadata.namespace_, pod->metadata.name,
                                                     std::move(options));
  bool fine = deleted || deleted.error().is(reason::kNotFound) || deleted.error().is(reason::kConflict);
  if (!fine) co_return fail(std::move(deleted).error());
  co_return Result<void>();
}

}  // namespace xebec::controllers
