// Exponential backoff with jitter, as k8s.io/apimachinery's wait.Backoff manager of the reflector.
#pragma once

#include "base/clock.h"
#include "base/executor.h"

namespace xebec::client {

class Backoff {
 public:
  // Each delay is the current one stretched by up to `jitter`; it doubles up to `max`, and starts again from
  // `initial` when `reset_after` passed without use.
  Backoff(Duration initial, Duration max, Duration reset_after, double jitter)
      : initial_(initial), max_(max), reset_after_(reset_after), jitter_(jitter) {}

  Duration next(MonotonicTime now, Rng& rng);
  void reset() { current_ = Duration::zero(); }

 private:
  Duration initial_, max_, reset_after_;
  double jitter_;
  Duration current_{};
  MonotonicTime last_{};
};

}  // namespace xebec::client
