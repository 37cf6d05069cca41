#include "api/defaults/admission.h"

#include "api/defaults/util.h"

namespace xebec {
namespace {

using api::default_to;

template <class Webhook>
void set_webhook_defaults(Webhook& webhook, std::string_view failure, std::string_view match,
                          int32_t timeout) {
  default_to(webhook.failurePolicy, failure);
  default_to(webhook.matchPolicy, match);
  default_to(webhook.timeoutSeconds, timeout);
  webhook.namespaceSelector.ensure();
  webhook.objectSelector.ensure();
  for (auto& rule : webhook.rules) default_to(rule.scope, "*");
  if (webhook.clientConfig.service) default_to(webhook.clientConfig.service->port, 443);
  if constexpr (requires { webhook.reinvocationPolicy; }) default_to(webhook.reinvocationPolicy, "Never");
}

template <class Configuration>
void set_webhooks(Configuration& configuration) {
  for (auto& webhook : configuration.webhooks) set_webhook_defaults(webhook, "Fail", "Equivalent", 10);
}

// v1beta1 lets a failing webhook be, waits longer for it, and may not know its side effects.
template <class Configuration>
void set_beta_webhooks(Configuration& configuration) {
  for (auto& webhook : configuration.webhooks) {
    set_webhook_defaults(webhook, "Ignore", "Exact", 30);
    default_to(webhook.sideEffects, "Unknown");
    if (webhook.admissionReviewVersions.empty()) webhook.admissionReviewVersions.emplace_back("v1beta1");
  }
}

template <class MatchResources>
void set_match_defaults(MatchResources& match) {
  default_to(match.matchPolicy, "Equivalent");
  match.namespaceSelector.ensure();
  match.objectSelector.ensure();
  for (auto& rule : match.resourceRules) default_to(rule.scope, "*");
  for (auto& rule : match.excludeResourceRules) default_to(rule.scope, "*");
}

template <class Policy>
void set_policy_defaults(Policy& policy) {
  default_to(policy.spec.failurePolicy, "Fail");
  if (policy.spec.matchConstraints) set_match_defaults(*policy.spec.matchConstraints);
}

template <class Binding>
void set_binding_defaults(Binding& binding) {
  if (binding.spec.matchResources) set_match_defaults(*binding.spec.matchResources);
}

template <class Binding>
void set_alpha_binding_defaults(Binding& binding) {
  set_binding_defaults(binding);
  if (binding.spec.paramRef) default_to(binding.spec.paramRef->parameterNotFoundAction, "Deny");
}

}  // namespace

namespace admissionregistrationv1 {
void set_defaults(ValidatingWebhookConfiguration& configuration) { set_webhooks(configuration); }
void set_defaults(MutatingWebhookConfiguration& configuration) { set_webhooks(configuration); }
void set_defaults(ValidatingAdmissionPolicy& policy) { set_policy_defaults(policy); }
void set_defaults(ValidatingAdmissionPolicyBinding& binding) { set_binding_defaults(binding); }
void set_defaults(MutatingAdmissionPolicy& policy) { set_policy_defaults(policy); }
void set_defaults(MutatingAdmissionPolicyBinding& binding) { set_binding_defaults(binding); }
}  // namespace admissionregistrationv1

namespace admissionregistrationv1beta1 {
void set_defaults(ValidatingWebhookConfiguration& configuration) { set_beta_webhooks(configuration); }
void set_defaults(MutatingWebhookConfiguration& configuration) { set_beta_webhooks(configuration); }
void set_defaults(ValidatingAdmissionPolicy& policy) { set_policy_defaults(policy); }
void set_defaults(ValidatingAdmissionPolicyBinding& binding) { set_binding_defaults(binding); }
void set_defaults(MutatingAdmissionPolicy& policy) { set_policy_defaults(policy); }
void set_defaults(MutatingAdmissionPolicyBinding& binding) { set_binding_defaults(binding); }
}  // namespace admissionregistrationv1beta1

namespace admissionregistrationv1alpha1 {
void set_defaults(ValidatingAdmissionPolicy& policy) { set_policy_defaults(policy); }
void set_defaults(ValidatingAdmissionPolicyBinding& binding) { set_alpha_binding_defaults(binding); }
void set_defaults(MutatingAdmissionPolicy& policy) { set_policy_defaults(policy); }
void set_defaults(MutatingAdmissionPolicyBinding& binding) { set_alpha_binding_defaults(binding); }
}  // namespace admissionregistrationv1alpha1
}  // namespace xebec
