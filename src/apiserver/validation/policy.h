// Validation of policy/v1 (k8s.io/kubernetes/pkg/apis/policy/validation).
#pragma once

#include "api/gen/policyv1.h"
#include "apiserver/validation/check.h"

namespace xebec::apiserver::validation {

Errors validate_disruption_budget(const policyv1::PodDisruptionBudget& budget);
Errors validate_disruption_budget_update(const policyv1::PodDisruptionBudget& budget,
                                         const policyv1::PodDisruptionBudget& old);
Errors validate_disruption_budget_status_update(const policyv1::PodDisruptionBudget& budget,
                                                const policyv1::PodDisruptionBudget& old);

}  // namespace xebec::apiserver::validation
