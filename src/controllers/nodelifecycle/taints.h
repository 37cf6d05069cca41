// The taints that a node's conditions amount to, and labels that nodes have under an old and a new name
// (k8s.io/kubernetes/pkg/controller/nodelifecycle/node_lifecycle_controller.go). Pure functions.
#pragma once

#include <vector>

#include "api/gen/corev1.h"

namespace xebec::controllers {

inline constexpr std::string_view kTaintNotReady = "node.kubernetes.io/not-ready";
inline constexpr std::string_view kTaintUnreachable = "node.kubernetes.io/unreachable";

// nullptr when the node has no such condition.
const corev1::NodeCondition* condition_of(const corev1::Node& node, std::string_view type);

// The node's taints with those of effect NoSchedule that conditions and spec.unschedulable decide as they
// should be. One that stays keeps its time; other taints are left alone.
std::vector<corev1::Taint> with_condition_taints(const corev1::Node& node, api::Time now);
// The node's taints with NoExecute of `key` and not of the other of not-ready and unreachable; of neither
// when `key` is empty.
std::vector<corev1::Taint> with_execution_taint(const corev1::Node& node, std::string_view key,
                                                api::Time now);
bool has_execution_taint(const corev1::Node& node, std::string_view key);

// Operating system and architecture under their beta names too; true when something changed.
bool reconcile_labels(corev1::Node& node);

}  // namespace xebec::controllers
