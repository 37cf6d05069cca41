// The program: picks the sub-command and runs it.
#include <CLI/CLI.hpp>

#include "cmd/apiserver_command.h"
#include "cmd/command.h"
#include "cmd/server_command.h"

namespace {

// One line a sub-command.
constexpr xebec::cmd::Command kCommands[] = {
    {"server", "Run a whole cluster: API server, controllers, scheduler, and this machine as a node",
     xebec::cmd::declare_server},
    {"purge", "End the node's Pods and remove what they left; the cluster's data stays",
     xebec::cmd::declare_purge},
    {"apiserver", "Run the API server over a local store", xebec::cmd::declare_apiserver},
};

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Xebec: Kubernetes in one program");
  app.require_subcommand(1);
  int status = 0;
  for (const xebec::cmd::Command& command : kCommands) {
    CLI::App* sub = app.add_subcommand(std::string(command.name), std::string(command.description));
    std::function<int()> run = command.declare(*sub);
    sub->callback([run, &status] { status = run(); });
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  }
  return status;
}
