#include "controllers/replicaset/controller.h"

#include <fmt/format.h>

#include "client/controller_ref.h"
#include "controllers/claim.h"
#include "controllers/pod_index.h"

namespace xebec::controllers {
namespace {

constexpr int64_t kBurst = 500;    // creations or deletions in one go
constexpr int64_t kSlowStart = 1;  // first batch of creations; doubles while they succeed
constexpr std::string_view kAccount = "replicaset-controller";

std::optional<api::LabelSelector> selector_of(const appsv1::ReplicaSet& set) {
  return controllers::selector_of(set.spec.selector ? &*set.spec.selector : nullptr);
}

std::string pod_key(const corev1::Pod& pod) { return client::key_of(pod.metadata); }

int64_t wanted(const appsv1::ReplicaSet& set) { return set.spec.replicas.value_or(1); }

}  // namespace

ReplicaSetController::ReplicaSetController(const ControllerContext& context)
    : env_(context.env),
      rest_(context.rest_as(kAccount)),
      sets_(context.informers->get<appsv1::ReplicaSet>()),
      pods_(context.informers->get<corev1::Pod>()),
      queue_(env_, "replicaset"),
      expectations_(*env_.executor),
      recorder_(rest_, env_, std::string(kAccount)) {
  index_by_controller(pods_);
  sets_.on_change([this](const SetPtr& old, const SetPtr& now) {
    const SetPtr& any = now ? now : old;
    std::string key = client::key_of(any->metadata);
    // A set that was made again under the same name starts clean.
    if (!now || (old && old->metadata.uid != now->metadata.uid)) expectations_.erase(key);
    queue_.add(key);
  });
  pods_.on_change([this](const PodPtr& old, const PodPtr& now) { on_pod(old, now); });
}

void ReplicaSetController::start(Scope& scope) {
  scope.spawn(recorder_.run(scope.token()));
  client::run_controller(
      scope, queue_, 5, [this](std::string key) { return sync(std::move(key)); }, env_.logger);
}

ReplicaSetController::SetPtr ReplicaSetController::owner_of(const metav1::ObjectMeta& pod) const {
  const metav1::OwnerReference* ref = client::controller_of(pod);
  if (ref == nullptr || ref->kind != "ReplicaSet") return nullptr;
  SetPtr set = sets_.get(pod.namespace_, ref->name);
  return set && set->metadata.uid == ref->uid ? set : nullptr;
}

void ReplicaSetController::enqueue_owner(const metav1::ObjectMeta& pod, bool gone) {
  SetPtr set = owner_of(pod);
  if (!set) return;
  std::string key = client::key_of(set->metadata);
  if (gone) expectations_.deletion_observed(key, client::key_of(pod));
  queue_.add(key);
}

// Sets that may want to adopt an orphan.
void ReplicaSetController::enqueue_matching(const corev1::Pod& pod) {
  for (const SetPtr& set : sets_.list(pod.metadata.namespace_)) {
    std::optional<api::LabelSelector> selector = selector_of(*set);
    if (selector && selector->matches(pod.metadata.labels)) queue_.add(client::key_of(set->metadata));
  }
}

void ReplicaSetController::on_pod(const PodPtr& old, const PodPtr& now) {
  if (!now) return enqueue_owner(old->metadata, true);
  if (now->metadata.deletionTimestamp) {
    enqueue_owner(now->metadata, true);
    if (old && client::controller_of(old->metadata) != nullptr) enqueue_owner(old->metadata, true);
    return;
  }
  const metav1::OwnerReference* ref = client::controller_of(now->metadata);
  if (old) {
    const metav1::OwnerReference* before = client::controller_of(old->metadata);
    if (before != nullptr && (ref == nullptr || ref->uid != before->uid)) enqueue_owner(old->metadata, false);
  } else if (SetPtr set = owner_of(now->metadata)) {
    expectations_.creation_observed(client::key_of(set->metadata));
  }
  if (ref != nullptr) {
    enqueue_owner(now->metadata, false);
  } else {
    enqueue_matching(*now);
  }
}

Task<Result<void>> ReplicaSetController::sync(std::string key) {
  client::KeyParts parts = client::split_key(key);
  SetPtr set = sets_.get(parts.ns, parts.name);
  if (!set) {
    expectations_.erase(key);
    co_return Result<void>();
  }
  bool settled = expectations_.satisfied(key);
  std::optional<api::LabelSelector> selector = selector_of(*set);
  std::vector<PodPtr> candidates;
  int32_t terminating = 0;
  for (const PodPtr& pod : pods_.by_index(kByController, set->metadata.uid)) {
    if (pod_active(*pod)) candidates.push_back(pod);
    if (pod_terminating(*pod) && selector && selector->matches(pod->metadata.labels)) ++terminating;
  }
  for (const PodPtr& pod : pods_.by_index(kByController, "orphan/" + parts.ns)) {
    if (pod_active(*pod)) candidates.push_back(pod);
  }
  std::function<bool(const corev1::Pod&)> picks = [selector](const corev1::Pod& pod) {
    return selector && selector->matches(pod.metadata.labels);
  };
  auto claiming = claim<appsv1::ReplicaSet, corev1::Pod>(rest_, set, std::move(candidates), std::move(picks));
  CO_TRY(std::vector<PodPtr> active, co_await std::move(claiming));
  std::optional<Status> failure;
  if (settled && !set->metadata.deletionTimestamp) {
    Result<void> managed = co_await manage(key, set, active);
    if (!managed) failure = managed.error();
  }
  // Becoming available later than becoming ready is not an event of its own.
  std::optional<Duration> next =
      next_availability(active, set->spec.minReadySeconds, to_time(env_.clock->now()));
  if (next) queue_.add_after(key, *next);
  appsv1::ReplicaSetStatus status = new_status(*set, active, terminating, failure);
  CO_TRY_VOID(co_await write_status(set, std::move(status)));
  if (failure) co_return xebec::fail(*failure);
  co_return Result<void>();
}

Task<Result<void>> ReplicaSetController::manage(std::string key, SetPtr set,
                                                const std::vector<PodPtr>& active) {
  int64_t missing = wanted(*set) - static_cast<int64_t>(active.size());
  if (missing > 0) co_return co_await create_pods(std::move(key), std::move(set), std::min(missing, kBurst));
  if (missing < 0)
    co_return co_await delete_pods(std::move(key), std::move(set), active, std::min(-missing, kBurst));
  co_return Result<void>();
}

Task<void> ReplicaSetController::create_one(std::string key, SetPtr set,
                                            std::shared_ptr<std::vector<Status>> failures) {
  corev1::Pod pod = pod_from_template(set->spec.template_, set->metadata, client::new_controller_ref(*set));
  auto created = co_await rest_.create(Context(), pod);
  if (created) {
    recorder_.event(*set, client::kEventNormal, "SuccessfulCreate",
                    fmt::format("Created pod: {}", created->metadata.name));
    co_return;
  }
  expectations_.creation_observed(key);
  // In a namespace that is going away there is nothing to complain about.
  bool terminating =
      std::any_of(created.error().details.causes.begin(), created.error().details.causes.end(),
                  [](const StatusCause& cause) { return cause.reason == "NamespaceTerminating"; });
  if (terminating) co_return;
  recorder_.event(*set, client::kEventWarning, "FailedCreate",
                  fmt::format("Error creating: {}", created.error().message));
  failures->push_back(std::move(created).error());
}

// Batches of 1, 2, 4, ...: when all creations fail for one reason (a quota), only a few are tried.
Task<Result<void>> ReplicaSetController::create_pods(std::string key, SetPtr set, int64_t count) {
  expectations_.expect_creations(key, static_cast<int>(count));
  auto failures = std::make_shared<std::vector<Status>>();
  int64_t batch = std::min(count, kSlowStart);
  int64_t left = count;
  while (left > 0) {
    Scope scope(*env_.executor);
    for (int64_t i = 0; i < batch; ++i) scope.spawn(create_one(key, set, failures));
    co_await scope.join();
    left -= batch;
    if (!failures->empty()) break;
    batch = std::min(left, 2 * batch);
  }
  // What was not tried will not be seen.
  for (; left > 0; --left) expectations_.creation_observed(key);
  if (!failures->empty()) co_return fail(failures->front());
  co_return Result<void>();
}

Task<void> ReplicaSetController::delete_one(std::string key, SetPtr set, PodPtr pod,
                                            std::shared_ptr<std::vector<Status>> failures) {
  client::DeleteOptions options;
  options.uid = pod->metadata.uid;
  auto deleted = co_await rest_.delete_<corev1::Pod>(Context(), pod->metadata.namespace_, pod->metadata.name,
                                                     std::move(options));
  if (deleted) {
    recorder_.event(*set, client::kEventNormal, "SuccessfulDelete",
                    fmt::format("Deleted pod: {}", pod->metadata.name));
    co_return;
  }
  expectations_.deletion_observed(key, pod_key(*pod));
  if (deleted.error().is(reason::kNotFound) || deleted.error().is(reason::kConflict)) co_return;
  recorder_.event(*set, client::kEventWarning, "FailedDelete",
                  fmt::format("Error deleting: {}", deleted.error().message));
  failures->push_back(std::move(deleted).error());
}

Task<Result<void>> ReplicaSetController::delete_pods(std::string key, SetPtr set, std::vector<PodPtr> active,
                                                     int64_t count) {
  if (static_cast<size_t>(count) < active.size())
    sort_for_deletion(active, related_pods_on_nodes(*set), env_.clock->now());
  active.resize(static_cast<size_t>(count));
  std::set<std::string, std::less<>> ids;
  for (const PodPtr& pod : active) ids.insert(pod_key(*pod));
  expectations_.expect_deletions(key, std::move(ids));
  auto failures = std::make_shared<std::vector<Status>>();
  Scope scope(*env_.executor);
  for (const PodPtr& pod : active) scope.spawn(delete_one(key, set, pod, failures));
  co_await scope.join();
  if (!failures->empty()) co_return fail(failures->front());
  co_return Result<void>();
}

// Pods of all sets of the same owner: a rolling update should not leave them doubled up on a node. A set
// without an owner has no relatives.
std::map<std::string, int> ReplicaSetController::related_pods_on_nodes(const appsv1::ReplicaSet& set) const {
  std::map<std::string, int> out;
  const metav1::OwnerReference* owner = client::controller_of(set.metadata);
  if (owner == nullptr) return out;
  for (const SetPtr& sibling : sets_.list(set.metadata.namespace_)) {
    if (!client::is_controlled_by(sibling->metadata, owner->uid)) continue;
    for (const PodPtr& pod : pods_.by_index(kByController, sibling->metadata.uid)) {
      if (pod_active(*pod)) ++out[pod->spec.nodeName];
    }
  }
  return out;
}

appsv1::ReplicaSetStatus ReplicaSetController::new_status(const appsv1::ReplicaSet& set,
                                                          const std::vector<PodPtr>& pods,
                                                          int32_t terminating,
                                                          const std::optional<Status>& failure) const {
  appsv1::ReplicaSetStatus status = set.status;
  api::Time now = to_time(env_.clock->now());
  status.observedGeneration = set.metadata.generation;
  status.replicas = static_cast<int32_t>(pods.size());
  status.terminatingReplicas = terminating;
  status.fullyLabeledReplicas = status.readyReplicas = status.availableReplicas = 0;
  for (const PodPtr& pod : pods) {
    const auto& labels = set.spec.template_.metadata.labels;
    bool labelled = std::all_of(labels.begin(), labels.end(), [&](const auto& label) {
      const std::string* have = pod->metadata.labels.get(label.first);
      return have != nullptr && *have == label.second;
    });
    if (labelled) ++status.fullyLabeledReplicas;
    if (!pod_ready(*pod)) continue;
    ++status.readyReplicas;
    if (pod_available(*pod, set.spec.minReadySeconds, now)) ++status.availableReplicas;
  }
  auto is_failure = [](const appsv1::ReplicaSetCondition& c) { return c.type == "ReplicaFailure"; };
  bool had = std::any_of(status.conditions.begin(), status.conditions.end(), is_failure);
  if (failure && !had) {
    appsv1::ReplicaSetCondition& condition = status.conditions.emplace_back();
    condition.type = "ReplicaFailure";
    condition.status = "True";
    condition.reason = static_cast<int64_t>(pods.size()) < wanted(set) ? "FailedCreate" : "FailedDelete";
    condition.message = failure->message;
    condition.lastTransitionTime = now;
  } else if (!failure && had) {
    std::erase_if(status.conditions, is_failure);
  }
  return status;
}

// Tried once more on the set as it is now; the generation that was looked at stays.
Task<Result<void>> ReplicaSetController::write_status(SetPtr set, appsv1::ReplicaSetStatus status) {
  if (status == set->status) co_return Result<void>();
  appsv1::ReplicaSet updated = *set;
  updated.status = status;
  auto written = co_await rest_.update_status(Context(), updated);
  if (!written && written.error().is(reason::kConflict)) {
    auto live =
        co_await rest_.get<appsv1::ReplicaSet>(Context(), set->metadata.namespace_, set->metadata.name);
    if (live && live->metadata.uid == set->metadata.uid) {
      updated = std::move(*live);
      updated.status = std::move(status);
      written = co_await rest_.update_status(Context(), updated);
    }
  }
  if (!written && !written.error().is(reason::kNotFound)) co_return fail(std::move(written).error());
  co_return Result<void>();
}

}  // namespace xebec::controllers
