// Factories of the built-in plugins (k8s.io/kubernetes/pkg/scheduler/framework/plugins).
#pragma once

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

// Whether a toleration bears a taint; whether any of them does.
bool tolerates(const corev1::Toleration& toleration, const corev1::Taint& taint);
bool tolerates(const std::vector<corev1::Toleration>& tolerations, const corev1::Taint& taint);
// Whether the node has what nodeSelector and required node affinity ask for.
bool matches_node_affinity(const corev1::PodSpec& spec, const corev1::Node& node);
bool matches_node_term(const corev1::NodeSelectorTerm& term, const corev1::Node& node);

}  // namespace xebec::scheduler
