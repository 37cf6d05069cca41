// Validation of apps/v1 and batch/v1 (k8s.io/kubernetes/pkg/apis/{apps,batch}/validation).
#pragma once

#include "api/gen/appsv1.h"
#include "api/gen/batchv1.h"
#include "apiserver/validation/check.h"

namespace xebec::apiserver::validation {

// The template of a workload that runs for ever: restartPolicy Always, no active deadline.
void check_workload_template(Errors& errors, const Path& path, const corev1::PodTemplateSpec& template_);
// The selector must be there, not be empty, and select the template's labels.
void check_workload_selector(Errors& errors, const Path& spec,
                             const api::Box<metav1::LabelSelector>& selector,
                             const corev1::PodTemplateSpec& template_);
// As Go's JSON prints labels in an error.
std::string rendered_labels(const api::FlatMap<std::string>& labels);

Errors validate_deployment(const appsv1::Deployment& deployment);
Errors validate_deployment_update(const appsv1::Deployment& deployment, const appsv1::Deployment& old);
Errors validate_replica_set(const appsv1::ReplicaSet& set);
Errors validate_replica_set_update(const appsv1::ReplicaSet& set, const appsv1::ReplicaSet& old);
Errors validate_daemon_set(const appsv1::DaemonSet& set);
Errors validate_daemon_set_update(const appsv1::DaemonSet& set, const appsv1::DaemonSet& old);

}  // namespace xebec::apiserver::validation
