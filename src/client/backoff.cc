#include "client/backoff.h"

#include <algorithm>

namespace xebec::client {

Duration Backoff::next(MonotonicTime now, Rng& rng) {
  if (now - last_ > reset_after_) current_ = Duration::zero();
  last_ = now;
  current_ = current_ == Duration::zero() ? initial_ : std::min(max_, current_ * 2);
  return current_ +
         Duration(static_cast<int64_t>(static_cast<double>(current_.count()) * jitter_ * rng.uniform()));
}

}  // namespace xebec::client
