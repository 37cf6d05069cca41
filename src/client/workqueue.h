// WorkQueue<Key>: keys to be worked on. A key waits at most once; a key added while it is worked on is worked
// on again afterwards, never twice at the same time. First come first served. With delayed and rate-limited
// adding. Belongs to one executor: use it there only. Keys need operator<. Source:
// k8s.io/client-go/util/workqueue.
#pragma once

#include <fmt/format.h>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "base/cancel.h"
#include "base/executor.h"
#include "base/logger.h"
#include "base/scope.h"
#include "base/sync.h"
#include "base/task.h"
#include "client/env.h"
#include "client/rate_limiter.h"
#include "client/workqueue_metrics.h"

namespace xebec::client {

template <class Key = std::string>
class WorkQueue {
 public:
  explicit WorkQueue(Executor& executor, RateLimits limits = RateLimits())
      : executor_(executor), limiter_(limits, executor.now()), alive_(std::make_shared<WorkQueue*>(this)) {}
  // `name` is what its metrics are known by.
  WorkQueue(const Env& env, const std::string& name, RateLimits limits = RateLimits())
      : WorkQueue(*env.executor, limits) {
    if (env.metrics != nullptr) metrics_ = QueueMetrics(*env.metrics, name, *env.executor);
  }
  WorkQueue(const WorkQueue&) = delete;
  ~WorkQueue() {
    *alive_ = nullptr;
    for (const auto& [key, timer] : delayed_) executor_.cancel_timer(timer.id);
  }

  void add(const Key& key) {
    if (shut_down_ || !dirty_.insert(key).second) return;
    if (metrics_) metrics_.added(text_of(key));
    if (processing_.contains(key)) return;
    ready_.push_back(key);
    if (metrics_) metrics_.waits(text_of(key), ready_.size());
    wake_one();
  }
  // The earliest of several times counts.
  void add_after(const Key& key, Duration delay) {
    if (shut_down_) return;
    if (delay <= Duration::zero()) return add(key);
    MonotonicTime when = executor_.now() + delay;
    auto it = delayed_.find(key);
    if (it != delayed_.end()) {
      if (it->second.when <= when) return;
      executor_.cancel_timer(it->second.id);
    }
    uint64_t id = executor_.post_at(when, [alive = alive_, key] {
      if (*alive == nullptr) return;
      (*alive)->delayed_.erase(key);
      (*alive)->add(key);
    });
    delayed_[key] = Timer{when, id};
  }
  // After a delay that grows with each call until forget().
  void add_rate_limited(const Key& key) {
    metrics_.retried();
    add_after(key, limiter_.when(key, executor_.now()));
  }
  void forget(const Key& key) { limiter_.forget(key); }
  int num_requeues(const Key& key) const { return limiter_.failures(key); }

  // The next key, which then is being worked on until done(). Nothing after shut_down (when empty) or
  // cancellation.
  Task<std::optional<Key>> get(CancelToken token = {}) {
    for (;;) {
      if (token.cancelled()) {
        wake_one();  // this waiter may have taken a wake-up that others need
        co_return std::nullopt;
      }
      if (!ready_.empty()) {
        std::optional<Key> key(std::move(ready_.front()));
        ready_.pop_front();
        dirty_.erase(*key);
        processing_.insert(*key);
        if (metrics_) metrics_.begun(text_of(*key), ready_.size());
        co_return key;
      }
      if (shut_down_) co_return std::nullopt;
      OneShot<bool> shot;
      waiters_.push_back(shot);
      CancelRegistration registration = token.on_cancel([shot] { shot.set(false); });
      co_await shot;
    }
  }
  void done(const Key& key) {
    processing_.erase(key);
    if (metrics_) metrics_.done(text_of(key));
    if (!dirty_.contains(key)) return;
    ready_.push_back(key);
    if (metrics_) metrics_.waits(text_of(key), ready_.size());
    wake_one();
  }

  // No more additions; get() returns what is left, then nothing.
  void shut_down() {
    shut_down_ = true;
    for (const auto& [key, timer] : delayed_) executor_.cancel_timer(timer.id);
    delayed_.clear();
    std::deque<OneShot<bool>> waiters = std::move(waiters_);
    waiters_.clear();
    for (const OneShot<bool>& waiter : waiters) waiter.set(true);
  }
  bool shutting_down() const { return shut_down_; }
  size_t size() const { return ready_.size(); }
  size_t delayed() const { return delayed_.size(); }
  Executor& executor() const { return executor_; }

 private:
  struct Timer {
    MonotonicTime when;
    uint64_t id = 0;
  };

  static std::string text_of(const Key& key) { return fmt::format("{}", key); }

  void wake_one() {
    if (ready_.empty()) return;
    while (!waiters_.empty()) {
      OneShot<bool> waiter = std::move(waiters_.front());
      waiters_.pop_front();
      if (waiter.set(true)) return;
    }
  }

  Executor& executor_;
  RateLimiter<Key> limiter_;
  std::shared_ptr<WorkQueue*> alive_;  // what timers reach the queue by
  std::deque<Key> ready_;
  std::set<Key> dirty_;       // to be worked on
  std::set<Key> processing_;  // being worked on
  std::map<Key, Timer> delayed_;
  std::deque<OneShot<bool>> waiters_;
  bool shut_down_ = false;
  QueueMetrics metrics_;
};

namespace detail {
void log_reconcile_error(const Logger& logger, const std::string& key, const Status& error, int requeues);

template <class Key>
Task<void> work(WorkQueue<Key>& queue,
                std::shared_ptr<const std::function<Task<Result<void>>(Key)>> reconcile, CancelToken token,
                Logger logger) {
  for (;;) {
    std::optional<Key> key = co_await queue.get(token);
    if (!key) co_return;
    Task<Result<void>> task = (*reconcile)(*key);
    Result<void> result = co_await std::move(task);
    if (result.has_value()) {
      queue.forget(*key);
    } else if (!token.cancelled()) {
      log_reconcile_error(logger, fmt::format("{}", *key), result.error(), queue.num_requeues(*key));
      queue.add_rate_limited(*key);
    }
    queue.done(*key);
  }
}
}  // namespace detail

// Starts `workers` children of `scope` that reconcile the keys of `queue` until the scope is cancelled. A key
// whose reconcile fails comes back with rate limiting; one that wants to come back later calls
// queue.add_after itself. The queue outlives the scope's children. Keys are formattable by fmt.
template <class Key>
void run_controller(Scope& scope, WorkQueue<Key>& queue, int workers,
                    std::type_identity_t<std::function<Task<Result<void>>(Key)>> reconcile,
                    Logger logger = Logger()) {
  auto shared = std::make_shared<const std::function<Task<Result<void>>(Key)>>(std::move(reconcile));
  for (int i = 0; i < workers; ++i) scope.spawn(detail::work<Key>(queue, shared, scope.token(), logger));
}

// Nearly every queue is one of strings: compiled once, in workqueue.cc.
extern template class WorkQueue<std::string>;
extern template void run_controller<std::string>(
    Scope&, WorkQueue<std::string>&, int,
    std::type_identity_t<std::function<Task<Result<void>>(std::string)>>, Logger);

}  // namespace xebec::client
