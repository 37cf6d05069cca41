// Defaults of the smaller groups: rbac, networking, discovery, scheduling, storage, autoscaling,
// admissionregistration (k8s.io/kubernetes/pkg/apis/*/v1/defaults.go).
#pragma once

#include "api/gen/admissionregistrationv1.h"
#include "api/gen/autoscalingv1.h"
#include "api/gen/autoscalingv2.h"
#include "api/gen/discoveryv1.h"
#include "api/gen/networkingv1.h"
#include "api/gen/rbacv1.h"
#include "api/gen/schedulingv1.h"
#include "api/gen/storagev1.h"

namespace xebec::rbacv1 {
void set_defaults(RoleBinding& binding);
void set_defaults(ClusterRoleBinding& binding);
}  // namespace xebec::rbacv1

namespace xebec::networkingv1 {
void set_defaults(NetworkPolicy& policy);
void set_defaults(IngressClass& ingress_class);
}  // namespace xebec::networkingv1

namespace xebec::discoveryv1 {
void set_defaults(EndpointSlice& slice);
}

namespace xebec::schedulingv1 {
void set_defaults(PriorityClass& priority_class);
}

namespace xebec::storagev1 {
void set_defaults(StorageClass& storage_class);
void set_defaults(CSIDriver& driver);
}  // namespace xebec::storagev1

namespace xebec::autoscalingv1 {
void set_defaults(HorizontalPodAutoscaler& autoscaler);
}

namespace xebec::autoscalingv2 {
void set_defaults(HorizontalPodAutoscaler& autoscaler);
}

namespace xebec::admissionregistrationv1 {
void set_defaults(ValidatingWebhookConfiguration& configuration);
void set_defaults(MutatingWebhookConfiguration& configuration);
void set_defaults(ValidatingAdmissionPolicy& policy);
void set_defaults(ValidatingAdmissionPolicyBinding& binding);
void set_defaults(MutatingAdmissionPolicy& policy);
void set_defaults(MutatingAdmissionPolicyBinding& binding);
}  // namespace xebec::admissionregistrationv1
