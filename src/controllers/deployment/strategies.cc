// RollingUpdate and Recreate.
#include <fmt/format.h>

#include "client/controller_ref.h"
#include "controllers/deployment/conditions.h"
#include "controllers/deployment/controller.h"

namespace xebec::controllers {
namespace {

using deployment::SetPtr;
using Sets = std::vector<SetPtr>;

Sets with_replicas(const Sets& sets) {
  Sets out;
  for (const SetPtr& set : sets) {
    if (deployment::wanted(*set) != 0) out.push_back(set);
  }
  return out;
}

void oldest_first(Sets& sets) { std::stable_sort(sets.begin(), sets.end(), deployment::older); }

}  // namespace

int64_t DeploymentController::new_set_replicas(const appsv1::Deployment& deployment, const Sets& all,
                                               const SetPtr& new_set) const {
  int64_t desired = deployment.spec.replicas.value_or(1);
  if (!deployment::is_rolling(deployment)) return desired;
  int64_t most = desired + deployment::fenceposts(deployment).surge;
  int64_t current = deployment::replicas_of(all);
  int64_t have = new_set ? deployment::wanted(*new_set) : 0;
  if (current >= most) return have;
  return have + std::min(most - current, desired - have);
}

Task<Result<void>> DeploymentController::roll(Work& work) {
  CO_TRY(SetPtr new_set, co_await ensure_new_set(work, true));
  CO_TRY(bool grown, co_await grow_new(work, new_set));
  if (!grown) {
    Sets old = with_replicas(deployment::find_old_sets(work.sets, new_set));
    CO_TRY(bool shrunk, co_await shrink_old(work, new_set, old));
    grown = shrunk;
  }
  new_set = deployment::find_new_set(work.deployment, work.sets);
  // History is what a rollout that fails goes back to: it is cut when the rollout is complete only.
  if (!grown && deployment::complete(work.deployment, work.deployment.status)) {
    CO_TRY_VOID(co_await clean_up_history(work, deployment::find_old_sets(work.sets, new_set)));
  }
  co_return co_await sync_status(work, new_set, true);
}

Task<Result<bool>> DeploymentController::grow_new(Work& work, SetPtr new_set) {
  int64_t desired = work.deployment.spec.replicas.value_or(1);
  int64_t have = deployment::wanted(*new_set);
  int64_t target = have > desired ? desired : new_set_replicas(work.deployment, work.sets, new_set);
  if (target == have) co_return false;
  CO_TRY([[maybe_unused]] SetPtr scaled, co_await scale(work, new_set, target));
  co_return true;
}

// First gives up old Pods that do not work anyway, then as many good ones as availability allows.
Task<Result<bool>> DeploymentController::shrink_old(Work& work, SetPtr new_set, const Sets& old) {
  int64_t old_count = deployment::replicas_of(old);
  if (old_count == 0) co_return false;
  int64_t least = work.deployment.spec.replicas.value_or(1) - deployment::max_unavailable(work.deployment);
  int64_t new_unavailable = deployment::wanted(*new_set) - new_set->status.availableReplicas;
  int64_t most = deployment::replicas_of(work.sets) - least - new_unavailable;
  if (most <= 0) co_return false;
  CO_TRY(int64_t cleaned, co_await clean_unhealthy(work, old, most));

  int64_t available = deployment::available_of(work.sets);
  int64_t budget = available - least;
  int64_t scaled_down = 0;
  Sets candidates = with_replicas(deployment::find_old_sets(work.sets, new_set));
  oldest_first(candidates);
  for (const SetPtr& set : candidates) {
    if (scaled_down >= budget) break;
    int64_t step = std::min(deployment::wanted(*set), budget - scaled_down);
    if (step <= 0) continue;
    CO_TRY([[maybe_unused]] SetPtr scaled, co_await scale(work, set, deployment::wanted(*set) - step));
    scaled_down += step;
  }
  co_return cleaned > 0 || scaled_down > 0;
}

Task<Result<int64_t>> DeploymentController::clean_unhealthy(Work& work, Sets old, int64_t most) {
  oldest_first(old);
  int64_t cleaned = 0;
  for (const SetPtr& set : old) {
    if (cleaned >= most) break;
    int64_t unhealthy = deployment::wanted(*set) - set->status.availableReplicas;
    int64_t step = std::min(most - cleaned, unhealthy);
    if (step <= 0) continue;
    CO_TRY([[maybe_unused]] SetPtr scaled, co_await scale(work, set, deployment::wanted(*set) - step));
    cleaned += step;
  }
  co_return cleaned;
}

bool DeploymentController::old_pods_running(const Work& work, const SetPtr& new_set) const {
  const appsv1::Deployment& deployment = work.deployment;
  if (deployment::actual_replicas_of(deployment::find_old_sets(work.sets, new_set)) > 0) return true;
  for (const PodPtr& pod : pods_.list(deployment.metadata.namespace_)) {
    const metav1::OwnerReference* ref = client::controller_of(pod->metadata);
    if (ref == nullptr || ref->kind != "ReplicaSet" || pod_finished(*pod)) continue;
    if (new_set && ref->uid == new_set->metadata.uid) continue;
    SetPtr set = sets_.get(pod->metadata.namespace_, ref->name);
    if (set && client::is_controlled_by(set->metadata, deployment.metadata.uid)) return true;
  }
  return false;
}

Task<Result<void>> DeploymentController::recreate(Work& work) {
  CO_TRY(SetPtr existing, co_await ensure_new_set(work, false));
  Sets old = with_replicas(deployment::find_old_sets(work.sets, existing));
  if (!old.empty()) {
    for (const SetPtr& set : old) {
      CO_TRY([[maybe_unused]] SetPtr scaled, co_await scale(work, set, 0));
    }
    co_return co_await sync_status(work, existing, true);
  }
  if (old_pods_running(work, existing)) co_return co_await sync_status(work, existing, true);
  CO_TRY(SetPtr new_set, co_await ensure_new_set(work, true));
  int64_t desired = work.deployment.spec.replicas.value_or(1);
  if (deployment::wanted(*new_set) != desired) {
    CO_TRY(new_set, co_await scale(work, new_set, desired));
  }
  if (deployment::complete(work.deployment, work.deployment.status)) {
    CO_TRY_VOID(co_await clean_up_history(work, deployment::find_old_sets(work.sets, new_set)));
  }
  co_return co_await sync_status(work, new_set, true);
}

}  // namespace xebec::controllers
