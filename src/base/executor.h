// Executor: where coroutines run, and the only source of monotonic time and timers.
//
// Tasks posted to one executor never run at the same time as each other (it is a strand), and run in the
// order of posting. A coroutine that suspends on one of base's awaitables is resumed on the executor it
// suspended on, whichever thread completes the wait.
#pragma once

#include <chrono>
#include <coroutine>
#include <cstdint>
#include <functional>

namespace xebec {

using MonotonicTime = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;
using Duration = std::chrono::nanoseconds;
using Work = std::move_only_function<void()>;

class Executor {
 public:
  virtual ~Executor() = default;

  // Thread-safe. Work posted after shutdown is destroyed without running.
  virtual void post(Work work) = 0;
  // Thread-safe. Runs `work` at `when` or soon after; returns an id for cancel_timer.
  virtual uint64_t post_at(MonotonicTime when, Work work) = 0;
  // Thread-safe. After it returns on the executor's own thread, the work does not run.
  virtual void cancel_timer(uint64_t id) = 0;
  virtual MonotonicTime now() const = 0;

  // The executor whose work the calling thread is running, or nullptr.
  static Executor* current();

  // co_await executor.schedule(): go on as a new piece of work of this executor.
  auto schedule() {
    struct Awaiter {
      Executor& executor;
      bool await_ready() const noexcept { return false; }
      void await_suspend(std::coroutine_handle<> h) {
        executor.post([h] { h.resume(); });
      }
      void await_resume() const noexcept {}
    };
    return Awaiter{*this};
  }

 protected:
  // Implementations hold one while they run work.
  class Running {
   public:
    explicit Running(Executor* executor);
    ~Running();
    Running(const Running&) = delete;

   private:
    Executor* previous_;
  };
};

}  // namespace xebec
