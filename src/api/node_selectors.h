// Whether a Pod's spec wants a node, and whether it bears its taints: what the scheduler, the kubelet and
// controllers of one Pod a node must agree on (k8s.io/component-helpers/scheduling/corev1).
#pragma once

#include <vector>

namespace xebec::corev1 {
struct Node;
struct NodeSelectorTerm;
struct PodSpec;
struct Taint;
struct Toleration;
}  // namespace xebec::corev1

namespace xebec::api {

// nodeSelector and required node affinity.
bool matches_node_affinity(const corev1::PodSpec& spec, const corev1::Node& node);
bool matches_node_term(const corev1::NodeSelectorTerm& term, const corev1::Node& node);

bool tolerates(const corev1::Toleration& toleration, const corev1::Taint& taint);
// Any of them does.
bool tolerates(const std::vector<corev1::Toleration>& tolerations, const corev1::Taint& taint);

}  // namespace xebec::api
