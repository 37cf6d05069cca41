#include "api/defaults/policy_groups.h"

#include "api/defaults/util.h"

namespace xebec {

using api::default_to;

namespace rbacv1 {
namespace {

constexpr std::string_view kGroup = "rbac.authorization.k8s.io";

template <class T>
void set_binding_defaults(T& binding) {
  default_to(binding.roleRef.apiGroup, kGroup);
  for (Subject& subject : binding.subjects) {
    if (subject.kind == "User" || subject.kind == "Group") default_to(subject.apiGroup, kGroup);
  }
}

}  // namespace

void set_defaults(RoleBinding& binding) { set_binding_defaults(binding); }
void set_defaults(ClusterRoleBinding& binding) { set_binding_defaults(binding); }
}  // namespace rbacv1

namespace networkingv1 {

void set_defaults(NetworkPolicy& policy) {
  NetworkPolicySpec& spec = policy.spec;
  for (NetworkPolicyIngressRule& rule : spec.ingress) {
    for (NetworkPolicyPort& port : rule.ports) default_to(port.protocol, "TCP");
  }
  for (NetworkPolicyEgressRule& rule : spec.egress) {
    for (NetworkPolicyPort& port : rule.ports) default_to(port.protocol, "TCP");
  }
  if (!spec.policyTypes.empty()) return;
  spec.policyTypes.emplace_back("Ingress");
  if (!spec.egress.empty()) spec.policyTypes.emplace_back("Egress");
}

void set_defaults(IngressClass& ingress_class) {
  if (ingress_class.spec.parameters) default_to(ingress_class.spec.parameters->scope, "Cluster");
}

}  // namespace networkingv1

namespace discoveryv1 {

void set_defaults(EndpointSlice& slice) {
  for (EndpointPort& port : slice.ports) {
    default_to(port.name, "");
    default_to(port.protocol, "TCP");
  }
}

}  // namespace discoveryv1

namespace schedulingv1 {
void set_defaults(PriorityClass& priority_class) {
  default_to(priority_class.preemptionPolicy, "PreemptLowerPriority");
}
}  // namespace schedulingv1

namespace storagev1 {

void set_defaults(StorageClass& storage_class) {
  default_to(storage_class.reclaimPolicy, "Delete");
  default_to(storage_class.volumeBindingMode, "Immediate");
}

void set_defaults(CSIDriver& driver) {
  CSIDriverSpec& spec = driver.spec;
  default_to(spec.attachRequired, true);
  default_to(spec.podInfoOnMount, false);
  default_to(spec.storageCapacity, false);
  default_to(spec.requiresRepublish, false);
  default_to(spec.seLinuxMount, false);
  default_to(spec.fsGroupPolicy, "ReadWriteOnceWithFSType");
  if (spec.volumeLifecycleModes.empty()) spec.volumeLifecycleModes.emplace_back("Persistent");
}

}  // namespace storagev1

namespace autoscalingv1 {
void set_defaults(HorizontalPodAutoscaler& autoscaler) { default_to(autoscaler.spec.minReplicas, 1); }
}  // namespace autoscalingv1

namespace autoscalingv2 {
namespace {

void add_policy(HPAScalingRules& rules, std::string_view type, int32_t value) {
  HPAScalingPolicy& policy = rules.policies.emplace_back();
  policy.type = type;
  policy.value = value;
  policy.periodSeconds = 15;
}

void set_behavior_defaults(HorizontalPodAutoscalerBehavior& behavior) {
  HPAScalingRules& up = behavior.scaleUp.ensure();
  default_to(up.stabilizationWindowSeconds, 0);
  default_to(up.selectPolicy, "Max");
  if (up.policies.empty()) {
    add_policy(up, "Pods", 4);
    add_policy(up, "Percent", 100);
  }
  HPAScalingRules& down = behavior.scaleDown.ensure();
  default_to(down.selectPolicy, "Max");
  if (down.policies.empty()) add_policy(down, "Percent", 100);
}

}  // namespace

void set_defaults(HorizontalPodAutoscaler& autoscaler) {
  HorizontalPodAutoscalerSpec& spec = autoscaler.spec;
  default_to(spec.minReplicas, 1);
  if (spec.metrics.empty()) {
    MetricSpec& metric = spec.metrics.emplace_back();
    metric.type = "Resource";
    ResourceMetricSource& resource = metric.resource.emplace();
    resource.name = "cpu";
    resource.target.type = "Utilization";
    resource.target.averageUtilization = 80;
  }
  if (spec.behavior) set_behavior_defaults(*spec.behavior);
}

}  // namespace autoscalingv2

namespace admissionregistrationv1 {
namespace {

template <class Webhook>
void set_webhook_defaults(Webhook& webhook) {
  default_to(webhook.failurePolicy, "Fail");
  default_to(webhook.matchPolicy, "Equivalent");
  default_to(webhook.timeoutSeconds, 10);
  webhook.namespaceSelector.ensure();
  webhook.objectSelector.ensure();
  for (RuleWithOperations& rule : webhook.rules) default_to(rule.scope, "*");
  if (webhook.clientConfig.service) default_to(webhook.clientConfig.service->port, 443);
}

void set_match_defaults(MatchResources& match) {
  default_to(match.matchPolicy, "Equivalent");
  match.namespaceSelector.ensure();
  match.objectSelector.ensure();
  for (NamedRuleWithOperations& rule : match.resourceRules) default_to(rule.scope, "*");
  for (NamedRuleWithOperations& rule : match.excludeResourceRules) default_to(rule.scope, "*");
}

}  // namespace

void set_defaults(ValidatingWebhookConfiguration& configuration) {
  for (ValidatingWebhook& webhook : configuration.webhooks) set_webhook_defaults(webhook);
}

void set_defaults(MutatingWebhookConfiguration& configuration) {
  for (MutatingWebhook& webhook : configuration.webhooks) {
    set_webhook_defaults(webhook);
    default_to(webhook.reinvocationPolicy, "Never");
  }
}

void set_defaults(ValidatingAdmissionPolicy& policy) {
  default_to(policy.spec.failurePolicy, "Fail");
  if (policy.spec.matchConstraints) set_match_defaults(*policy.spec.matchConstraints);
}

void set_defaults(ValidatingAdmissionPolicyBinding& binding) {
  if (binding.spec.matchResources) set_match_defaults(*binding.spec.matchResources);
}

void set_defaults(MutatingAdmissionPolicy& policy) {
  default_to(policy.spec.failurePolicy, "Fail");
  if (policy.spec.matchConstraints) set_match_defaults(*policy.spec.matchConstraints);
}

void set_defaults(MutatingAdmissionPolicyBinding& binding) {
  if (binding.spec.matchResources) set_match_defaults(*binding.spec.matchResources);
}

}  // namespace admissionregistrationv1
}  // namespace xebec
