// Scaling of ReplicaSets, in proportion while a rollout is under way or paused, and clean-up of old ones.
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "controllers/deployment/controller.h"

namespace xebec::controllers {
namespace {

using deployment::SetPtr;

int64_t number(const metav1::ObjectMeta& meta, std::string_view key, int64_t fallback) {
  const std::string* text = meta.annotations.get(key);
  if (text == nullptr) return fallback;
  int64_t value = fallback;
  std::from_chars(text->data(), text->data() + text->size(), value);
  return value;
}

// By how much the set would change if it kept its share of the Deployment.
int64_t share_of(const appsv1::ReplicaSet& set, const appsv1::Deployment& deployment) {
  int64_t replicas = deployment::wanted(set);
  int64_t desired = deployment.spec.replicas.value_or(1);
  if (desired == 0) return -replicas;
  int64_t most = desired + deployment::fenceposts(deployment).surge;
  int64_t old_most = number(set.metadata, deployment::kMaxReplicas, 0);
  // Without the annotation the present size is a bound that does.
  if (old_most == 0) old_most = deployment.status.replicas;
  if (old_most == 0) return 0;
  return std::llround(static_cast<double>(replicas * most) / static_cast<double>(old_most)) - replicas;
}

// This set's part of a change.
int64_t proportion(const appsv1::ReplicaSet& set, const appsv1::Deployment& deployment, int64_t to_add,
                   int64_t added) {
  int64_t replicas = deployment::wanted(set);
  if (replicas == 0 || to_add == 0 || to_add == added) return 0;
  int64_t left = to_add - added;
  int64_t fraction = share_of(set, deployment);
  return to_add > 0 ? std::min(fraction, left) : std::max(fraction, left);
}

}  // namespace

bool DeploymentController::is_scaling_event(const Work& work) const {
  int64_t desired = work.deployment.spec.replicas.value_or(1);
  for (const SetPtr& set : work.sets) {
    if (deployment::wanted(*set) == 0) continue;
    if (number(set->metadata, deployment::kDesiredReplicas, desired) != desired) return true;
  }
  return false;
}

Task<Result<void>> DeploymentController::sync_paused_or_scaled(Work& work) {
  CO_TRY(SetPtr new_set, co_await ensure_new_set(work, false));
  CO_TRY_VOID(co_await scale_proportionally(work, new_set));
  new_set = deployment::find_new_set(work.deployment, work.sets);
  // A paused Deployment keeps no history beyond its limit either, but only while nothing of it is being
  // undone.
  if (work.deployment.spec.paused && !deployment::rollback_to(work.deployment)) {
    CO_TRY_VOID(co_await clean_up_history(work, deployment::find_old_sets(work.sets, new_set)));
  }
  co_return co_await sync_status(work, new_set, false);
}

Task<Result<void>> DeploymentController::scale_proportionally(Work& work, SetPtr new_set) {
  int64_t desired = work.deployment.spec.replicas.value_or(1);
  Sets active;
  for (const SetPtr& set : work.sets) {
    if (deployment::wanted(*set) > 0) active.push_back(set);
  }
  // One active set, or without any the newest: it takes the whole change.
  SetPtr single = active.size() == 1 ? active[0] : active.empty() ? new_set : nullptr;
  if (!single && active.empty() && !work.sets.empty())
    single = *std::max_element(work.sets.begin(), work.sets.end(), deployment::older);
  if (single) {
    if (deployment::wanted(*single) != desired) {
      CO_TRY([[maybe_unused]] SetPtr scaled, co_await scale(work, single, desired));
    }
    co_return Result<void>();
  }
  bool saturated = new_set && deployment::wanted(*new_set) == desired &&
                   new_set->status.availableReplicas == desired &&
                   number(new_set->metadata, deployment::kDesiredReplicas, -1) == desired;
  if (saturated) {
    for (const SetPtr& set : active) {
      if (set != new_set) {
        CO_TRY([[maybe_unused]] SetPtr scaled, co_await scale(work, set, 0));
      }
    }
    co_return Result<void>();
  }
  if (!deployment::is_rolling(work.deployment) || active.empty()) co_return Result<void>();
  int64_t allowed = desired > 0 ? desired + deployment::fenceposts(work.deployment).surge : 0;
  int64_t to_add = allowed - deployment::replicas_of(active);
  std::stable_sort(active.begin(), active.end(),
                   to_add < 0 ? deployment::larger_or_older : deployment::larger_or_newer);
  std::vector<int64_t> sizes;
  int64_t added = 0;
  for (const SetPtr& set : active) {
    int64_t part = proportion(*set, work.deployment, to_add, added);
    sizes.push_back(deployment::wanted(*set) + part);
    added += part;
  }
  // What rounding left over goes to the largest.
  if (to_add != 0) sizes[0] = std::max<int64_t>(0, sizes[0] + to_add - added);
  for (size_t i = 0; i < active.size(); ++i) {
    CO_TRY([[maybe_unused]] SetPtr scaled, co_await scale(work, active[i], sizes[i]));
  }
  co_return Result<void>();
}

// Writes the set's size and the annotations that say what it was computed for; nothing when both are as they
// should be.
Task<Result<SetPtr>> DeploymentController::scale(Work& work, SetPtr set, int64_t replicas) {
  const appsv1::Deployment& deployment = work.deployment;
  int64_t desired = deployment.spec.replicas.value_or(1);
  int64_t before = deployment::wanted(*set);
  appsv1::ReplicaSet updated = *set;
  updated.spec.replicas = static_cast<int32_t>(replicas);
  bool annotations = deployment::set_replica_annotations(updated, desired,
                                                         desired + deployment::fenceposts(deployment).surge);
  if (before == replicas && !annotations) co_return set;
  CO_TRY(appsv1::ReplicaSet written, co_await rest_.update(Context(), updated));
  if (before != replicas) {
    recorder_.event(deployment, client::kEventNormal, "ScalingReplicaSet",
                    fmt::format("Scaled {} replica set {} from {} to {}", replicas > before ? "up" : "down",
                                set->metadata.name, before, replicas));
  }
  auto now = std::make_shared<const appsv1::ReplicaSet>(std::move(written));
  std::replace(work.sets.begin(), work.sets.end(), set, SetPtr(now));
  co_return SetPtr(now);
}

Task<Result<void>> DeploymentController::clean_up_history(Work& work, const Sets& old) {
  if (!work.deployment.spec.revisionHistoryLimit) co_return Result<void>();
  Sets idle;
  for (const SetPtr& set : old) {
    if (!set->metadata.deletionTimestamp) idle.push_back(set);
  }
  int64_t surplus = static_cast<int64_t>(idle.size()) - *work.deployment.spec.revisionHistoryLimit;
  if (surplus <= 0) co_return Result<void>();
  std::stable_sort(idle.begin(), idle.end(), deployment::earlier_revision);
  for (int64_t i = 0; i < surplus; ++i) {
    const SetPtr& set = idle[static_cast<size_t>(i)];
    bool busy = set->status.replicas != 0 || deployment::wanted(*set) != 0 ||
                set->metadata.generation > set->status.observedGeneration;
    if (busy) continue;
    auto deleted =
        co_await rest_.delete_<appsv1::ReplicaSet>(Context(), set->metadata.namespace_, set->metadata.name);
    if (!deleted && !deleted.error().is(reason::kNotFound)) co_return fail(std::move(deleted).error());
  }
  co_return Result<void>();
}

}  // namespace xebec::controllers
