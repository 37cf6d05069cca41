// What controllers of Pods have in common (k8s.io/kubernetes/pkg/controller/controller_utils.go).
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/gen/corev1.h"
#include "base/clock.h"
#include "base/executor.h"

namespace xebec::controllers {

using PodPtr = std::shared_ptr<const corev1::Pod>;

bool pod_finished(const corev1::Pod& pod);     // Succeeded or Failed
bool pod_active(const corev1::Pod& pod);       // neither finished nor being deleted
bool pod_terminating(const corev1::Pod& pod);  // being deleted, not finished yet
bool pod_ready(const corev1::Pod& pod);
// Ready for at least min_ready_seconds.
bool pod_available(const corev1::Pod& pod, int32_t min_ready_seconds, api::Time now);
api::Time ready_since(const corev1::Pod& pod);  // zero when it is not ready
// How long until the next of the ready Pods has been ready for min_ready_seconds; nothing when none is waited
// for.
std::optional<Duration> next_availability(const std::vector<PodPtr>& pods, int32_t min_ready_seconds,
                                          api::Time now);
api::Time to_time(WallTime time);
// resourceVersion as a number, by which states of one object can be put in order (KEP-5504); 0 for none.
uint64_t revision(const metav1::ObjectMeta& meta);

// The order in which Pods are given up: not assigned, pending, not ready, cheaper to delete, doubled up on a
// node, ready for a shorter time, more restarts (of containers, then of sidecars), younger. Ages are compared
// by their order of magnitude (powers of two), and within one by UID, so that Pods of a zone or of a wave are
// not given up together. `pods_on_node` counts related Pods a node.
void sort_for_deletion(std::vector<PodPtr>& pods, const std::map<std::string, int>& pods_on_node,
                       WallTime now);

// A new Pod of a template: labels, annotations, finalizers and spec are the template's; named by the owner.
corev1::Pod pod_from_template(const corev1::PodTemplateSpec& template_, const metav1::ObjectMeta& owner,
                              const metav1::OwnerReference& controller_ref);

// Hash of a template for the label pod-template-hash, in the alphabet of generated names.
std::string template_hash(const corev1::PodTemplateSpec& template_, std::optional<int32_t> collision_count);

}  // namespace xebec::controllers
