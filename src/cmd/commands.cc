// The table of sub-commands, and the command line of the program.
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "cmd/command.h"
#include "cmd/flags/flags.h"
#include "cmd/flags/help.h"
#include "cmd/flags/upstream.h"

namespace xebec::cmd {
namespace {

constexpr std::string_view kApiServer[] = {"kube-apiserver"};
constexpr std::string_view kControllerManager[] = {"kube-controller-manager"};
constexpr std::string_view kScheduler[] = {"kube-scheduler"};
constexpr std::string_view kKubelet[] = {"kubelet"};
constexpr std::string_view kAll[] = {"kube-apiserver", "kube-controller-manager", "kube-scheduler",
                                     "kubelet"};

// One line a sub-command.
constexpr Command kCommands[] = {
    {"server", "Run a whole cluster: API server, controllers, scheduler, and this machine as a node.",
     declare_server, kAll},
    {"agent", "Run this machine as a node of a cluster whose API server is elsewhere.", declare_agent,
     kKubelet},
    {"apiserver", "Run the API server over etcd or a store of its own.", declare_apiserver, kApiServer},
    {"controller-manager", "Run the controllers against an API server elsewhere.", declare_controller_manager,
     kControllerManager},
    {"scheduler", "Run the scheduler against an API server elsewhere.", declare_scheduler, kScheduler},
    {"kubelet", "Run the kubelet against an API server elsewhere.", declare_kubelet, kKubelet},
    {"token", "Make a token with which nodes join, and print the command that does it.", declare_token, {}},
    {"purge", "End the node's Pods and remove what they left; the cluster's data stay.", declare_purge, {}},
    {"storage", "Move a cluster's objects between a data directory and etcd: storage migrate.",
     declare_storage, kApiServer},
};

// An unknown flag, explained; CLI11 only lists them.
int explain(const CLI::App& app, const CLI::ExtrasError& error) {
  for (const CLI::App* sub : app.get_subcommands()) {
    std::vector<std::string> unknown = sub->remaining();
    const Command* command = std::ranges::find(kCommands, sub->get_name(), &Command::name);
    if (unknown.empty() || command == std::end(kCommands)) continue;
    fmt::print(stderr, "xebec {}: {}\n", command->name,
               explain_unknown_argument(command->components, unknown[0]));
    return 2;
  }
  return app.exit(error);
}

}  // namespace

std::span<const Command> commands() { return kCommands; }

int run_program(int argc, char** argv) {
  CLI::App app("Xebec: Kubernetes in one program.");
  app.formatter(std::make_shared<HelpFormatter>());
  app.require_subcommand(1);
  int status = 0;
  for (const Command& command : kCommands) {
    CLI::App* sub = app.add_subcommand(std::string(command.name), std::string(command.description));
    Flags flags(*sub);
    std::function<int()> run = command.declare(flags);
    sub->callback([run, &status] { status = run(); });
  }
  std::vector<std::string> arguments = normalized(std::vector<std::string>(argv + 1, argv + argc));
  std::ranges::reverse(arguments);  // as the parser wants them
  app.name("xebec");
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::ExtrasError& error) {
    return explain(app, error);
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  }
  return status;
}

}  // namespace xebec::cmd
