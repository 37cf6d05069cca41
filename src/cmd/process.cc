#include "cmd/process.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include "base/json_log.h"
#include "cmd/build_info.h"
#include "cmd/flags/flags.h"

namespace xebec::cmd {
namespace {

constexpr int kDetails = 4;

sigset_t ending_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

}  // namespace

Process::Process(const LogOptions& logs)
    : clock_(std::make_shared<const SystemClock>()),
      rng_(make_system_rng()),
      logger_(logs.format == "json" ? make_json_sink(STDERR_FILENO) : make_fd_sink(STDERR_FILENO), clock_,
              logs.verbosity >= kDetails ? LogLevel::kDebug : LogLevel::kInfo) {
  register_process_metrics(metrics_);
  register_build_info(metrics_);
  const sigset_t signals = ending_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
}

void Process::fail(Status why) {
  {
    std::lock_guard lock(mutex_);
    if (!failure_) failure_ = std::move(why);
  }
  kill(getpid(), SIGTERM);
}

Result<void> Process::wait() {
  const sigset_t signals = ending_signals();
  int received = 0;
  sigwait(&signals, &received);
  std::lock_guard lock(mutex_);
  if (failure_) return xebec::fail(*failure_);
  logger_.info("Stopping", {{"signal", received}});
  return {};
}

void Process::linger(Duration time) {
  const sigset_t signals = ending_signals();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  const timespec limit{seconds.count(), (time - seconds).count()};
  sigtimedwait(&signals, nullptr, &limit);
}

void declare_logs(Flags& flags, LogOptions& options) {
  flags.group("Logs");
  flags.add("v", options.verbosity, fmt::format("How much is logged; details from {} on.", kDetails));
  flags.choice("logging-format", options.format, {"text", "json"}, "The form of the log: text or json.");
}

int exit_status(const Result<void>& done) {
  if (done) return 0;
  fmt::print(stderr, "xebec: {}\n", done.error().message);
  return 1;
}

}  // namespace xebec::cmd
