// Warnings of old kinds: "batch/v1beta1 CronJob is deprecated in v1.21+, unavailable in v1.25+; use batch/v1
// CronJob" (k8s.io/apiserver/pkg/endpoints/deprecation).
#pragma once

#include <string>

#include "api/scheme.h"

namespace xebec::apiserver {

// What every request for the resource, or for one of its subresources (nullptr: itself), is warned of; empty
// while nothing is deprecated as of `release` ("1.36"). A version that upstream dropped without ever
// deprecating it (rbac's v1alpha1) names the preferred version of its group.
std::string deprecation_warning(const api::Scheme& scheme, const api::Resource& resource,
                                const api::Subresource* subresource, std::string_view release);

}  // namespace xebec::apiserver
