// Rate limiters of work queues (k8s.io/client-go/util/workqueue/default_rate_limiters.go,
// golang.org/x/time/rate).
#pragma once

#include <map>

#include "base/executor.h"

namespace xebec::client {

// A token bucket over executor time.
class TokenBucket {
 public:
  TokenBucket(double per_second, double burst, MonotonicTime now)
      : per_second_(per_second), burst_(burst), tokens_(burst), last_(now) {}

  // Takes a token if there is one.
  bool try_take(MonotonicTime now);
  // Takes a token in any case, and says how long to wait until it is earned.
  Duration reserve(MonotonicTime now);

 private:
  void refill(MonotonicTime now);

  double per_second_, burst_, tokens_;
  MonotonicTime last_;
};

// base * 2^failures, up to max.
Duration exponential_delay(Duration base, Duration max, int failures);

struct RateLimits {
  RateLimits() {}
  Duration base = std::chrono::milliseconds(5);
  Duration max = std::chrono::seconds(1000);
  double per_second = 10;  // over all keys; 0: no such limit
  double burst = 100;
};

// Per key exponential, and the bucket over all keys: the longer delay counts.
template <class Key>
class RateLimiter {
 public:
  RateLimiter(RateLimits limits, MonotonicTime now)
      : limits_(limits), bucket_(limits.per_second, limits.burst, now) {}

  Duration when(const Key& key, MonotonicTime now) {
    Duration own = exponential_delay(limits_.base, limits_.max, failures_[key]++);
    return limits_.per_second > 0 ? std::max(own, bucket_.reserve(now)) : own;
  }
  void forget(const Key& key) { failures_.erase(key); }
  int failures(const Key& key) const {
    auto it = failures_.find(key);
    return it == failures_.end() ? 0 : it->second;
  }

 private:
  RateLimits limits_;
  TokenBucket bucket_;
  std::map<Key, int> failures_;
};

}  // namespace xebec::client
