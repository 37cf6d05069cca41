// SimExecutor: virtual time on one thread. Work runs in order of (time, posting), so a run is a function of
// its inputs alone. SimClock shows the same virtual time as a wall clock.
#pragma once

#include <map>

#include "base/clock.h"
#include "base/executor.h"

namespace xebec {

// Not thread-safe: everything of a simulation happens on one thread.
class SimExecutor final : public Executor {
 public:
  SimExecutor() = default;
  ~SimExecutor() override;
  void post(Work work) override { post_at(now_, std::move(work)); }
  uint64_t post_at(MonotonicTime when, Work work) override;
  void cancel_timer(uint64_t id) override;
  MonotonicTime now() const override { return now_; }

  // Runs the next piece of work, moving time forward to it. False when there is none.
  bool step();
  // Runs work until none is left that is due at or before `until`; time ends at `until`.
  void run_until(MonotonicTime until);
  void run_for(Duration duration) { run_until(now_ + duration); }
  // Runs until `done` says so; false when the time limit came first.
  bool run_while_not(const std::function<bool()>& done, Duration limit);

 private:
  MonotonicTime now_{};
  uint64_t last_id_ = 0;
  std::map<std::pair<MonotonicTime, uint64_t>, Work> queue_;
  std::map<uint64_t, MonotonicTime> times_;
};

class SimClock final : public Clock {
 public:
  SimClock(const SimExecutor& executor, WallTime start) : executor_(executor), start_(start) {}
  WallTime now() const override { return start_ + executor_.now().time_since_epoch(); }

 private:
  const SimExecutor& executor_;
  WallTime start_;
};

}  // namespace xebec
