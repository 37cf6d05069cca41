// `xebec apiserver`: an API server alone, over etcd or a store of its own.
#include "cmd/apiserver_flags.h"
#include "cmd/command.h"
#include "cmd/control_plane.h"

namespace xebec::cmd {
namespace {

struct Options {
  ControlPlaneOptions plane;
  LogOptions logs;
};

Result<void> run(const Options& options) {
  Process process(options.logs);
  TRY(std::unique_ptr<ControlPlane> plane, ControlPlane::start(options.plane, process));
  return plane->wait();
}

}  // namespace

std::function<int()> declare_apiserver(Flags& flags) {
  auto options = std::make_shared<Options>();
  options->plane.component_kubeconfigs = true;
  declare_apiserver_flags(flags, options->plane);
  declare_logs(flags, options->logs);
  return [options] { return exit_status(run(*options)); };
}

}  // namespace xebec::cmd
