// The sub-commands of the program: flags are declared first, then it runs. One file a sub-command.
#pragma once

#include <functional>
#include <span>
#include <string_view>

namespace CLI {
class App;
}

namespace xebec::cmd {

class Flags;

struct Command {
  std::string_view name;
  std::string_view description;
  // Declares flags and returns what runs it: the exit status of the process.
  std::function<int()> (*declare)(Flags& flags);
  // Kubernetes' components that it stands for: their flags are known, though not all are supported.
  std::span<const std::string_view> components;
};

std::function<int()> declare_server(Flags& flags);              // server_command.cc
std::function<int()> declare_agent(Flags& flags);               // agent_command.cc
std::function<int()> declare_apiserver(Flags& flags);           // apiserver_command.cc
std::function<int()> declare_controller_manager(Flags& flags);  // controller_manager_command.cc
std::function<int()> declare_scheduler(Flags& flags);           // scheduler_command.cc
std::function<int()> declare_kubelet(Flags& flags);             // kubelet_command.cc
std::function<int()> declare_purge(Flags& flags);               // purge_command.cc
std::function<int()> declare_storage(Flags& flags);             // storage_command.cc
std::function<int()> declare_token(Flags& flags);               // token_command.cc

std::span<const Command> commands();  // commands.cc
// The whole program.
int run_program(int argc, char** argv);

}  // namespace xebec::cmd
