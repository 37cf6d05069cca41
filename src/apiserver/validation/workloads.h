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

}  // namespace xebec::apiserver::validation
