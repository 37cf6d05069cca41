// The process of a sub-command: what all its parts share, and how it ends.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/executor.h"
#include "base/logger.h"
#include "base/metrics.h"
#include "base/result.h"

namespace xebec::cmd {

class Flags;

struct LogOptions {
  int verbosity = 0;            // as klog's -v: details from 4 on
  std::string format = "text";  // or "json"
};

class Process {
 public:
  // SIGINT and SIGTERM are waited for, not handled: made before any thread is. Logs to standard error.
  explicit Process(const LogOptions& logs = {});
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
  // Lets the time pass, unless another such signal cuts it short.
  void linger(Duration time);

 private:
  std::shared_ptr<const Clock> clock_;
  std::unique_ptr<Rng> rng_;
  Logger logger_;
  Metrics metrics_;
  std::mutex mutex_;
  std::optional<Status> failure_;
};

// -v and --logging-format (k8s.io/component-base/logs).
void declare_logs(Flags& flags, LogOptions& options);

// The exit status of a sub-command; says on standard error why it failed.
int exit_status(const Result<void>& done);

}  // namespace xebec::cmd
