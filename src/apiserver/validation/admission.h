// Validation of admissionregistration.k8s.io (k8s.io/kubernetes/pkg/apis/admissionregistration/validation).
// CEL expressions are not compiled: only that they are there is checked.
#pragma once

#include "api/gen/admissionregistrationv1.h"
#include "apiserver/validation/check.h"

namespace xebec::apiserver::validation {

// admission_rules.cc
void check_rule(Errors& errors, const Path& path, const admissionregistrationv1::RuleWithOperations& rule);
void check_match_resources(Errors& errors, const Path& path,
                           const admissionregistrationv1::MatchResources& match);
void check_match_conditions(Errors& errors, const Path& path,
                            const std::vector<admissionregistrationv1::MatchCondition>& conditions);
// White space only.
bool is_blank(std::string_view text);

// webhook_client.cc
void check_webhook_url(Errors& errors, const Path& path, std::string_view url);
void check_webhook_service(Errors& errors, const Path& path,
                           const admissionregistrationv1::ServiceReference& service);
// ca_bundle.cc
// Certificates in PEM; what is no certificate among them does not matter.
void check_ca_bundle(Errors& errors, const Path& path, std::string_view bundle);

// webhooks.cc
using ValidatingHooks = admissionregistrationv1::ValidatingWebhookConfiguration;
using MutatingHooks = admissionregistrationv1::MutatingWebhookConfiguration;
Errors validate_validating_hooks(const ValidatingHooks& hooks);
Errors validate_validating_hooks_update(const ValidatingHooks& hooks, const ValidatingHooks& old);
Errors validate_mutating_hooks(const MutatingHooks& hooks);
Errors validate_mutating_hooks_update(const MutatingHooks& hooks, const MutatingHooks& old);

// admission_policies.cc
using ValidatingPolicy = admissionregistrationv1::ValidatingAdmissionPolicy;
using MutatingPolicy = admissionregistrationv1::MutatingAdmissionPolicy;
using ValidatingBinding = admissionregistrationv1::ValidatingAdmissionPolicyBinding;
using MutatingBinding = admissionregistrationv1::MutatingAdmissionPolicyBinding;
Errors validate_validating_policy(const ValidatingPolicy& policy);
Errors validate_validating_policy_update(const ValidatingPolicy& policy, const ValidatingPolicy& old);
Errors validate_validating_policy_status(const ValidatingPolicy& policy, const ValidatingPolicy& old);
Errors validate_mutating_policy(const MutatingPolicy& policy);
Errors validate_mutating_policy_update(const MutatingPolicy& policy, const MutatingPolicy& old);
Errors validate_validating_binding(const ValidatingBinding& binding);
Errors validate_validating_binding_update(const ValidatingBinding& binding, const ValidatingBinding& old);
Errors validate_mutating_binding(const MutatingBinding& binding);
Errors validate_mutating_binding_update(const MutatingBinding& binding, const MutatingBinding& old);

}  // namespace xebec::apiserver::validation
