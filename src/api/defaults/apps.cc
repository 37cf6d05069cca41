#include "api/defaults/apps.h"

#include "api/defaults/core.h"
#include "api/defaults/util.h"

namespace xebec::appsv1 {

using api::default_to;

void set_defaults(Deployment& deployment) {
  DeploymentSpec& spec = deployment.spec;
  corev1::set_template_defaults(spec.template_);
  default_to(spec.replicas, 1);
  default_to(spec.strategy.type, "RollingUpdate");
  if (spec.strategy.type == "RollingUpdate") {
    RollingUpdateDeployment& rolling = spec.strategy.rollingUpdate.ensure();
    if (!rolling.maxUnavailable) rolling.maxUnavailable = api::IntOrString(std::string("25%"));
    if (!rolling.maxSurge) rolling.maxSurge = api::IntOrString(std::string("25%"));
  }
  default_to(spec.revisionHistoryLimit, 10);
  default_to(spec.progressDeadlineSeconds, 600);
}

void set_defaults(ReplicaSet& set) {
  corev1::set_template_defaults(set.spec.template_);
  default_to(set.spec.replicas, 1);
}

void set_defaults(DaemonSet& set) {
  DaemonSetSpec& spec = set.spec;
  corev1::set_template_defaults(spec.template_);
  default_to(spec.updateStrategy.type, "RollingUpdate");
  if (spec.updateStrategy.type == "RollingUpdate") {
    RollingUpdateDaemonSet& rolling = spec.updateStrategy.rollingUpdate.ensure();
    if (!rolling.maxUnavailable) rolling.maxUnavailable = api::IntOrString(1);
    if (!rolling.maxSurge) rolling.maxSurge = api::IntOrString(0);
  }
  default_to(spec.revisionHistoryLimit, 10);
}

void set_defaults(StatefulSet& set) {
  StatefulSetSpec& spec = set.spec;
  corev1::set_template_defaults(spec.template_);
  default_to(spec.podManagementPolicy, "OrderedReady");
  default_to(spec.updateStrategy.type, "RollingUpdate");
  if (spec.updateStrategy.type == "RollingUpdate") {
    default_to(spec.updateStrategy.rollingUpdate.ensure().partition, 0);
  }
  auto& retention = spec.persistentVolumeClaimRetentionPolicy.ensure();
  default_to(retention.whenDeleted, "Retain");
  default_to(retention.whenScaled, "Retain");
  default_to(spec.replicas, 1);
  default_to(spec.revisionHistoryLimit, 10);
  for (corev1::PersistentVolumeClaim& claim : spec.volumeClaimTemplates) corev1::set_defaults(claim);
}

}  // namespace xebec::appsv1
