// Validation of Leases, PriorityClasses and RuntimeClasses
// (k8s.io/kubernetes/pkg/apis/{coordination,scheduling,node}/validation).
#pragma once

#include "api/gen/coordinationv1.h"
#include "api/gen/coordinationv1beta1.h"
#include "api/gen/nodev1.h"
#include "api/gen/schedulingv1.h"
#include "apiserver/validation/check.h"

namespace xebec::apiserver::validation {

Errors validate_lease(const coordinationv1::Lease& lease);
Errors validate_lease_update(const coordinationv1::Lease& lease, const coordinationv1::Lease& old);
Errors validate_priority_class(const schedulingv1::PriorityClass& priority_class);
Errors validate_priority_class_update(const schedulingv1::PriorityClass& priority_class,
                                      const schedulingv1::PriorityClass& old);
// lease_candidate.cc
using LeaseCandidate = coordinationv1beta1::LeaseCandidate;
Errors validate_lease_candidate(const LeaseCandidate& candidate);
Errors validate_lease_candidate_update(const LeaseCandidate& candidate, const LeaseCandidate& old);
// runtime_class.cc
Errors validate_runtime_class(const nodev1::RuntimeClass& runtime_class);
Errors validate_runtime_class_update(const nodev1::RuntimeClass& runtime_class,
                                     const nodev1::RuntimeClass& old);

}  // namespace xebec::apiserver::validation
