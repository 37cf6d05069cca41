// Rules that are younger than what may be stored: an update is not refused for what the stored object has
// wrong already (k8s.io/kubernetes/pkg/api/pod GetValidationOptionsFromPodSpecAndMeta).
#pragma once

#include "api/field_error.h"

namespace xebec::apiserver::validation {

// Takes from `errors` what selectors of Pods have wrong when those of the stored object do, too: labels of
// topology spread constraints, and values in selectors of affinities. `stored`: what the stored object would
// be refused for.
void forgive_selectors(field::Errors& errors, const field::Errors& stored);

}  // namespace xebec::apiserver::validation
