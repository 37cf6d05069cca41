// Short texts for ages and durations, as k8s.io/apimachinery/pkg/util/duration.
#pragma once

#include <cstdint>
#include <string>

#include "api/time.h"

namespace xebec::apiserver {

// "5s", "3m20s", "8d", ...; "<invalid>" for more than a second in the future.
std::string human_duration(int64_t seconds);

// Time since `from`; "<unknown>" for the zero time.
std::string human_age(api::Time from, int64_t now_seconds);

}  // namespace xebec::apiserver
