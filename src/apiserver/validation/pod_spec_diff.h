// The difference of two Pod specs as upstream shows it when an update is refused: of its internal types, as
// JSON.
#pragma once

#include <string>

#include "api/gen/corev1.h"

namespace xebec::apiserver::validation {

std::string pod_spec_diff(const corev1::PodSpec& old, const corev1::PodSpec& now);

}  // namespace xebec::apiserver::validation
