#include "cmd/manager_options.h"

namespace xebec::cmd {

void declare_controllers(Flags& flags, controllers::ControllerOptions& o) {
  flags.group("Controllers");
  flags.add("controllers", o.controllers,
            "Which controllers run: * for all, NAME for one more, -NAME for one less.");
  flags.add("node-monitor-period", o.node_monitor_period, "How often nodes are looked at.");
  flags.add("node-monitor-grace-period", o.node_monitor_grace_period,
            "How long a node can be silent before it is marked as not known.");
  flags.add("node-startup-grace-period", o.node_startup_grace_period,
            "The same for a node that has not spoken yet.");
  flags.add("legacy-service-account-tokens", o.legacy_token_secrets,
            "Make a Secret with a token for every service account, as Kubernetes did before 1.24.");
}

}  // namespace xebec::cmd
