#include "controllers/deployment/conditions.h"

#include <limits>

namespace xebec::controllers::deployment {

const appsv1::DeploymentCondition* find(const Conditions& conditions, std::string_view type) {
  for (const auto& condition : conditions) {
    if (condition.type == type) return &condition;
  }
  return nullptr;
}

void remove(Conditions& conditions, std::string_view type) {
  std::erase_if(conditions, [&](const auto& condition) { return condition.type == type; });
}

void set(Conditions& conditions, std::string_view type, std::string_view status, std::string_view reason,
         std::string message, api::Time now) {
  const appsv1::DeploymentCondition* old = find(conditions, type);
  if (old != nullptr && old->status == status && old->reason == reason) return;
  appsv1::DeploymentCondition condition;
  condition.type = type;
  condition.status = status;
  condition.reason = reason;
  condition.message = std::move(message);
  condition.lastUpdateTime = now;
  condition.lastTransitionTime = old != nullptr && old->status == status ? old->lastTransitionTime : now;
  remove(conditions, type);
  conditions.push_back(std::move(condition));
}

appsv1::DeploymentStatus status_of(const appsv1::Deployment& deployment, const SetPtr& new_set,
                                   const std::vector<SetPtr>& sets, api::Time now) {
  appsv1::DeploymentStatus status;
  status.observedGeneration = deployment.metadata.generation;
  status.replicas = static_cast<int32_t>(actual_replicas_of(sets));
  status.updatedReplicas = new_set ? new_set->status.replicas : 0;
  status.readyReplicas = static_cast<int32_t>(ready_of(sets));
  status.availableReplicas = static_cast<int32_t>(available_of(sets));
  int64_t missing = replicas_of(sets) - available_of(sets);
  status.unavailableReplicas = static_cast<int32_t>(std::max<int64_t>(missing, 0));
  status.terminatingReplicas = terminating_of(sets);
  status.collisionCount = deployment.status.collisionCount;
  status.conditions = deployment.status.conditions;
  int64_t least = deployment.spec.replicas.value_or(1) - max_unavailable(deployment);
  if (status.availableReplicas >= least) {
    set(status.conditions, kAvailable, "True", "MinimumReplicasAvailable",
        "Deployment has minimum availability.", now);
  } else {
    set(status.conditions, kAvailable, "False", "MinimumReplicasUnavailable",
        "Deployment does not have minimum availability.", now);
  }
  return status;
}

bool complete(const appsv1::Deployment& deployment, const appsv1::DeploymentStatus& status) {
  int32_t replicas = deployment.spec.replicas.value_or(1);
  return status.updatedReplicas == replicas && status.replicas == replicas &&
         status.availableReplicas == replicas && status.observedGeneration >= deployment.metadata.generation;
}

bool progressing(const appsv1::Deployment& deployment, const appsv1::DeploymentStatus& status) {
  const appsv1::DeploymentStatus& old = deployment.status;
  return status.updatedReplicas > old.updatedReplicas ||
         status.replicas - status.updatedReplicas < old.replicas - old.updatedReplicas ||
         status.readyReplicas > old.readyReplicas || status.availableReplicas > old.availableReplicas;
}

bool has_deadline(const appsv1::Deployment& deployment) {
  return deployment.spec.progressDeadlineSeconds &&
         *deployment.spec.progressDeadlineSeconds != std::numeric_limits<int32_t>::max();
}

bool timed_out(const appsv1::Deployment& deployment, const appsv1::DeploymentStatus& status, api::Time now) {
  if (!has_deadline(deployment)) return false;
  const appsv1::DeploymentCondition* condition = find(status.conditions, kProgressing);
  if (condition == nullptr) return false;
  // A Deployment that has been complete since starts again from its next rollout.
  if (condition->reason == "NewReplicaSetAvailable") return false;
  if (condition->reason == "ProgressDeadlineExceeded") return true;
  return condition->lastUpdateTime.seconds + *deployment.spec.progressDeadlineSeconds < now.seconds;
}

}  // namespace xebec::controllers::deployment
