#include "cmd/process.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

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

Process::Process(int verbosity)
    : clock_(std::make_shared<const SystemClock>()),
      rng_(make_system_rng()),
      logger_(make_fd_sink(STDERR_FILENO), clock_,
              verbosity >= kDetails ? LogLevel::kDebug : LogLevel::kInfo) {
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

void declare_verbosity(Flags& flags, int& verbosity) {
  flags.group("Logs");
  flags.add("v", verbosity, fmt::format("How much is logged; details from {} on.", kDetails));
}

int exit_status(const Result<void>& done) {
  if (done) return 0;
  fmt::print(stderr, "xebec: {}\n", done.error().message);
  return 1;
}

}  // namespace xebec::cmd
