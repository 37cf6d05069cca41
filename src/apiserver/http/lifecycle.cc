#include "apiserver/http/lifecycle.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>
#include <vector>

#include "base/executor.h"
#include "base/sync.h"

namespace xebec::apiserver {
namespace {

constexpr double kSlowest = 200;  // watches ended a second
constexpr Duration kStep = std::chrono::milliseconds(10);

}  // namespace

struct OpenRequests {
  std::atomic<int> requests = 0;
  std::mutex mutex;
  uint64_t last = 0;
  std::map<uint64_t, std::shared_ptr<const CancelSource>> watches;  // that nobody has ended yet
};

Lifecycle::Lifecycle() : open_(std::make_shared<OpenRequests>()) {}

Lifecycle::Watch::Watch(Lifecycle& lifecycle) : open_(lifecycle.open_) {
  std::lock_guard lock(open_->mutex);
  number_ = ++open_->last;
  open_->watches.emplace(number_, source_);
}

Lifecycle::Watch::~Watch() {
  std::lock_guard lock(open_->mutex);
  open_->watches.erase(number_);
}

Lifecycle::Request::Request(Lifecycle& lifecycle) : open_(lifecycle.open_) { ++open_->requests; }
Lifecycle::Request::~Request() { --open_->requests; }

// How many are left.
size_t Lifecycle::end_some(size_t count) {
  for (; count > 0; --count) {
    std::unique_lock lock(open_->mutex);
    if (open_->watches.empty()) return 0;
    const std::shared_ptr<const CancelSource> source = std::move(open_->watches.begin()->second);
    open_->watches.erase(open_->watches.begin());
    lock.unlock();
    source->cancel();
  }
  std::lock_guard lock(open_->mutex);
  return open_->watches.size();
}

Task<void> Lifecycle::end_watches(Duration within) {
  ending_watches_ = true;
  const MonotonicTime end = Executor::current()->now() + within;
  std::unique_lock lock(open_->mutex);
  const auto all = static_cast<double>(open_->watches.size());
  lock.unlock();
  const double seconds = std::chrono::duration<double>(within).count();
  const double rate = std::max(kSlowest, seconds > 0 ? all / seconds : all);
  const double each = rate * std::chrono::duration<double>(kStep).count();
  for (double due = 0;;) {
    due += each;
    const auto now = static_cast<size_t>(due);
    due -= static_cast<double>(now);
    const bool over = Executor::current()->now() >= end;
    if (end_some(over ? SIZE_MAX : now) == 0) co_return;
    co_await sleep_for(kStep);
  }
}

Task<void> Lifecycle::finish_requests(Duration within) {
  const MonotonicTime end = Executor::current()->now() + within;
  while (open_->requests > 0 && Executor::current()->now() < end) co_await sleep_for(kStep);
}

}  // namespace xebec::apiserver
