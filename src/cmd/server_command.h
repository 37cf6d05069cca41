// `xebec server`: a whole cluster in one process: API server, controllers, scheduler and this machine as a
// node. `xebec purge`: ends the node's Pods and removes what they left; the cluster's data stays.
#pragma once

#include "cmd/command.h"

namespace xebec::cmd {

std::function<int()> declare_server(CLI::App& app);
std::function<int()> declare_purge(CLI::App& app);

}  // namespace xebec::cmd
