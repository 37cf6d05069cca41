#include "apiserver/cache/progress.h"

namespace xebec::apiserver {

void FeedProgress::advance(int64_t revision) {
  std::vector<OneShot<bool>> woken;
  {
    std::lock_guard lock(mutex_);
    if (revision <= revision_.load(std::memory_order_relaxed)) return;
    revision_.store(revision, std::memory_order_release);
    const auto end = waiters_.upper_bound(revision);
    for (auto it = waiters_.begin(); it != end; ++it) woken.push_back(std::move(it->second));
    waiters_.erase(waiters_.begin(), end);
  }
  for (const OneShot<bool>& waiter : woken) waiter.set(true);
}

Task<bool> FeedProgress::wait_until(int64_t revision, CancelToken cancel, Duration limit) {
  if (revision_.load(std::memory_order_acquire) >= revision) co_return true;
  OneShot<bool> shot;
  std::multimap<int64_t, OneShot<bool>>::iterator at;
  {
    std::lock_guard lock(mutex_);
    if (revision_.load(std::memory_order_relaxed) >= revision) co_return true;
    at = waiters_.emplace(revision, shot);
  }
  Executor& executor = *Executor::current();
  const uint64_t timer = executor.post_at(executor.now() + limit, [shot] { shot.set(false); });
  bool reached = false;
  {
    CancelRegistration registration = cancel.on_cancel([shot] { shot.set(false); });
    reached = co_await shot;
  }
  executor.cancel_timer(timer);
  if (!reached) {
    std::lock_guard lock(mutex_);
    // advance() erases only waiters it wakes; one that it woke just now is gone already.
    if (revision_.load(std::memory_order_relaxed) < revision) waiters_.erase(at);
  }
  co_return reached;
}

}  // namespace xebec::apiserver
