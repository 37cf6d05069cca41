#include "client/rate_limiter.h"

#include <algorithm>

namespace xebec::client {

void TokenBucket::refill(MonotonicTime now) {
  double seconds = std::chrono::duration<double>(now - last_).count();
  last_ = now;
  tokens_ = std::min(burst_, tokens_ + seconds * per_second_);
}

bool TokenBucket::try_take(MonotonicTime now) {
  refill(now);
  if (tokens_ < 1) return false;
  tokens_ -= 1;
  return true;
}

Duration TokenBucket::reserve(MonotonicTime now) {
  refill(now);
  tokens_ -= 1;
  if (tokens_ >= 0) return Duration::zero();
  return Duration(static_cast<int64_t>(-tokens_ / per_second_ * 1e9));
}

Duration exponential_delay(Duration base, Duration max, int failures) {
  Duration delay = base;
  for (int i = 0; i < failures && delay < max; ++i) delay *= 2;
  return std::min(delay, max);
}

}  // namespace xebec::client
