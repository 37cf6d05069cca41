// FeedProgress: the store revision that the watch caches have reached: everything up to it is visible in all
// of them. Shared by the feed (which advances it) and all readers. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>

#include "base/cancel.h"
#include "base/executor.h"
#include "base/sync.h"

namespace xebec::apiserver {

class FeedProgress {
 public:
  int64_t revision() const { return revision_.load(std::memory_order_acquire); }
  // Wakes the waiters of revisions up to this one.
  void advance(int64_t revision);
  // False when the limit passed or the token was cancelled first.
  Task<bool> wait_until(int64_t revision, CancelToken cancel, Duration limit);

 private:
  std::atomic<int64_t> revision_{0};
  std::mutex mutex_;
  std::multimap<int64_t, OneShot<bool>> waiters_;
};

}  // namespace xebec::apiserver
