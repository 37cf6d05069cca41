// Validation of Pods and of what other kinds share of them (k8s.io/kubernetes/pkg/apis/core/validation).
#pragma once

#include "api/gen/corev1.h"
#include "apiserver/validation/check.h"

namespace xebec::apiserver::validation {

// --- parts, one file each ---
// pod_containers.cc
void check_containers(Errors& errors, const Path& spec_path, const corev1::PodSpec& spec);
void check_resources(Errors& errors, const Path& path, const corev1::ResourceRequirements& resources);
// pod_env.cc
void check_env(Errors& errors, const Path& path, const std::vector<corev1::EnvVar>& env);
void check_env_from(Errors& errors, const Path& path, const std::vector<corev1::EnvFromSource>& sources);
void check_field_ref(Errors& errors, const Path& path, const corev1::ObjectFieldSelector& ref, bool volume);
// pod_handlers.cc
void check_probe(Errors& errors, const Path& path, const corev1::Probe& probe);
void check_lifecycle(Errors& errors, const Path& path, const corev1::Lifecycle& lifecycle, int64_t grace);
// pod_volumes.cc
void check_volumes(Errors& errors, const Path& path, const std::vector<corev1::Volume>& volumes);
// pod_scheduling.cc
void check_affinity(Errors& errors, const Path& path, const corev1::Affinity& affinity);
void check_node_selector_term(Errors& errors, const Path& path, const corev1::NodeSelectorTerm& term);
void check_tolerations(Errors& errors, const Path& path, const std::vector<corev1::Toleration>& tolerations);
void check_spread_constraints(Errors& errors, const Path& path,
                              const std::vector<corev1::TopologySpreadConstraint>& constraints);
// pod_security.cc
void check_pod_security(Errors& errors, const Path& path, const corev1::PodSpec& spec);
void check_container_security(Errors& errors, const Path& path, const corev1::SecurityContext& context);

// --- whole ---
// pod_spec.cc
void check_pod_spec(Errors& errors, const Path& path, const corev1::PodSpec& spec);
void check_pod_template(Errors& errors, const Path& path, const corev1::PodTemplateSpec& template_);
// pod_update.cc
Errors validate_pod(const corev1::Pod& pod);
Errors validate_pod_update(const corev1::Pod& pod, const corev1::Pod& old);
Errors validate_pod_status_update(const corev1::Pod& pod, const corev1::Pod& old);

}  // namespace xebec::apiserver::validation
