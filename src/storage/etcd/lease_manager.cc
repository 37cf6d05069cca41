#include "storage/etcd/lease_manager.h"

namespace xebec::storage::etcd {

Task<Result<int64_t>> LeaseManager::lease_for(int64_t ttl_seconds) {
  AsyncMutex::Guard guard = co_await mutex_.lock();
  const MonotonicTime now = Executor::current()->now();
  const int64_t extra = std::min(reuse_seconds_, ttl_seconds / 20);
  const MonotonicTime least = now + std::chrono::seconds(ttl_seconds);
  const bool fits = lease_ != 0 && least < expires_ && least + std::chrono::seconds(extra) > expires_;
  if (fits && objects_ < max_objects_) {
    ++objects_;
    co_return lease_;
  }
  CO_TRY(lease_, co_await grant_(ttl_seconds + extra));
  // From before the grant, so that etcd's own count ends later.
  expires_ = least + std::chrono::seconds(extra);
  objects_ = 1;
  co_return lease_;
}

Task<void> LeaseManager::forget(int64_t lease) {
  AsyncMutex::Guard guard = co_await mutex_.lock();
  if (lease_ == lease) lease_ = 0;
}

}  // namespace xebec::storage::etcd
