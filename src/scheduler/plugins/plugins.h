// Factories of the built-in plugins (k8s.io/kubernetes/pkg/scheduler/framework/plugins).
#pragma once

#include "api/node_selectors.h"
#include "scheduler/framework.h"

namespace xebec::scheduler {

std::unique_ptr<Plugin> make_scheduling_gates();
std::unique_ptr<Plugin> make_node_unschedulable();
std::unique_ptr<Plugin> make_node_name();
std::unique_ptr<Plugin> make_taint_toleration();
std::unique_ptr<Plugin> make_node_affinity();
std::unique_ptr<Plugin> make_node_ports();
std::unique_ptr<Plugin> make_node_resources_fit();
std::unique_ptr<Plugin> make_balanced_allocation();

using api::matches_node_affinity;
using api::matches_node_term;
using api::tolerates;

}  // namespace xebec::scheduler
