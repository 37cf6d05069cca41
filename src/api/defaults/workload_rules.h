// Defaults that workloads of every version share, as templates: extensions/v1beta1, apps/v1beta1,
// apps/v1beta2 and apps/v1 have the same fields in types of their own
// (k8s.io/kubernetes/pkg/apis/{extensions,apps}/*/defaults.go).
#pragma once

#include <limits>

#include "api/defaults/core.h"
#include "api/defaults/util.h"

namespace xebec::api {

// What a Deployment has when nothing is said, by version.
struct DeploymentDefaults {
  IntOrString max_unavailable, max_surge;
  int32_t revision_history_limit = 0, progress_deadline_seconds = 0;
};

// Before apps/v1beta2 a workload selected what its template makes, and had its labels.
template <class Workload>
void set_selector_from_template(Workload& workload) {
  const auto& labels = workload.spec.template_.metadata.labels;
  if (labels.empty()) return;
  if (!workload.spec.selector) workload.spec.selector.emplace().matchLabels = labels;
  if (workload.metadata.labels.empty()) workload.metadata.labels = labels;
}

template <class Deployment>
void set_deployment_defaults(Deployment& deployment, const DeploymentDefaults& defaults) {
  auto& spec = deployment.spec;
  corev1::set_template_defaults(spec.template_);
  default_to(spec.replicas, 1);
  default_to(spec.strategy.type, "RollingUpdate");
  if (spec.strategy.type == "RollingUpdate") {
    auto& rolling = spec.strategy.rollingUpdate.ensure();
    if (!rolling.maxUnavailable) rolling.maxUnavailable = defaults.max_unavailable;
    if (!rolling.maxSurge) rolling.maxSurge = defaults.max_surge;
  }
  default_to(spec.revisionHistoryLimit, defaults.revision_history_limit);
  default_to(spec.progressDeadlineSeconds, defaults.progress_deadline_seconds);
}

template <class ReplicaSet>
void set_replica_set_defaults(ReplicaSet& set) {
  corev1::set_template_defaults(set.spec.template_);
  default_to(set.spec.replicas, 1);
}

template <class DaemonSet>
void set_daemon_set_defaults(DaemonSet& set, std::string_view strategy) {
  auto& spec = set.spec;
  corev1::set_template_defaults(spec.template_);
  default_to(spec.updateStrategy.type, strategy);
  if (spec.updateStrategy.type == "RollingUpdate") {
    auto& rolling = spec.updateStrategy.rollingUpdate.ensure();
    if (!rolling.maxUnavailable) rolling.maxUnavailable = IntOrString(1);
    if (!rolling.maxSurge) rolling.maxSurge = IntOrString(0);
  }
  default_to(spec.revisionHistoryLimit, 10);
}

// All but the update strategy.
template <class StatefulSet>
void set_stateful_set_defaults(StatefulSet& set) {
  auto& spec = set.spec;
  corev1::set_template_defaults(spec.template_);
  default_to(spec.podManagementPolicy, "OrderedReady");
  auto& retention = spec.persistentVolumeClaimRetentionPolicy.ensure();
  default_to(retention.whenDeleted, "Retain");
  default_to(retention.whenScaled, "Retain");
  default_to(spec.replicas, 1);
  default_to(spec.revisionHistoryLimit, 10);
  for (corev1::PersistentVolumeClaim& claim : spec.volumeClaimTemplates) corev1::set_defaults(claim);
}

}  // namespace xebec::api
