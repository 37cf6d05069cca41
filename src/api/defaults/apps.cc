#include "api/defaults/apps.h"

#include "api/defaults/workload_rules.h"

namespace xebec {

using api::default_to;
using api::DeploymentDefaults;
using api::IntOrString;

namespace {

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

}  // namespace

namespace appsv1 {

void set_defaults(Deployment& deployment) {
  api::set_deployment_defaults(deployment, {quarter(), quarter(), 10, 600});
}
void set_defaults(ReplicaSet& set) { api::set_replica_set_defaults(set); }
void set_defaults(DaemonSet& set) { api::set_daemon_set_defaults(set, "RollingUpdate"); }

void set_defaults(StatefulSet& set) {
  api::set_stateful_set_defaults(set);
  set_update_strategy(set, "RollingUpdate");
}

}  // namespace appsv1

namespace appsv1beta2 {

void set_defaults(Deployment& deployment) {
  api::set_deployment_defaults(deployment, {quarter(), quarter(), 10, 600});
}
void set_defaults(ReplicaSet& set) { api::set_replica_set_defaults(set); }
void set_defaults(DaemonSet& set) { api::set_daemon_set_defaults(set, "RollingUpdate"); }

void set_defaults(StatefulSet& set) {
  api::set_stateful_set_defaults(set);
  set_update_strategy(set, "RollingUpdate");
}

}  // namespace appsv1beta2

namespace appsv1beta1 {

void set_defaults(Deployment& deployment) {
  api::set_selector_from_template(deployment);
  api::set_deployment_defaults(deployment, {quarter(), quarter(), 2, 600});
}

void set_defaults(StatefulSet& set) {
  api::set_selector_from_template(set);
  api::set_stateful_set_defaults(set);
  set_update_strategy(set, "OnDelete");
}

}  // namespace appsv1beta1

namespace extensionsv1beta1 {

// Nothing is forgotten and no deadline is ever reached, as before there were such things.
constexpr int32_t kNever = std::numeric_limits<int32_t>::max();

void set_defaults(Deployment& deployment) {
  api::set_selector_from_template(deployment);
  api::set_deployment_defaults(deployment, {IntOrString(1), IntOrString(1), kNever, kNever});
}

void set_defaults(ReplicaSet& set) {
  api::set_selector_from_template(set);
  api::set_replica_set_defaults(set);
}

void set_defaults(DaemonSet& set) {
  api::set_selector_from_template(set);
  api::set_daemon_set_defaults(set, "OnDelete");
}

}  // namespace extensionsv1beta1
}  // namespace xebec
