#include "api/defaults/policy_groups.h"

#include "api/defaults/util.h"

namespace xebec {
namespace {

using api::default_to;

// --- rbac ---

constexpr std::string_view kRbac = "rbac.authorization.k8s.io";

template <class Binding>
void set_binding_defaults(Binding& binding) {
  default_to(binding.roleRef.apiGroup, kRbac);
  for (auto& subject : binding.subjects) {
    if (subject.kind == "User" || subject.kind == "Group") default_to(subject.apiGroup, kRbac);
  }
}

// A subject of v1alpha1 has a version.
template <class Binding>
void set_alpha_binding_defaults(Binding& binding) {
  default_to(binding.roleRef.apiGroup, kRbac);
  for (auto& subject : binding.subjects) {
    if (subject.kind == "ServiceAccount") default_to(subject.apiVersion, "v1");
    if (subject.kind == "User" || subject.kind == "Group")
      default_to(subject.apiVersion, "rbac.authorization.k8s.io/v1alpha1");
  }
}

// --- networking ---

template <class Policy>
void set_network_policy_defaults(Policy& policy) {
  auto& spec = policy.spec;
  for (auto& rule : spec.ingress)
    for (auto& port : rule.ports) default_to(port.protocol, "TCP");
  for (auto& rule : spec.egress)
    for (auto& port : rule.ports) default_to(port.protocol, "TCP");
  if (!spec.policyTypes.empty()) return;
  spec.policyTypes.emplace_back("Ingress");
  if (!spec.egress.empty()) spec.policyTypes.emplace_back("Egress");
}

// Before v1 the type of a path could be left out.
template <class Ingress>
void set_path_types(Ingress& ingress) {
  for (auto& rule : ingress.spec.rules) {
    if (!rule.http) continue;
    for (auto& path : rule.http->paths) default_to(path.pathType, "ImplementationSpecific");
  }
}

template <class IngressClass>
void set_ingress_class_defaults(IngressClass& ingress_class) {
  if (ingress_class.spec.parameters) default_to(ingress_class.spec.parameters->scope, "Cluster");
}

// --- discovery, scheduling, storage, policy ---

template <class Slice>
void set_slice_defaults(Slice& slice) {
  for (auto& port : slice.ports) {
    default_to(port.name, "");
    default_to(port.protocol, "TCP");
  }
}

template <class PriorityClass>
void set_priority_class_defaults(PriorityClass& priority_class) {
  default_to(priority_class.preemptionPolicy, "PreemptLowerPriority");
}

template <class StorageClass>
void set_storage_class_defaults(StorageClass& storage_class) {
  default_to(storage_class.reclaimPolicy, "Delete");
  default_to(storage_class.volumeBindingMode, "Immediate");
}

template <class Driver>
void set_driver_defaults(Driver& driver) {
  auto& spec = driver.spec;
  default_to(spec.attachRequired, true);
  default_to(spec.podInfoOnMount, false);
  default_to(spec.storageCapacity, false);
  default_to(spec.requiresRepublish, false);
  default_to(spec.seLinuxMount, false);
  default_to(spec.fsGroupPolicy, "ReadWriteOnceWithFSType");
  if (spec.volumeLifecycleModes.empty()) spec.volumeLifecycleModes.emplace_back("Persistent");
}

}  // namespace

namespace rbacv1 {
void set_defaults(RoleBinding& binding) { set_binding_defaults(binding); }
void set_defaults(ClusterRoleBinding& binding) { set_binding_defaults(binding); }
}  // namespace rbacv1

namespace rbacv1beta1 {
void set_defaults(RoleBinding& binding) { set_binding_defaults(binding); }
void set_defaults(ClusterRoleBinding& binding) { set_binding_defaults(binding); }
}  // namespace rbacv1beta1

namespace rbacv1alpha1 {
void set_defaults(RoleBinding& binding) { set_alpha_binding_defaults(binding); }
void set_defaults(ClusterRoleBinding& binding) { set_alpha_binding_defaults(binding); }
}  // namespace rbacv1alpha1

namespace networkingv1 {
void set_defaults(NetworkPolicy& policy) { set_network_policy_defaults(policy); }
void set_defaults(IngressClass& ingress_class) { set_ingress_class_defaults(ingress_class); }
}  // namespace networkingv1

namespace networkingv1beta1 {
void set_defaults(Ingress& ingress) { set_path_types(ingress); }
void set_defaults(IngressClass& ingress_class) { set_ingress_class_defaults(ingress_class); }
}  // namespace networkingv1beta1

namespace extensionsv1beta1 {
void set_defaults(Ingress& ingress) { set_path_types(ingress); }
void set_defaults(NetworkPolicy& policy) { set_network_policy_defaults(policy); }
// Policies from before the field are as permissive as they were.
void set_defaults(PodSecurityPolicy& policy) { default_to(policy.spec.allowPrivilegeEscalation, true); }
}  // namespace extensionsv1beta1

namespace policyv1beta1 {
void set_defaults(PodSecurityPolicy& policy) { default_to(policy.spec.allowPrivilegeEscalation, true); }
}  // namespace policyv1beta1

namespace discoveryv1 {
void set_defaults(EndpointSlice& slice) { set_slice_defaults(slice); }
}  // namespace discoveryv1

namespace discoveryv1beta1 {
void set_defaults(EndpointSlice& slice) { set_slice_defaults(slice); }
}  // namespace discoveryv1beta1

namespace schedulingv1 {
void set_defaults(PriorityClass& priority_class) { set_priority_class_defaults(priority_class); }
}  // namespace schedulingv1

namespace schedulingv1beta1 {
void set_defaults(PriorityClass& priority_class) { set_priority_class_defaults(priority_class); }
}  // namespace schedulingv1beta1

namespace schedulingv1alpha1 {
void set_defaults(PriorityClass& priority_class) { set_priority_class_defaults(priority_class); }
}  // namespace schedulingv1alpha1

namespace storagev1 {
void set_defaults(StorageClass& storage_class) { set_storage_class_defaults(storage_class); }
void set_defaults(CSIDriver& driver) { set_driver_defaults(driver); }
}  // namespace storagev1

namespace storagev1beta1 {
void set_defaults(StorageClass& storage_class) { set_storage_class_defaults(storage_class); }
void set_defaults(CSIDriver& driver) { set_driver_defaults(driver); }
}  // namespace storagev1beta1

namespace certificatesv1beta1 {

// The signer's name, which may be left out as well, comes from what is asked for: the registry's strategy.
void set_defaults(CertificateSigningRequest& request) {
  if (request.spec.usages.empty()) request.spec.usages = {"digital signature", "key encipherment"};
  for (CertificateSigningRequestCondition& condition : request.status.conditions)
    default_to(condition.status, "True");
}

}  // namespace certificatesv1beta1
}  // namespace xebec
