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
  flags.add("large-cluster-size-threshold", o.large_cluster_size_threshold,
            "A zone of more nodes is large: partly down it is evicted slowly, a smaller one not at all.");
  flags.add("terminated-pod-gc-threshold", o.terminated_pod_gc_threshold,
            "How many finished Pods are kept; 0: all.");
  flags.add("max-endpoints-per-slice", o.max_endpoints_per_slice,
            "How many endpoints an EndpointSlice holds.");
  flags.add("mirroring-max-endpoints-per-subset", o.mirroring_max_endpoints_per_subset,
            "How many addresses of a subset of Endpoints are mirrored.");
  flags.add("legacy-service-account-tokens", o.legacy_token_secrets,
            "Make a Secret with a token for every service account, as Kubernetes did before 1.24.");
}

}  // namespace xebec::cmd
