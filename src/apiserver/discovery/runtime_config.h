// --runtime-config: which API versions and resources are served beside or instead of the defaults
// (k8s.io/apiserver/pkg/server/resourceconfig).
#pragma once

#include <functional>
#include <span>
#include <string>

#include "api/scheme.h"
#include "base/result.h"

namespace xebec::apiserver {

// Whether a resource is to be served. `settings` are "apps/v1=false", "api/beta=true" and the like, without
// a value true; broad ones (api/all, api/ga, api/beta, api/alpha) go first, wherever they stand. Errors for
// groups and versions that are not known, and for nothing but api/all=false, in upstream's words
// (APIEnablementOptions).
Result<std::function<bool(const api::Resource&)>> parse_runtime_config(std::span<const std::string> settings,
                                                                       const api::Scheme& scheme);

}  // namespace xebec::apiserver
