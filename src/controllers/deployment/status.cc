#include <fmt/format.h>

#include "controllers/deployment/conditions.h"
#include "controllers/deployment/controller.h"

namespace xebec::controllers {
namespace {

using deployment::SetPtr;

std::string about(const appsv1::Deployment& deployment, const SetPtr& new_set) {
  return new_set ? fmt::format("ReplicaSet \"{}\"", new_set->metadata.name)
                 : fmt::format("Deployment \"{}\"", deployment.metadata.name);
}

// Takes over a failure that the newest set reports, or else any.
void copy_failure(appsv1::DeploymentStatus& status, const SetPtr& new_set, const std::vector<SetPtr>& sets) {
  std::vector<SetPtr> newest_first;
  if (new_set) newest_first.push_back(new_set);
  newest_first.insert(newest_first.end(), sets.begin(), sets.end());
  for (const SetPtr& set : newest_first) {
    for (const appsv1::ReplicaSetCondition& condition : set->status.conditions) {
      if (condition.type != deployment::kReplicaFailure) continue;
      deployment::set(status.conditions, condition.type, condition.status, condition.reason,
                      condition.message, condition.lastTransitionTime);
      return;
    }
  }
  deployment::remove(status.conditions, deployment::kReplicaFailure);
}

void judge_progress(const appsv1::Deployment& deployment, const SetPtr& new_set,
                    appsv1::DeploymentStatus& status, api::Time now) {
  const appsv1::DeploymentCondition* current =
      deployment::find(deployment.status.conditions, deployment::kProgressing);
  bool completed_before = status.replicas == status.updatedReplicas && current != nullptr &&
                          current->reason == "NewReplicaSetAvailable";
  if (completed_before) return;
  if (deployment::complete(deployment, status)) {
    deployment::set(status.conditions, deployment::kProgressing, "True", "NewReplicaSetAvailable",
                    about(deployment, new_set) + " has successfully progressed.", now);
  } else if (deployment::progressing(deployment, status)) {
    // Every step restarts the clock of the deadline, so the update time moves although nothing else does.
    std::optional<api::Time> since;
    if (current != nullptr && current->status == "True") since = current->lastTransitionTime;
    deployment::remove(status.conditions, deployment::kProgressing);
    deployment::set(status.conditions, deployment::kProgressing, "True", "ReplicaSetUpdated",
                    about(deployment, new_set) + " is progressing.", now);
    if (since) status.conditions.back().lastTransitionTime = *since;
  } else if (deployment::timed_out(deployment, status, now)) {
    deployment::set(status.conditions, deployment::kProgressing, "False", "ProgressDeadlineExceeded",
                    about(deployment, new_set) + " has timed out progressing.", now);
  }
}

}  // namespace

Task<Result<void>> DeploymentController::sync_status(Work& work, SetPtr new_set, bool with_progress) {
  api::Time now = to_time(env_.clock->now());
  const appsv1::Deployment& deployment = work.deployment;
  appsv1::DeploymentStatus status = deployment::status_of(deployment, new_set, work.sets, now);
  if (!deployment::has_deadline(deployment)) deployment::remove(status.conditions, deployment::kProgressing);
  if (with_progress && deployment::has_deadline(deployment)) judge_progress(deployment, new_set, status, now);
  if (with_progress) copy_failure(status, new_set, work.sets);
  // Nothing else wakes the controller when a rollout gets stuck.
  const appsv1::DeploymentCondition* progress = deployment::find(status.conditions, deployment::kProgressing);
  bool waiting = progress != nullptr && deployment::has_deadline(deployment) &&
                 progress->reason != "NewReplicaSetAvailable" &&
                 progress->reason != "ProgressDeadlineExceeded" && !deployment.spec.paused;
  if (waiting) {
    int64_t left = progress->lastUpdateTime.seconds + *deployment.spec.progressDeadlineSeconds - now.seconds;
    queue_.add_after(work.key, std::chrono::seconds(std::max<int64_t>(left, 0) + 1));
  }
  co_return co_await write_status(work, std::move(status));
}

Task<Result<void>> DeploymentController::write_status(Work& work, appsv1::DeploymentStatus status) {
  if (status == work.deployment.status) co_return Result<void>();
  work.deployment.status = std::move(status);
  auto written = co_await rest_.update_status(Context(), work.deployment);
  if (!written && written.error().is(reason::kNotFound)) co_return Result<void>();
  if (!written) co_return fail(std::move(written).error());
  work.deployment = std::move(*written);
  co_return Result<void>();
}

// The time a Deployment is paused does not count against its deadline.
Task<Result<void>> DeploymentController::pause_condition(Work& work) {
  const appsv1::Deployment& deployment = work.deployment;
  if (!deployment::has_deadline(deployment)) co_return Result<void>();
  const appsv1::DeploymentCondition* condition =
      deployment::find(deployment.status.conditions, deployment::kProgressing);
  if (condition != nullptr && condition->reason == "ProgressDeadlineExceeded") co_return Result<void>();
  bool marked = condition != nullptr && condition->reason == "DeploymentPaused";
  if (deployment.spec.paused == marked) co_return Result<void>();
  appsv1::DeploymentStatus status = deployment.status;
  api::Time now = to_time(env_.clock->now());
  if (deployment.spec.paused) {
    deployment::set(status.conditions, deployment::kProgressing, "Unknown", "DeploymentPaused",
                    "Deployment is paused", now);
  } else {
    deployment::set(status.conditions, deployment::kProgressing, "Unknown", "DeploymentResumed",
                    "Deployment is resumed", now);
  }
  co_return co_await write_status(work, std::move(status));
}

}  // namespace xebec::controllers
