// `xebec scheduler`: the scheduler against an API server elsewhere (kube-scheduler).
#include "cmd/command.h"
#include "cmd/components.h"
#include "cmd/flags/flags.h"
#include "cmd/process.h"
#include "cmd/remote/remote_api.h"
#include "cmd/serving/component_serving.h"

namespace xebec::cmd {
namespace {

struct Options {
  std::string kubeconfig, master;
  LeaderElectionOptions election;
  ServingOptions serving;
  LogOptions logs;
};

void declare(Flags& flags, Options& o) {
  flags.group("API server");
  flags.add("kubeconfig", o.kubeconfig, "Where the API server is, and who the scheduler is.", "file");
  flags.add("master", o.master, "The API server's URL, instead of the kubeconfig's.", "url");
  declare_leader_election(flags, o.election);
  declare_serving(flags, o.serving);
  declare_logs(flags, o.logs);
}

Result<void> run(Options options) {
  TRY_VOID(check_leader_election(options.election));
  TRY(client::ClientConfig config, load_client_config(options.kubeconfig, options.master));
  Process process(options.logs);
  options.election.health = std::make_shared<LeaderHealth>();
  const api::Scheme scheme = api::Scheme::builtin();
  http::IoPool pool(1);
  TRY(std::unique_ptr<RemoteApi> api,
      RemoteApi::make(std::move(config), pool, scheme, *process.clock(), &process.metrics()));
  std::unique_ptr<Component> scheduler =
      start_scheduler(process, api->rest("kube-scheduler"), options.election);
  TRY(std::unique_ptr<ComponentServing> serving,
      ComponentServing::start(options.serving, "kube-scheduler",
                              election_checks(options.election, process.clock()), process, pool, scheme));
  return process.wait();
}

}  // namespace

std::function<int()> declare_scheduler(Flags& flags) {
  auto options = std::make_shared<Options>();
  options->election.name = "kube-scheduler";
  options->serving.secure_port = 10259;
  declare(flags, *options);
  return [options] { return exit_status(run(*options)); };
}

}  // namespace xebec::cmd
