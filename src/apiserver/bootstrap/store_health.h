// StoreHealth: whether a store that is elsewhere answers, for /healthz, /livez and /readyz: asked regularly
// in the background, for those must not wait.
#pragma once

#include <chrono>
#include <mutex>

#include "base/sync.h"
#include "storage/store.h"

namespace xebec::apiserver {

class StoreHealth {
 public:
  static constexpr Duration kInterval = std::chrono::seconds(2);

  // `store` outlives it.
  explicit StoreHealth(storage::Store& store) : store_(store) {}

  // What it said last. Thread-safe.
  Result<void> check() const {
    std::lock_guard lock(mutex_);
    return last_;
  }

  Task<void> run(CancelToken cancel) {
    for (;;) {
      Result<int64_t> revision = co_await store_.read_revision();
      {
        std::lock_guard lock(mutex_);
        last_ = Result<void>();
        if (!revision) last_ = fail(revision.error());
      }
      const bool slept = co_await sleep_for(kInterval, cancel);
      if (!slept) co_return;
    }
  }

 private:
  storage::Store& store_;
  mutable std::mutex mutex_;
  Result<void> last_;
};

}  // namespace xebec::apiserver
