// The process of a sub-command: what all its parts share, and how it ends.
#pragma once

#include <memory>
#include <mutex>
#include <optional>

#include "base/clock.h"
#include "base/logger.h"
#include "base/metrics.h"
#include "base/result.h"

namespace xebec::cmd {

class Flags;

class Process {
 public:
  // SIGINT and SIGTERM are waited for, not handled: made before any thread is. Logs to standard error;
  // `verbosity` as klog's -v: details from 4 on.
  explicit Process(int verbosity = 0);
  Process(const Process&) = delete;

  std::shared_ptr<const Clock> clock() const { return clock_; }
  Rng& rng() { return *rng_; }
  const Logger& logger() const { return logger_; }
  // What /metrics of this process shows.
  Metrics& metrics() { return metrics_; }

  // Ends wait() with an error; thread-safe. For what a part cannot go on without.
  void fail(Status why);
  // Returns when a signal says that the process should end.
  Result<void> wait();

 private:
  std::shared_ptr<const Clock> clock_;
  std::unique_ptr<Rng> rng_;
  Logger logger_;
  Metrics metrics_;
  std::mutex mutex_;
  std::optional<Status> failure_;
};

// -v, as Process takes it.
void declare_verbosity(Flags& flags, int& verbosity);

// The exit status of a sub-command; says on standard error why it failed.
int exit_status(const Result<void>& done);

}  // namespace xebec::cmd
