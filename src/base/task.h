// Task<T>: the lazy coroutine of this code base (one owner, one awaiter).
//
// A Task starts when it is awaited and is destroyed with its handle. Exceptions do not cross it: errors are
// values (Result<T>); an exception that escapes terminates the process.
//
// A child that ends without suspending returns to its awaiter as a plain call does, so that a loop of such
// awaits needs no stack: g++ makes symmetric transfer a tail call only when it optimises, and sanitizer
// builds do not.
//
// g++ 12 destroys some temporaries of an expression with co_await twice: name aggregates, braced lists and
// capturing lambdas before the expression (tests/toolchain shows it).
#pragma once

#include <atomic>
#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

namespace xebec {

template <class T>
class Task;

namespace detail {

struct TaskPromiseBase {
  std::coroutine_handle<> continuation;
  // Set by whichever comes first: the awaiter's return from starting the child, or the child's end.
  std::atomic<bool> met{false};

  struct FinalAwaiter {
    bool await_ready() const noexcept { return false; }
    template <class P>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<P> h) const noexcept {
      if (!h.promise().met.exchange(true, std::memory_order_acq_rel)) return std::noop_coroutine();
      return h.promise().continuation;
    }
    void await_resume() const noexcept {}
  };

  std::suspend_always initial_suspend() noexcept { return {}; }
  FinalAwaiter final_suspend() noexcept { return {}; }
  void unhandled_exception() noexcept { std::terminate(); }
};

template <class T>
struct TaskPromise : TaskPromiseBase {
  std::optional<T> value;
  Task<T> get_return_object();
  template <class U>
  void return_value(U&& v) {
    value.emplace(std::forward<U>(v));
  }
  T take() { return std::move(*value); }
};

template <>
struct TaskPromise<void> : TaskPromiseBase {
  Task<void> get_return_object();
  void return_void() noexcept {}
  void take() noexcept {}
};

}  // namespace detail

template <class T = void>
class [[nodiscard]] Task {
 public:
  using promise_type = detail::TaskPromise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  Task() = default;
  explicit Task(Handle handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      if (handle_) handle_.destroy();
      handle_ = std::exchange(other.handle_, nullptr);
    }
    return *this;
  }
  ~Task() {
    if (handle_) handle_.destroy();
  }

  bool valid() const { return handle_ != nullptr; }

  auto operator co_await() && noexcept { return Awaiter(handle_); }
  auto operator co_await() & noexcept { return Awaiter(handle_); }

 private:
  class Awaiter {
   public:
    explicit Awaiter(Handle h) : handle_(h) {}
    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> caller) noexcept {
      handle_.promise().continuation = caller;
      handle_.resume();
      return !handle_.promise().met.exchange(true, std::memory_order_acq_rel);
    }
    T await_resume() { return handle_.promise().take(); }

   private:
    Handle handle_;
  };

  Handle handle_ = nullptr;
};

namespace detail {
template <class T>
Task<T> TaskPromise<T>::get_return_object() {
  return Task<T>(std::coroutine_handle<TaskPromise<T>>::from_promise(*this));
}
inline Task<void> TaskPromise<void>::get_return_object() {
  return Task<void>(std::coroutine_handle<TaskPromise<void>>::from_promise(*this));
}
}  // namespace detail

}  // namespace xebec
