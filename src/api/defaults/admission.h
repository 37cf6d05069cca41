// Defaults of admissionregistration (k8s.io/kubernetes/pkg/apis/admissionregistration/*/defaults.go).
#pragma once

#include "api/gen/admissionregistrationv1.h"
#include "api/gen/admissionregistrationv1alpha1.h"
#include "api/gen/admissionregistrationv1beta1.h"

namespace xebec::admissionregistrationv1 {
void set_defaults(ValidatingWebhookConfiguration& configuration);
void set_defaults(MutatingWebhookConfiguration& configuration);
void set_defaults(ValidatingAdmissionPolicy& policy);
void set_defaults(ValidatingAdmissionPolicyBinding& binding);
void set_defaults(MutatingAdmissionPolicy& policy);
void set_defaults(MutatingAdmissionPolicyBinding& binding);
}  // namespace xebec::admissionregistrationv1

namespace xebec::admissionregistrationv1beta1 {
void set_defaults(ValidatingWebhookConfiguration& configuration);
void set_defaults(MutatingWebhookConfiguration& configuration);
void set_defaults(ValidatingAdmissionPolicy& policy);
void set_defaults(ValidatingAdmissionPolicyBinding& binding);
void set_defaults(MutatingAdmissionPolicy& policy);
void set_defaults(MutatingAdmissionPolicyBinding& binding);
}  // namespace xebec::admissionregistrationv1beta1

namespace xebec::admissionregistrationv1alpha1 {
void set_defaults(ValidatingAdmissionPolicy& policy);
void set_defaults(ValidatingAdmissionPolicyBinding& binding);
void set_defaults(MutatingAdmissionPolicy& policy);
void set_defaults(MutatingAdmissionPolicyBinding& binding);
}  // namespace xebec::admissionregistrationv1alpha1
