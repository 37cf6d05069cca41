// Validation of Pods and of what other kinds share of them (k8s.io/kubernetes/pkg/apis/core/validation).
#pragma once

#include <map>

#include "api/gen/corev1.h"
#include "apiserver/validation/check.h"

namespace xebec::apiserver::validation {

// What the parts of a PodSpec are checked against.
struct PodContext {
  const corev1::PodSpec& spec;
  const metav1::ObjectMeta* pod;  // nullptr: the spec is a template's
  std::map<std::string, const corev1::VolumeSource*, std::less<>> volumes;  // those that are valid
  std::set<std::string, std::less<>> claims;                                // names of resourceClaims
  bool host_users() const { return spec.hostUsers.value_or(true); }
};

// --- parts, one file each ---
// pod_containers.cc
void check_containers(Errors& errors, const Path& spec_path, const PodContext& context);
// Leading and trailing white space, which templates may have.
void check_image_text(Errors& errors, const Path& container, std::string_view image);
bool is_sidecar(const corev1::Container& container);
// An ephemeral container as the container it is.
corev1::Container as_container(const corev1::EphemeralContainer& ephemeral);
// pod_mounts.cc
void check_mounts(Errors& errors, const Path& container_path, const corev1::Container& container,
                  const PodContext& context);
// pod_resources.cc
void check_container_resources(Errors& errors, const Path& path,
                               const corev1::ResourceRequirements& resources,
                               const std::set<std::string, std::less<>>& claims);
void check_pod_resources(Errors& errors, const Path& path, const PodContext& context);
void check_resource_quantity(Errors& errors, const Path& path, std::string_view name,
                             const api::Quantity& quantity);
void check_resource_claims(Errors& errors, const Path& path, const PodContext& context);
// pod_env.cc
void check_env(Errors& errors, const Path& path, const std::vector<corev1::EnvVar>& env);
void check_env_from(Errors& errors, const Path& path, const std::vector<corev1::EnvFromSource>& sources);
void check_field_ref(Errors& errors, const Path& path, const corev1::ObjectFieldSelector& ref, bool volume);
void check_resource_ref(Errors& errors, const Path& path, const corev1::ResourceFieldSelector& ref,
                        bool volume);
// The volumes that env takes files from.
void check_env_files(Errors& errors, const Path& spec_path, const corev1::PodSpec& spec);
// pod_handlers.cc
void check_probe(Errors& errors, const Path& path, const corev1::Probe& probe);
void check_lifecycle(Errors& errors, const Path& path, const corev1::Lifecycle& lifecycle,
                     const std::optional<int64_t>& grace);
// pod_volumes.cc
void check_volumes(Errors& errors, const Path& path, PodContext& context);
// pod_volume_sources.cc: the content of a source, by its kind. False: none is set.
bool check_volume_source(Errors& errors, const Path& path, const corev1::Volume& volume,
                         const PodContext& context);
// claims.cc
void check_access_modes(Errors& errors, const Path& path, const std::vector<std::string>& modes);
void check_claim_spec(Errors& errors, const Path& path, const corev1::PersistentVolumeClaimSpec& spec);
void check_claim_template(Errors& errors, const Path& path,
                          const corev1::PersistentVolumeClaimTemplate& claim);
// pod_scheduling.cc
void check_tolerations(Errors& errors, const Path& path, const std::vector<corev1::Toleration>& tolerations);
void check_taint_effect(Errors& errors, const Path& path, std::string_view effect);
void check_spread_constraints(Errors& errors, const Path& path,
                              const std::vector<corev1::TopologySpreadConstraint>& constraints);
// pod_affinity.cc
void check_affinity(Errors& errors, const Path& path, const corev1::Affinity& affinity);
void check_node_selector(Errors& errors, const Path& path, const corev1::NodeSelector& selector);
void check_node_selector_term(Errors& errors, const Path& path, const corev1::NodeSelectorTerm& term,
                              bool check_values);
// pod_security.cc
bool is_sysctl_segment(std::string_view part);  // of a sysctl's name, between dots
void check_pod_security(Errors& errors, const Path& path, const corev1::PodSpec& spec);
void check_container_security(Errors& errors, const Path& path, const corev1::SecurityContext& context,
                              bool host_users);
// pod_windows.cc
void check_windows_options(Errors& errors, const Path& path,
                           const corev1::WindowsSecurityContextOptions& options);
void check_host_process(Errors& errors, const Path& path, const corev1::PodSpec& spec);
void check_os(Errors& errors, const Path& path, const corev1::PodSpec& spec);
// pod_annotations.cc: annotations that mean something.
// One profile, as annotations name it.
void check_seccomp_text(Errors& errors, const Path& path, std::string_view profile);
// What is wrong with one; empty when nothing is.
std::string app_armor_error(std::string_view profile);
void check_pod_annotations(Errors& errors, const Path& path, const api::FlatMap<std::string>& annotations,
                           const corev1::PodSpec& spec);
void check_pod_annotation_changes(Errors& errors, const Path& path, const corev1::Pod& pod,
                                  const corev1::Pod& old);
// seccomp and AppArmor said by annotation and by field must agree.
void check_profile_annotations(Errors& errors, const Path& spec_path,
                               const api::FlatMap<std::string>& annotations, const corev1::PodSpec& spec);

// Calls visit(container, path) for init, main and ephemeral containers.
template <class Visit>
void visit_containers(const corev1::PodSpec& spec, const Path& path, Visit visit) {
  for (size_t i = 0; i < spec.initContainers.size(); ++i)
    visit(spec.initContainers[i], path.child("initContainers").index(i));
  for (size_t i = 0; i < spec.containers.size(); ++i)
    visit(spec.containers[i], path.child("containers").index(i));
  for (size_t i = 0; i < spec.ephemeralContainers.size(); ++i)
    visit(as_container(spec.ephemeralContainers[i]), path.child("ephemeralContainers").index(i));
}

// --- whole ---
// pod_spec.cc. `pod` is nullptr for the spec of a template.
void check_pod_spec(Errors& errors, const Path& path, const corev1::PodSpec& spec,
                    const metav1::ObjectMeta* pod);
void check_pod_template(Errors& errors, const Path& path, const corev1::PodTemplateSpec& template_);
// Everything of a Pod but its metadata's form.
void check_pod(Errors& errors, const corev1::Pod& pod);
// The same of an update, without what younger rules say of what is stored.
void check_changed_pod(Errors& errors, const corev1::Pod& pod, const corev1::Pod& old);
Errors validate_pod(const corev1::Pod& pod);
// pod_update.cc
Errors validate_pod_update(const corev1::Pod& pod, const corev1::Pod& old);
// pod_subresources.cc
Errors validate_ephemeral_containers_update(const corev1::Pod& pod, const corev1::Pod& old);
Errors validate_pod_resize(const corev1::Pod& pod, const corev1::Pod& old, std::string_view new_qos);
// pod_status.cc
Errors validate_pod_status_update(const corev1::Pod& pod, const corev1::Pod& old);

}  // namespace xebec::apiserver::validation
