// What the controllers are told by a command line, whichever sub-command runs them.
#pragma once

#include "cmd/flags/flags.h"
#include "controllers/controller.h"

namespace xebec::cmd {

// --controllers, --node-monitor-* and the like; the cluster's range is the caller's to declare.
void declare_controllers(Flags& flags, controllers::ControllerOptions& options);

}  // namespace xebec::cmd
