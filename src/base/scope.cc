#include "base/scope.h"

#include <pthread.h>

#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <map>
#include <mutex>
#include <thread>

#include "base/sync.h"

namespace xebec {
namespace {

// A coroutine that owns itself: the root of every tree of tasks.
struct Root {
  struct promise_type {
    Root get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
  std::coroutine_handle<promise_type> handle;
};

// Starts a root when it is run, and frees it when it is dropped without having run.
class Starter {
 public:
  explicit Starter(Root root) : handle_(root.handle) {}
  Starter(Starter&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  ~Starter() {
    if (handle_) handle_.destroy();
  }
  void operator()() { std::exchange(handle_, nullptr).resume(); }

 private:
  std::coroutine_handle<> handle_;
};

}  // namespace

struct Scope::State {
  std::mutex mutex;
  size_t children = 0;  // spawned and not yet ended
  Signal idle;

  void ended() {
    bool last = false;
    {
      std::lock_guard lock(mutex);
      last = --children == 0;
    }
    if (last) idle.notify_all();
  }
};

Scope::Scope(Executor& executor, const CancelToken& parent)
    : executor_(executor), source_(parent), state_(std::make_shared<State>()) {}

Scope::~Scope() {
  std::lock_guard lock(state_->mutex);
  if (state_->children == 0) return;
  std::fprintf(stderr, "a scope ended with %zu running children\n", state_->children);
  std::abort();
}

namespace {
template <class StatePtr>
Root run_child(Task<void> task, StatePtr state) {
  {
    Task<void> owned = std::move(task);
    co_await std::move(owned);
  }
  state->ended();
}
}  // namespace

void Scope::spawn(Task<void> task) {
  {
    std::lock_guard lock(state_->mutex);
    ++state_->children;
  }
  executor_.post(Starter(run_child(std::move(task), state_)));
}

void Scope::cancel() { source_.cancel(); }

Task<void> Scope::join() {
  for (;;) {
    OneShot<bool> idle = state_->idle.subscribe();
    {
      std::lock_guard lock(state_->mutex);
      if (state_->children == 0) co_return;
    }
    co_await idle;
  }
}

struct RunLoop::State {
  std::mutex mutex;
  std::condition_variable wake;
  std::deque<Work> ready;
  std::map<std::pair<MonotonicTime, uint64_t>, Work> timers;
  std::unordered_map<uint64_t, MonotonicTime> timer_times;
  uint64_t last_timer = 0;
  bool stopped = false;
};

RunLoop::RunLoop() : state_(std::make_unique<State>()) {}

RunLoop::~RunLoop() {
  // Destroying work may post again; nothing runs any more.
  for (;;) {
    std::deque<Work> ready;
    std::map<std::pair<MonotonicTime, uint64_t>, Work> timers;
    {
      std::lock_guard lock(state_->mutex);
      ready.swap(state_->ready);
      timers.swap(state_->timers);
    }
    if (ready.empty() && timers.empty()) return;
  }
}

MonotonicTime RunLoop::now() const { return std::chrono::steady_clock::now(); }

void RunLoop::post(Work work) {
  // The work may end the loop's life: nothing of it is touched after the lock.
  std::lock_guard lock(state_->mutex);
  state_->ready.push_back(std::move(work));
  state_->wake.notify_one();
}

uint64_t RunLoop::post_at(MonotonicTime when, Work work) {
  std::lock_guard lock(state_->mutex);
  uint64_t id = ++state_->last_timer;
  state_->timers.emplace(std::pair(when, id), std::move(work));
  state_->timer_times.emplace(id, when);
  state_->wake.notify_one();
  return id;
}

void RunLoop::cancel_timer(uint64_t id) {
  Work dropped;
  std::lock_guard lock(state_->mutex);
  auto it = state_->timer_times.find(id);
  if (it == state_->timer_times.end()) return;
  auto timer = state_->timers.find(std::pair(it->second, id));
  dropped = std::move(timer->second);
  state_->timers.erase(timer);
  state_->timer_times.erase(it);
}

void RunLoop::run() {
  Running running(this);
  std::unique_lock lock(state_->mutex);
  for (;;) {
    MonotonicTime time = now();
    while (!state_->timers.empty() && state_->timers.begin()->first.first <= time) {
      auto timer = state_->timers.begin();
      state_->timer_times.erase(timer->first.second);
      state_->ready.push_back(std::move(timer->second));
      state_->timers.erase(timer);
    }
    if (!state_->ready.empty()) {
      Work work = std::move(state_->ready.front());
      state_->ready.pop_front();
      lock.unlock();
      work();
      work = nullptr;
      lock.lock();
      continue;
    }
    if (state_->stopped) return;
    if (state_->timers.empty()) {
      state_->wake.wait(lock);
    } else {
      MonotonicTime next = state_->timers.begin()->first.first;
      state_->wake.wait_until(lock, next);
    }
  }
}

void RunLoop::stop() {
  std::lock_guard lock(state_->mutex);
  state_->stopped = true;
  state_->wake.notify_one();
}

struct ThreadExecutor::Thread {
  std::thread thread;
};

ThreadExecutor::ThreadExecutor(const char* name) : thread_(std::make_unique<Thread>()) {
  thread_->thread = std::thread([this] { loop_.run(); });
  pthread_setname_np(thread_->thread.native_handle(), std::string(name).substr(0, 15).c_str());
}

ThreadExecutor::~ThreadExecutor() {
  loop_.stop();
  thread_->thread.join();
}

namespace detail {
namespace {
Root run_root_task(Task<void> task) { co_await std::move(task); }
}  // namespace

void run_root(RunLoop& loop, Task<void> task) {
  loop.post(Starter(run_root_task(std::move(task))));
  loop.run();
}
}  // namespace detail

}  // namespace xebec
