// Defaults of autoscaling (k8s.io/kubernetes/pkg/apis/autoscaling/*/defaults.go).
#include "api/defaults/groups.h"
#include "api/defaults/util.h"
#include "api/gen/autoscalingv1.h"
#include "api/gen/autoscalingv2.h"
#include "api/gen/autoscalingv2beta1.h"
#include "api/gen/autoscalingv2beta2.h"

namespace xebec::api {
namespace {

constexpr int32_t kUtilization = 80;

template <class Rules>
void add_policy(Rules& rules, std::string_view type, int32_t value) {
  auto& policy = rules.policies.emplace_back();
  policy.type = type;
  policy.value = value;
  policy.periodSeconds = 15;
}

template <class Behavior>
void set_behavior_defaults(Behavior& behavior) {
  auto& up = behavior.scaleUp.ensure();
  default_to(up.stabilizationWindowSeconds, 0);
  default_to(up.selectPolicy, "Max");
  if (up.policies.empty()) {
    add_policy(up, "Pods", 4);
    add_policy(up, "Percent", 100);
  }
  auto& down = behavior.scaleDown.ensure();
  default_to(down.selectPolicy, "Max");
  if (down.policies.empty()) add_policy(down, "Percent", 100);
}

// The CPU metric that an autoscaler without one has; nullptr when it has some.
template <class Autoscaler>
auto* default_metric(Autoscaler& autoscaler) {
  auto& spec = autoscaler.spec;
  default_to(spec.minReplicas, 1);
  using Source = std::remove_reference_t<decltype(spec.metrics[0].resource.ensure())>;
  if (!spec.metrics.empty()) return static_cast<Source*>(nullptr);
  auto& metric = spec.metrics.emplace_back();
  metric.type = "Resource";
  Source& resource = metric.resource.ensure();
  resource.name = "cpu";
  return &resource;
}

template <class Autoscaler>
void set_v2_defaults(Autoscaler& autoscaler) {
  if (auto* cpu = default_metric(autoscaler)) {
    cpu->target.type = "Utilization";
    cpu->target.averageUtilization = kUtilization;
  }
  if (autoscaler.spec.behavior) set_behavior_defaults(*autoscaler.spec.behavior);
}

}  // namespace

void add_autoscaling_defaults(DefaultsTable& table) {
  add_defaults<autoscalingv1::HorizontalPodAutoscaler>(
      table, [](auto& autoscaler) { default_to(autoscaler.spec.minReplicas, 1); });
  add_defaults<autoscalingv2::HorizontalPodAutoscaler, autoscalingv2beta2::HorizontalPodAutoscaler>(
      table, [](auto& autoscaler) { set_v2_defaults(autoscaler); });
  add_defaults<autoscalingv2beta1::HorizontalPodAutoscaler>(table, [](auto& autoscaler) {
    if (auto* cpu = default_metric(autoscaler)) cpu->targetAverageUtilization = kUtilization;
  });
}

}  // namespace xebec::api
