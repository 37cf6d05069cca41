// Cancellation: a CancelSource is cancelled once; CancelTokens observe it, by asking or by callback.
// Thread-safe. A default token is never cancelled.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

namespace xebec {

namespace detail {
class CancelState;
}

class CancelToken;

// Removes its callback when destroyed; a callback that is running is waited for (unless on its own thread).
class CancelRegistration {
 public:
  CancelRegistration() = default;
  CancelRegistration(std::shared_ptr<detail::CancelState> state, uint64_t id)
      : state_(std::move(state)), id_(id) {}
  CancelRegistration(CancelRegistration&& other) noexcept;
  CancelRegistration& operator=(CancelRegistration&& other) noexcept;
  ~CancelRegistration();
  void reset();

 private:
  std::shared_ptr<detail::CancelState> state_;
  uint64_t id_ = 0;
};

class CancelToken {
 public:
  CancelToken() = default;
  explicit CancelToken(std::shared_ptr<detail::CancelState> state) : state_(std::move(state)) {}

  bool cancelled() const;
  bool can_be_cancelled() const { return state_ != nullptr; }
  // Calls `callback` once on cancellation, on the cancelling thread; at once if already cancelled.
  CancelRegistration on_cancel(std::move_only_function<void()> callback) const;

 private:
  std::shared_ptr<detail::CancelState> state_;
};

class CancelSource {
 public:
  CancelSource();
  // A source that is cancelled with its parent.
  explicit CancelSource(const CancelToken& parent);
  CancelSource(CancelSource&&) = default;
  CancelSource& operator=(CancelSource&&) = default;

  CancelToken token() const { return CancelToken(state_); }
  void cancel() const;

 private:
  std::shared_ptr<detail::CancelState> state_;
  CancelRegistration parent_;
};

}  // namespace xebec
