// Rules that are younger than what may be stored: an update is not refused for what the stored object has
// wrong already (k8s.io/kubernetes/pkg/api/pod GetValidationOptionsFromPodSpecAndMeta).
#pragma once

#include "api/field_error.h"

namespace xebec::apiserver::validation {

// Takes from `errors` what a Pod has wrong when the stored object does, too: labels of topology spread
// constraints, values in selectors of affinities, init containers that would be restarted to be resized, and
// block devices without the host's users. `stored`: what the stored object would be refused for.
void forgive_younger_rules(field::Errors& errors, const field::Errors& stored);

}  // namespace xebec::apiserver::validation
