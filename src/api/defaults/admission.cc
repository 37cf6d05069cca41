// Defaults of admissionregistration (k8s.io/kubernetes/pkg/apis/admissionregistration/*/defaults.go).
#include "api/defaults/groups.h"
#include "api/defaults/util.h"
#include "api/gen/admissionregistrationv1.h"
#include "api/gen/admissionregistrationv1alpha1.h"
#include "api/gen/admissionregistrationv1beta1.h"

namespace xebec::api {
namespace {

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

void add_admission_defaults(DefaultsTable& table) {
  add_defaults<admissionregistrationv1::ValidatingWebhookConfiguration,
               admissionregistrationv1::MutatingWebhookConfiguration>(
      table, [](auto& configuration) { set_webhooks(configuration); });
  add_defaults<admissionregistrationv1beta1::ValidatingWebhookConfiguration,
               admissionregistrationv1beta1::MutatingWebhookConfiguration>(
      table, [](auto& configuration) { set_beta_webhooks(configuration); });
  add_defaults<admissionregistrationv1::ValidatingAdmissionPolicy,
               admissionregistrationv1::MutatingAdmissionPolicy,
               admissionregistrationv1beta1::ValidatingAdmissionPolicy,
               admissionregistrationv1beta1::MutatingAdmissionPolicy,
               admissionregistrationv1alpha1::ValidatingAdmissionPolicy,
               admissionregistrationv1alpha1::MutatingAdmissionPolicy>(
      table, [](auto& policy) { set_policy_defaults(policy); });
  add_defaults<admissionregistrationv1::ValidatingAdmissionPolicyBinding,
               admissionregistrationv1::MutatingAdmissionPolicyBinding,
               admissionregistrationv1beta1::ValidatingAdmissionPolicyBinding,
               admissionregistrationv1beta1::MutatingAdmissionPolicyBinding>(
      table, [](auto& binding) { set_binding_defaults(binding); });
  add_defaults<admissionregistrationv1alpha1::ValidatingAdmissionPolicyBinding,
               admissionregistrationv1alpha1::MutatingAdmissionPolicyBinding>(
      table, [](auto& binding) { set_alpha_binding_defaults(binding); });
}

}  // namespace xebec::api
