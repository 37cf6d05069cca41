#include "base/cancel.h"

#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

namespace xebec {
namespace detail {

class CancelState {
 public:
  bool cancelled() const { return cancelled_.load(std::memory_order_acquire); }

  // Returns 0 when already cancelled; the caller then runs the callback itself.
  uint64_t add(std::move_only_function<void()>& callback) {
    std::lock_guard lock(mutex_);
    if (cancelled()) return 0;
    callbacks_.emplace(++last_id_, std::move(callback));
    return last_id_;
  }

  void remove(uint64_t id) {
    std::unique_lock lock(mutex_);
    if (callbacks_.erase(id) != 0) return;
    if (running_thread_ == std::this_thread::get_id()) return;
    done_.wait(lock, [&] { return running_ != id; });
  }

  void cancel() {
    std::unique_lock lock(mutex_);
    if (cancelled_.exchange(true)) return;
    running_thread_ = std::this_thread::get_id();
    while (!callbacks_.empty()) {
      auto node = callbacks_.extract(callbacks_.begin());
      running_ = node.key();
      lock.unlock();
      node.mapped()();
      node = {};
      lock.lock();
      running_ = 0;
      done_.notify_all();
    }
    running_thread_ = {};
  }

 private:
  std::mutex mutex_;
  std::condition_variable done_;
  std::atomic<bool> cancelled_{false};
  std::map<uint64_t, std::move_only_function<void()>> callbacks_;  // by id: called in order of registration
  uint64_t last_id_ = 0;
  uint64_t running_ = 0;
  std::thread::id running_thread_;
};

}  // namespace detail

CancelRegistration::CancelRegistration(CancelRegistration&& other) noexcept
    : state_(std::move(other.state_)), id_(std::exchange(other.id_, 0)) {}

CancelRegistration& CancelRegistration::operator=(CancelRegistration&& other) noexcept {
  if (this != &other) {
    reset();
    state_ = std::move(other.state_);
    id_ = std::exchange(other.id_, 0);
  }
  return *this;
}

CancelRegistration::~CancelRegistration() { reset(); }

void CancelRegistration::reset() {
  if (state_ && id_ != 0) state_->remove(id_);
  state_ = nullptr;
  id_ = 0;
}

bool CancelToken::cancelled() const { return state_ && state_->cancelled(); }

CancelRegistration CancelToken::on_cancel(std::move_only_function<void()> callback) const {
  if (!state_) return {};
  uint64_t id = state_->add(callback);
  if (id == 0) {
    callback();
    return {};
  }
  return {state_, id};
}

CancelSource::CancelSource() : state_(std::make_shared<detail::CancelState>()) {}

CancelSource::CancelSource(const CancelToken& parent) : CancelSource() {
  parent_ = parent.on_cancel([state = state_] { state->cancel(); });
}

void CancelSource::cancel() const { state_->cancel(); }

}  // namespace xebec
