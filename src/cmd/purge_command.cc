// `xebec purge`: ends the node's Pods and removes what they left, without the API.
#include "cmd/command.h"
#include "cmd/flags/flags.h"
#include "cmd/node/purge.h"
#include "cmd/process.h"
#include "cmd/service_address.h"

namespace xebec::cmd {
namespace {

struct Options {
  std::string data_dir = "/var/lib/xebec";
  std::string cgroup_root = "/kubepods";
};

Result<void> run(const Options& options) {
  Process process;
  TRY_VOID(purge_node(options.data_dir, options.cgroup_root, process.logger()));
  return ServiceAddress::remove(options.data_dir);
}

}  // namespace

std::function<int()> declare_purge(Flags& flags) {
  auto options = std::make_shared<Options>();
  flags.add("data-dir", options->data_dir, "Where the cluster's data are.", "dir");
  flags.add("cgroup-root", options->cgroup_root, "Parent of all Pods' control groups.");
  return [options] { return exit_status(run(*options)); };
}

}  // namespace xebec::cmd
