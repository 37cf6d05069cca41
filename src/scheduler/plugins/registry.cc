#include "scheduler/plugins/plugins.h"

namespace xebec::scheduler {

// In the order of upstream's default profile: the cheapest and most telling filters come first.
Profile default_profile() {
  Profile profile;
  profile.add(make_scheduling_gates());
  profile.add(make_node_unschedulable());
  profile.add(make_node_name());
  profile.add(make_taint_toleration());
  profile.add(make_node_affinity());
  profile.add(make_node_ports());
  profile.add(make_node_resources_fit());
  profile.add(make_balanced_allocation());
  return profile;
}

}  // namespace xebec::scheduler
