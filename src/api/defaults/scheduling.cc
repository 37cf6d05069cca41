// Defaults of scheduling (k8s.io/kubernetes/pkg/apis/scheduling/*/defaults.go).
#include "api/defaults/groups.h"
#include "api/defaults/util.h"
#include "api/gen/schedulingv1.h"
#include "api/gen/schedulingv1alpha1.h"
#include "api/gen/schedulingv1alpha2.h"
#include "api/gen/schedulingv1beta1.h"

namespace xebec::api {

void add_scheduling_defaults(DefaultsTable& table) {
  add_defaults<schedulingv1::PriorityClass, schedulingv1beta1::PriorityClass,
               schedulingv1alpha1::PriorityClass>(table, [](auto& priority_class) {
    default_to(priority_class.preemptionPolicy, "PreemptLowerPriority");
  });
  add_defaults<schedulingv1alpha2::PodGroup>(
      table, [](auto& group) { default_to(group.spec.disruptionMode, "Pod"); });
}

}  // namespace xebec::api
