// Waiting without blocking: one-shot values, sleeping, events, queues, a mutex.
//
// Every awaitable here resumes its coroutine on the executor it suspended on. All operations are thread-safe.
// A coroutine that is destroyed while it waits is forgotten, not resumed.
#pragma once

#include <cassert>
#include <coroutine>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "base/cancel.h"
#include "base/executor.h"
#include "base/result.h"
#include "base/task.h"

namespace xebec {

// A value that is set once, by any thread, and awaited by at most one coroutine. Copies share the value.
template <class T>
class OneShot {
  struct State {
    std::mutex mutex;
    std::optional<T> value;
    std::coroutine_handle<> waiter;
    Executor* executor = nullptr;
  };

 public:
  OneShot() : state_(std::make_shared<State>()) {}

  // The first call wins and returns true; later ones do nothing.
  bool set(T value) const {
    Executor* executor = nullptr;
    {
      std::lock_guard lock(state_->mutex);
      if (state_->value) return false;
      state_->value.emplace(std::move(value));
      if (state_->waiter) executor = state_->executor;
    }
    if (executor != nullptr) executor->post([state = state_] { resume(*state); });
    return true;
  }

  bool ready() const {
    std::lock_guard lock(state_->mutex);
    return state_->value.has_value();
  }

  auto operator co_await() const { return Awaiter(state_); }

 private:
  static void resume(State& state) {
    std::coroutine_handle<> waiter;
    {
      std::lock_guard lock(state.mutex);
      waiter = std::exchange(state.waiter, nullptr);
    }
    if (waiter) waiter.resume();
  }

  class Awaiter {
   public:
    explicit Awaiter(std::shared_ptr<State> state) : state_(std::move(state)) {}
    Awaiter(const Awaiter&) = delete;
    ~Awaiter() {
      std::lock_guard lock(state_->mutex);
      state_->waiter = nullptr;
    }
    bool await_ready() const {
      std::lock_guard lock(state_->mutex);
      return state_->value.has_value();
    }
    bool await_suspend(std::coroutine_handle<> h) {
      std::lock_guard lock(state_->mutex);
      if (state_->value) return false;
      assert(Executor::current() != nullptr);
      state_->executor = Executor::current();
      state_->waiter = h;
      return true;
    }
    T await_resume() {
      std::lock_guard lock(state_->mutex);
      return std::move(*state_->value);
    }

   private:
    std::shared_ptr<State> state_;
  };

  std::shared_ptr<State> state_;
};

// The value, or errors::cancelled() when `token` is cancelled first (the value is then dropped).
template <class T>
Task<Result<T>> wait_for(OneShot<Result<T>> shot, CancelToken token) {
  CancelRegistration registration =
      token.on_cancel([shot] { shot.set(Result<T>(fail(errors::cancelled()))); });
  co_return co_await shot;
}

// Sleeps on the current executor. Returns false when cancelled before the time.
Task<bool> sleep_until(MonotonicTime when, CancelToken token = {});
Task<bool> sleep_for(Duration duration, CancelToken token = {});

// A condition that is signalled: all coroutines that wait at that moment go on. It keeps no memory of a
// signal without waiters, so callers check their condition first and again after.
class Signal {
 public:
  void notify_all();
  // Returns false when cancelled before the next notify_all.
  Task<bool> wait(CancelToken token = {});
  // A waiter registered now, awaited later: no signal in between is lost.
  OneShot<bool> subscribe();

 private:
  std::mutex mutex_;
  std::vector<OneShot<bool>> waiters_;
};

// An unbounded queue between coroutines and threads.
template <class T>
class Queue {
 public:
  void push(T value) {
    std::unique_lock lock(mutex_);
    if (closed_) return;
    items_.push_back(std::move(value));
    wake(lock);
  }

  // No more values; pop returns what is left and then nothing.
  void close() {
    std::unique_lock lock(mutex_);
    closed_ = true;
    wake(lock);
  }

  size_t size() const {
    std::lock_guard lock(mutex_);
    return items_.size();
  }

  // The next value; nothing when the queue is closed and empty, or the token is cancelled.
  Task<std::optional<T>> pop(CancelToken token = {}) {
    for (;;) {
      OneShot<bool> shot;
      {
        std::lock_guard lock(mutex_);
        if (!items_.empty()) {
          std::optional<T> value(std::move(items_.front()));
          items_.pop_front();
          co_return value;
        }
        if (closed_) co_return std::nullopt;
        waiters_.push_back(shot);
      }
      CancelRegistration registration = token.on_cancel([shot] { shot.set(false); });
      bool woken = co_await shot;
      if (!woken) co_return std::nullopt;
    }
  }

 private:
  void wake(std::unique_lock<std::mutex>& lock) {
    std::vector<OneShot<bool>> waiters = std::move(waiters_);
    waiters_.clear();
    lock.unlock();
    for (const OneShot<bool>& waiter : waiters) waiter.set(true);
  }

  mutable std::mutex mutex_;
  std::deque<T> items_;
  std::vector<OneShot<bool>> waiters_;
  bool closed_ = false;
};

// Mutual exclusion between coroutines, first come first served.
class AsyncMutex {
 public:
  class Guard {
   public:
    explicit Guard(AsyncMutex* mutex) : mutex_(mutex) {}
    Guard(Guard&& other) noexcept : mutex_(std::exchange(other.mutex_, nullptr)) {}
    Guard& operator=(Guard&&) = delete;
    ~Guard() {
      if (mutex_ != nullptr) mutex_->unlock();
    }

   private:
    AsyncMutex* mutex_;
  };

  Task<Guard> lock();

 private:
  void unlock();

  std::mutex mutex_;
  bool locked_ = false;
  std::deque<OneShot<bool>> waiters_;
};

}  // namespace xebec
