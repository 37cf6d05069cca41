// Scope: the children of a task. They are cancelled together and joined before the scope ends: no task is
// ever detached. block_on: runs one task to its end on the calling thread (for main() and tests).
#pragma once

#include <memory>

#include "base/cancel.h"
#include "base/executor.h"
#include "base/task.h"

namespace xebec {

class Scope {
 public:
  // Children run on `executor`, which outlives the scope; they are cancelled with `parent`.
  explicit Scope(Executor& executor, const CancelToken& parent = {});
  Scope(const Scope&) = delete;
  // Must have been joined (join() returned), or never have spawned.
  ~Scope();

  // Thread-safe. The task starts as a new piece of work of the executor.
  void spawn(Task<void> task);
  // Children see it through token(), which their creators pass to them.
  void cancel();
  CancelToken token() const { return source_.token(); }
  Executor& executor() const { return executor_; }
  // Returns when no child is left. One caller at a time.
  Task<void> join();

 private:
  struct State;
  Executor& executor_;
  CancelSource source_;
  std::shared_ptr<State> state_;
};

// A run loop on the calling thread.
class RunLoop final : public Executor {
 public:
  RunLoop();
  ~RunLoop() override;
  void post(Work work) override;
  uint64_t post_at(MonotonicTime when, Work work) override;
  void cancel_timer(uint64_t id) override;
  MonotonicTime now() const override;

  // Runs work until stop() is called and no posted work is left.
  void run();
  void stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// An executor with a thread of its own, ended and joined by the destructor.
class ThreadExecutor final : public Executor {
 public:
  explicit ThreadExecutor(const char* name);
  ~ThreadExecutor() override;
  void post(Work work) override { loop_.post(std::move(work)); }
  uint64_t post_at(MonotonicTime when, Work work) override { return loop_.post_at(when, std::move(work)); }
  void cancel_timer(uint64_t id) override { loop_.cancel_timer(id); }
  MonotonicTime now() const override { return loop_.now(); }

 private:
  RunLoop loop_;
  struct Thread;
  std::unique_ptr<Thread> thread_;
};

namespace detail {
template <class T>
Task<void> run_and_stop(Task<T> task, RunLoop& loop, std::optional<T>& out) {
  out.emplace(co_await std::move(task));
  loop.stop();
}
inline Task<void> run_void_and_stop(Task<void> task, RunLoop& loop) {
  co_await std::move(task);
  loop.stop();
}
void run_root(RunLoop& loop, Task<void> task);
}  // namespace detail

template <class T>
T block_on(Task<T> task) {
  RunLoop loop;
  std::optional<T> out;
  detail::run_root(loop, detail::run_and_stop(std::move(task), loop, out));
  return std::move(*out);
}

inline void block_on(Task<void> task) {
  RunLoop loop;
  detail::run_root(loop, detail::run_void_and_stop(std::move(task), loop));
}

}  // namespace xebec
