// What one server takes on at a time, and how long it works on a request: upstream's flags of
// k8s.io/apiserver/pkg/server/options.
#pragma once

#include <cstdint>

#include "base/executor.h"

namespace xebec::apiserver {

struct RequestLimits {
  // Requests that are worked on at once, those that run long apart; 0: no limit.
  int32_t max_in_flight = 400;
  int32_t max_mutating_in_flight = 200;
  // The longest a request may take, and what it may take when it does not say itself.
  Duration request_timeout = std::chrono::seconds(60);
  // A watch that does not say itself lasts between this and twice this.
  Duration min_watch = std::chrono::seconds(1800);
};

}  // namespace xebec::apiserver
