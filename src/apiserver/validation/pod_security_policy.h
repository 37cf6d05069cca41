// Validation of policy/v1beta1 PodSecurityPolicies.
#pragma once

#include "api/gen/policyv1beta1.h"
#include "apiserver/validation/check.h"

namespace xebec::apiserver::validation {

Errors validate_pod_security_policy(const policyv1beta1::PodSecurityPolicy& policy);
Errors validate_pod_security_policy_update(const policyv1beta1::PodSecurityPolicy& policy,
                                           const policyv1beta1::PodSecurityPolicy& old);

}  // namespace xebec::apiserver::validation
