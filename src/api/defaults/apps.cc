// Defaults of apps, and extensions/v1beta1, whose workloads have the same fields
// (k8s.io/kubernetes/pkg/apis/{extensions,apps}/*/defaults.go).
#include <limits>

#include "api/defaults/core.h"
#include "api/defaults/groups.h"
#include "api/defaults/util.h"
#include "api/gen/appsv1.h"
#include "api/gen/appsv1beta1.h"
#include "api/gen/appsv1beta2.h"
#include "api/gen/extensionsv1beta1.h"

namespace xebec::api {
namespace {

// What a Deployment has when nothing is said, by version.
struct DeploymentDefaults {
  IntOrString max_unavailable, max_surge;
  int32_t revision_history_limit = 0, progress_deadline_seconds = 0;
  bool of_any_strategy = false;  // what is said of a rolling update is completed even where there is none
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
  if (spec.strategy.type == "RollingUpdate" || (defaults.of_any_strategy && spec.strategy.rollingUpdate)) {
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

const IntOrString& quarter() {
  static const IntOrString out(std::string("25%"));
  return out;
}

// A rolling update that is asked for by its name alone has no partition.
template <class StatefulSet>
void set_update_strategy(StatefulSet& set, std::string_view otherwise) {
  auto& strategy = set.spec.updateStrategy;
  if (strategy.type.empty()) {
    strategy.type = otherwise;
    if (strategy.type == "RollingUpdate") strategy.rollingUpdate.ensure();
  }
  if (strategy.type == "RollingUpdate" && strategy.rollingUpdate)
    default_to(strategy.rollingUpdate->partition, 0);
}

template <class StatefulSet>
void set_stateful_set_defaults(StatefulSet& set, std::string_view strategy) {
  auto& spec = set.spec;
  corev1::set_template_defaults(spec.template_);
  default_to(spec.podManagementPolicy, "OrderedReady");
  auto& retention = spec.persistentVolumeClaimRetentionPolicy.ensure();
  default_to(retention.whenDeleted, "Retain");
  default_to(retention.whenScaled, "Retain");
  default_to(spec.replicas, 1);
  default_to(spec.revisionHistoryLimit, 10);
  for (corev1::PersistentVolumeClaim& claim : spec.volumeClaimTemplates) corev1::set_defaults(claim);
  set_update_strategy(set, strategy);
}

// Nothing is forgotten and no deadline is ever reached, as before there were such things.
constexpr int32_t kNever = std::numeric_limits<int32_t>::max();

}  // namespace

void add_apps_defaults(DefaultsTable& table) {
  add_defaults<appsv1::Deployment, appsv1beta2::Deployment>(table, [](auto& deployment) {
    set_deployment_defaults(deployment, {quarter(), quarter(), 10, 600});
  });
  add_defaults<appsv1beta1::Deployment>(table, [](auto& deployment) {
    set_selector_from_template(deployment);
    set_deployment_defaults(deployment, {quarter(), quarter(), 2, 600});
  });
  add_defaults<extensionsv1beta1::Deployment>(table, [](auto& deployment) {
    set_selector_from_template(deployment);
    set_deployment_defaults(deployment, {IntOrString(1), IntOrString(1), kNever, kNever, true});
  });
  add_defaults<appsv1::ReplicaSet, appsv1beta2::ReplicaSet>(table,
                                                            [](auto& set) { set_replica_set_defaults(set); });
  add_defaults<extensionsv1beta1::ReplicaSet>(table, [](auto& set) {
    set_selector_from_template(set);
    set_replica_set_defaults(set);
  });
  add_defaults<appsv1::DaemonSet, appsv1beta2::DaemonSet>(
      table, [](auto& set) { set_daemon_set_defaults(set, "RollingUpdate"); });
  add_defaults<extensionsv1beta1::DaemonSet>(table, [](auto& set) {
    set_selector_from_template(set);
    set_daemon_set_defaults(set, "OnDelete");
  });
  add_defaults<appsv1::StatefulSet, appsv1beta2::StatefulSet>(
      table, [](auto& set) { set_stateful_set_defaults(set, "RollingUpdate"); });
  add_defaults<appsv1beta1::StatefulSet>(table, [](auto& set) {
    set_selector_from_template(set);
    set_stateful_set_defaults(set, "OnDelete");
  });
}

}  // namespace xebec::api
