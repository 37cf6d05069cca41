// Env: what every part of a component is given: its executor, time, randomness, log, and where it counts, if
// anywhere. All outlive the component.
#pragma once

#include "base/clock.h"
#include "base/executor.h"
#include "base/logger.h"

namespace xebec {
class Metrics;
}

namespace xebec::client {

struct Env {
  Env(Executor& executor, const Clock& clock, Rng& rng, Logger logger)
      : executor(&executor), clock(&clock), rng(&rng), logger(std::move(logger)) {}

  Executor* executor;
  const Clock* clock;
  Rng* rng;
  Logger logger;
  Metrics* metrics = nullptr;
};

}  // namespace xebec::client
