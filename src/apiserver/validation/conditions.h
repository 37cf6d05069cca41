// meta/v1 Conditions (k8s.io/apimachinery/pkg/apis/meta/v1/validation).
#pragma once

#include "api/gen/metav1.h"
#include "apiserver/validation/check.h"

namespace xebec::apiserver::validation {

void check_conditions(Errors& errors, const Path& path, const std::vector<metav1::Condition>& conditions);

}  // namespace xebec::apiserver::validation
