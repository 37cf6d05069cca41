// Conditions of a Deployment and whether it makes progress
// (k8s.io/kubernetes/pkg/controller/deployment/progress.go).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/gen/appsv1.h"
#include "controllers/deployment/revisions.h"

namespace xebec::controllers::deployment {

inline constexpr std::string_view kAvailable = "Available";
inline constexpr std::string_view kProgressing = "Progressing";
inline constexpr std::string_view kReplicaFailure = "ReplicaFailure";

using Conditions = std::vector<appsv1::DeploymentCondition>;

const appsv1::DeploymentCondition* find(const Conditions& conditions, std::string_view type);
// `status` is True, False or Unknown. Replaces the condition of that type unless status and reason are the
// same; keeps the transition time while the status stays.
void set(Conditions& conditions, std::string_view type, std::string_view status, std::string_view reason,
         std::string message, api::Time now);
void remove(Conditions& conditions, std::string_view type);

// The status that the sets amount to, with the Available condition.
appsv1::DeploymentStatus status_of(const appsv1::Deployment& deployment, const SetPtr& new_set,
                                   const std::vector<SetPtr>& sets, api::Time now);
bool complete(const appsv1::Deployment& deployment, const appsv1::DeploymentStatus& status);
bool progressing(const appsv1::Deployment& deployment, const appsv1::DeploymentStatus& status);
// No progress for longer than progressDeadlineSeconds.
bool timed_out(const appsv1::Deployment& deployment, const appsv1::DeploymentStatus& status, api::Time now);
bool has_deadline(const appsv1::Deployment& deployment);

}  // namespace xebec::controllers::deployment
