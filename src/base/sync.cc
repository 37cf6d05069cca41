#include "base/sync.h"

namespace xebec {

Task<bool> sleep_until(MonotonicTime when, CancelToken token) {
  Executor* executor = Executor::current();
  OneShot<bool> shot;
  uint64_t timer = executor->post_at(when, [shot] { shot.set(true); });
  CancelRegistration registration = token.on_cancel([shot] { shot.set(false); });
  bool slept = co_await shot;
  if (!slept) executor->cancel_timer(timer);
  co_return slept;
}

Task<bool> sleep_for(Duration duration, CancelToken token) {
  return sleep_until(Executor::current()->now() + duration, std::move(token));
}

void Signal::notify_all() {
  std::vector<OneShot<bool>> waiters;
  {
    std::lock_guard lock(mutex_);
    waiters.swap(waiters_);
  }
  for (const OneShot<bool>& waiter : waiters) waiter.set(true);
}

OneShot<bool> Signal::subscribe() {
  OneShot<bool> shot;
  std::lock_guard lock(mutex_);
  std::erase_if(waiters_, [](const OneShot<bool>& waiter) { return waiter.ready(); });
  waiters_.push_back(shot);
  return shot;
}

Task<bool> Signal::wait(CancelToken token) {
  OneShot<bool> shot = subscribe();
  CancelRegistration registration = token.on_cancel([shot] { shot.set(false); });
  co_return co_await shot;
}

Task<AsyncMutex::Guard> AsyncMutex::lock() {
  OneShot<bool> shot;
  {
    std::lock_guard lock(mutex_);
    if (!locked_) {
      locked_ = true;
      co_return Guard(this);
    }
    waiters_.push_back(shot);
  }
  co_await shot;
  co_return Guard(this);
}

void AsyncMutex::unlock() {
  OneShot<bool> next;
  {
    std::lock_guard lock(mutex_);
    if (waiters_.empty()) {
      locked_ = false;
      return;
    }
    next = std::move(waiters_.front());
    waiters_.pop_front();
  }
  next.set(true);
}

}  // namespace xebec
