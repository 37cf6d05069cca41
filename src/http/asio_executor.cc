#include "http/asio_executor.h"

#include <pthread.h>

#include <boost/asio/post.hpp>

#include "http/asio_detail.h"

namespace xebec::http {

AsioExecutor::AsioExecutor(const std::string& name) : impl_(std::make_unique<Impl>()) {
  scope_ = std::make_unique<Scope>(*this);
  impl_->thread = std::thread([this] {
    Running running(this);
    impl_->context.run();
  });
  pthread_setname_np(impl_->thread.native_handle(), name.substr(0, 15).c_str());
}

AsioExecutor::~AsioExecutor() {
  scope_->cancel();
  block_on(scope_->join());
  impl_->context.stop();
  impl_->thread.join();
  // Work that never ran may post, or end timers, while it is destroyed.
  std::map<std::pair<MonotonicTime, uint64_t>, Work> timers;
  {
    std::lock_guard lock(impl_->mutex);
    timers.swap(impl_->timers);
    impl_->timer_times.clear();
  }
}

void AsioExecutor::post(Work work) { boost::asio::post(impl_->context, std::move(work)); }

MonotonicTime AsioExecutor::now() const { return std::chrono::steady_clock::now(); }

uint64_t AsioExecutor::post_at(MonotonicTime when, Work work) {
  uint64_t id = 0;
  bool first = false;
  {
    std::lock_guard lock(impl_->mutex);
    id = ++impl_->last_timer;
    auto timer = impl_->timers.emplace(std::pair(when, id), std::move(work)).first;
    impl_->timer_times.emplace(id, when);
    first = timer == impl_->timers.begin();
  }
  if (first) {
    if (current() == this) {
      impl_->rearm();
    } else {
      post([this] { impl_->rearm(); });
    }
  }
  return id;
}

void AsioExecutor::cancel_timer(uint64_t id) {
  Work dropped;
  std::lock_guard lock(impl_->mutex);
  auto it = impl_->timer_times.find(id);
  if (it == impl_->timer_times.end()) return;
  auto timer = impl_->timers.find(std::pair(it->second, id));
  dropped = std::move(timer->second);
  impl_->timers.erase(timer);
  impl_->timer_times.erase(it);
}

// A cancelled timer leaves the alarm as it is: an early alarm finds nothing due and sets the next.
void AsioExecutor::Impl::rearm() {
  MonotonicTime earliest = MonotonicTime::max();
  {
    std::lock_guard lock(mutex);
    if (!timers.empty()) earliest = timers.begin()->first.first;
  }
  if (earliest >= alarm_time) return;
  alarm_time = earliest;
  alarm.expires_at(std::chrono::time_point_cast<std::chrono::steady_clock::duration>(earliest));
  alarm.async_wait([this](const boost::system::error_code& error) {
    if (!error) run_due();
  });
}

void AsioExecutor::Impl::run_due() {
  alarm_time = MonotonicTime::max();
  MonotonicTime now = std::chrono::steady_clock::now();
  for (;;) {
    Work work;
    {
      std::lock_guard lock(mutex);
      if (timers.empty() || timers.begin()->first.first > now) break;
      auto timer = timers.begin();
      work = std::move(timer->second);
      timer_times.erase(timer->first.second);
      timers.erase(timer);
    }
    work();
  }
  rearm();
}

IoPool::IoPool(size_t threads, const std::string& name) {
  for (size_t i = 0; i < std::max<size_t>(threads, 1); ++i) {
    executors_.push_back(std::make_unique<AsioExecutor>(name + "-" + std::to_string(i)));
  }
}

IoPool::~IoPool() {
  for (auto& executor : executors_) executor->scope().cancel();
  for (auto& executor : executors_) block_on(executor->scope().join());
}

AsioExecutor& IoPool::next() {
  return *executors_[turn_.fetch_add(1, std::memory_order_relaxed) % executors_.size()];
}

AsioExecutor& IoPool::here() {
  for (auto& executor : executors_) {
    if (executor.get() == Executor::current()) return *executor;
  }
  return next();
}

}  // namespace xebec::http
