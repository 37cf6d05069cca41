// A sub-command of the program: its options are declared first, then it runs. One file a sub-command.
#pragma once

#include <functional>
#include <string_view>

namespace CLI {
class App;
}

namespace xebec::cmd {

struct Command {
  std::string_view name;
  std::string_view description;
  // Declares options on the sub-command and returns what runs it: the exit status of the process.
  std::function<int()> (*declare)(CLI::App& app);
};

}  // namespace xebec::cmd
