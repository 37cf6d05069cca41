#include "cmd/apiserver_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>

#include "cmd/control_plane.h"

namespace xebec::cmd {
namespace {

Result<void> run(const ControlPlaneOptions& options) {
  Signals signals;
  auto clock = std::make_shared<const SystemClock>();
  Logger logger(make_fd_sink(STDERR_FILENO), clock, options.verbose ? LogLevel::kDebug : LogLevel::kInfo);
  std::unique_ptr<Rng> rng = make_system_rng();
  TRY(std::unique_ptr<ControlPlane> plane, ControlPlane::start(options, clock, *rng, logger));
  int received = signals.wait();
  logger.info("Stopping", {{"signal", received}});
  return {};
}

}  // namespace

std::function<int()> declare_apiserver(CLI::App& app) {
  auto options = std::make_shared<ControlPlaneOptions>();
  declare_control_plane(app, *options);
  return [options] {
    Result<void> done = run(*options);
    if (done) return 0;
    fmt::print(stderr, "xebec: {}\n", done.error().message);
    return 1;
  };
}

}  // namespace xebec::cmd
