// Validation of Leases and PriorityClasses (k8s.io/kubernetes/pkg/apis/{coordination,scheduling}/validation).
#pragma once

#include "api/gen/coordinationv1.h"
#include "api/gen/schedulingv1.h"
#include "apiserver/validation/check.h"

namespace xebec::apiserver::validation {

Errors validate_lease(const coordinationv1::Lease& lease);
Errors validate_lease_update(const coordinationv1::Lease& lease, const coordinationv1::Lease& old);
Errors validate_priority_class(const schedulingv1::PriorityClass& priority_class);
Errors validate_priority_class_update(const schedulingv1::PriorityClass& priority_class,
                                      const schedulingv1::PriorityClass& old);

}  // namespace xebec::apiserver::validation
