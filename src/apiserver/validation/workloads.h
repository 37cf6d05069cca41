// Validation of apps/v1 (k8s.io/kubernetes/pkg/apis/apps/validation), and what ReplicationControllers share
// with it.
#pragma once

#include "api/gen/appsv1.h"
#include "apiserver/validation/check.h"

namespace xebec::apiserver::validation {

// The template of a workload that runs for ever: restartPolicy Always, no active deadline. `kind` is named in
// the error.
void check_running_template(Errors& errors, const Path& path, const corev1::PodTemplateSpec& template_,
                            std::string_view kind);
using Selector = api::Box<metav1::LabelSelector>;

// Nothing is selected without a selector.
bool selects(const Selector& selector, const api::FlatMap<std::string>& labels);
bool is_valid(const Selector& selector);
// status.collisionCount only grows.
void check_collisions(Errors& errors, const Path& path, const std::optional<int32_t>& now,
                      const std::optional<int32_t>& old);
// The number, or of a percentage its number.
int64_t int_or_percent(const api::IntOrString& value);
// As Go's JSON prints labels in an error.
std::string rendered_labels(const api::FlatMap<std::string>& labels);

// Counts of a ReplicaSet's or ReplicationController's status.
template <class Status>
void check_replica_status(Errors& errors, const Status& status) {
  const Path path("status");
  constexpr std::string_view kText = "cannot be greater than status.replicas";
  check_non_negative(errors, path.child("replicas"), status.replicas);
  check_non_negative(errors, path.child("fullyLabeledReplicas"), status.fullyLabeledReplicas);
  check_non_negative(errors, path.child("readyReplicas"), status.readyReplicas);
  check_non_negative(errors, path.child("availableReplicas"), status.availableReplicas);
  check_non_negative(errors, path.child("observedGeneration"), status.observedGeneration);
  auto most = [&](std::string_view name, int32_t value, int32_t limit, std::string_view text) {
    if (value > limit) errors.push_back(field::invalid_int(path.child(name), value, text));
  };
  most("fullyLabeledReplicas", status.fullyLabeledReplicas, status.replicas, kText);
  most("readyReplicas", status.readyReplicas, status.replicas, kText);
  most("availableReplicas", status.availableReplicas, status.replicas, kText);
  most("availableReplicas", status.availableReplicas, status.readyReplicas,
       "cannot be greater than readyReplicas");
}

Errors validate_deployment(const appsv1::Deployment& deployment);
Errors validate_deployment_update(const appsv1::Deployment& deployment, const appsv1::Deployment& old);
Errors validate_deployment_status_update(const appsv1::Deployment& deployment, const appsv1::Deployment& old);
Errors validate_replica_set(const appsv1::ReplicaSet& set);
Errors validate_replica_set_update(const appsv1::ReplicaSet& set, const appsv1::ReplicaSet& old);
Errors validate_replica_set_status_update(const appsv1::ReplicaSet& set, const appsv1::ReplicaSet& old);
Errors validate_daemon_set(const appsv1::DaemonSet& set);
Errors validate_daemon_set_update(const appsv1::DaemonSet& set, const appsv1::DaemonSet& old);
Errors validate_daemon_set_status_update(const appsv1::DaemonSet& set, const appsv1::DaemonSet& old);
// stateful_set.cc
Errors validate_stateful_set(const appsv1::StatefulSet& set);
Errors validate_stateful_set_update(const appsv1::StatefulSet& set, const appsv1::StatefulSet& old);
Errors validate_stateful_set_status_update(const appsv1::StatefulSet& set, const appsv1::StatefulSet& old);
Errors validate_controller_revision(const appsv1::ControllerRevision& revision);
Errors validate_controller_revision_update(const appsv1::ControllerRevision& revision,
                                           const appsv1::ControllerRevision& old);

}  // namespace xebec::apiserver::validation
