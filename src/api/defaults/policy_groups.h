// Defaults of the smaller groups: rbac, networking, discovery, scheduling, storage, policy, certificates, old
// versions included (k8s.io/kubernetes/pkg/apis/*/*/defaults.go).
#pragma once

#include "api/gen/certificatesv1beta1.h"
#include "api/gen/discoveryv1.h"
#include "api/gen/discoveryv1beta1.h"
#include "api/gen/extensionsv1beta1.h"
#include "api/gen/networkingv1.h"
#include "api/gen/networkingv1beta1.h"
#include "api/gen/policyv1beta1.h"
#include "api/gen/rbacv1.h"
#include "api/gen/rbacv1alpha1.h"
#include "api/gen/rbacv1beta1.h"
#include "api/gen/schedulingv1.h"
#include "api/gen/schedulingv1alpha1.h"
#include "api/gen/schedulingv1beta1.h"
#include "api/gen/storagev1.h"
#include "api/gen/storagev1beta1.h"

namespace xebec::rbacv1 {
void set_defaults(RoleBinding& binding);
void set_defaults(ClusterRoleBinding& binding);
}  // namespace xebec::rbacv1

namespace xebec::rbacv1beta1 {
void set_defaults(RoleBinding& binding);
void set_defaults(ClusterRoleBinding& binding);
}  // namespace xebec::rbacv1beta1

namespace xebec::rbacv1alpha1 {
void set_defaults(RoleBinding& binding);
void set_defaults(ClusterRoleBinding& binding);
}  // namespace xebec::rbacv1alpha1

namespace xebec::networkingv1 {
void set_defaults(NetworkPolicy& policy);
void set_defaults(IngressClass& ingress_class);
}  // namespace xebec::networkingv1

namespace xebec::networkingv1beta1 {
void set_defaults(Ingress& ingress);
void set_defaults(IngressClass& ingress_class);
}  // namespace xebec::networkingv1beta1

namespace xebec::extensionsv1beta1 {
void set_defaults(Ingress& ingress);
void set_defaults(NetworkPolicy& policy);
void set_defaults(PodSecurityPolicy& policy);
}  // namespace xebec::extensionsv1beta1

namespace xebec::policyv1beta1 {
void set_defaults(PodSecurityPolicy& policy);
}  // namespace xebec::policyv1beta1

namespace xebec::discoveryv1 {
void set_defaults(EndpointSlice& slice);
}  // namespace xebec::discoveryv1

namespace xebec::discoveryv1beta1 {
void set_defaults(EndpointSlice& slice);
}  // namespace xebec::discoveryv1beta1

namespace xebec::schedulingv1 {
void set_defaults(PriorityClass& priority_class);
}  // namespace xebec::schedulingv1

namespace xebec::schedulingv1beta1 {
void set_defaults(PriorityClass& priority_class);
}  // namespace xebec::schedulingv1beta1

namespace xebec::schedulingv1alpha1 {
void set_defaults(PriorityClass& priority_class);
}  // namespace xebec::schedulingv1alpha1

namespace xebec::storagev1 {
void set_defaults(StorageClass& storage_class);
void set_defaults(CSIDriver& driver);
}  // namespace xebec::storagev1

namespace xebec::storagev1beta1 {
void set_defaults(StorageClass& storage_class);
void set_defaults(CSIDriver& driver);
}  // namespace xebec::storagev1beta1

namespace xebec::certificatesv1beta1 {
void set_defaults(CertificateSigningRequest& request);
}  // namespace xebec::certificatesv1beta1
