// The program: picks the sub-command and runs it.
#include <CLI/CLI.hpp>

#include "cmd/apiserver_command.h"
#include "cmd/command.h"

namespace {

// One line a sub-command.
constexpr xebec::cmd::Command kCommands[] = {
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
