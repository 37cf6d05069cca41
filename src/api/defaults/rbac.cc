// Defaults of rbac (k8s.io/kubernetes/pkg/apis/rbac/*/defaults.go).
#include "api/defaults/groups.h"
#include "api/defaults/util.h"
#include "api/gen/rbacv1.h"
#include "api/gen/rbacv1alpha1.h"
#include "api/gen/rbacv1beta1.h"

namespace xebec::api {
namespace {

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

}  // namespace

void add_rbac_defaults(DefaultsTable& table) {
  add_defaults<rbacv1::RoleBinding, rbacv1::ClusterRoleBinding, rbacv1beta1::RoleBinding,
               rbacv1beta1::ClusterRoleBinding>(table, [](auto& binding) { set_binding_defaults(binding); });
  add_defaults<rbacv1alpha1::RoleBinding, rbacv1alpha1::ClusterRoleBinding>(
      table, [](auto& binding) { set_alpha_binding_defaults(binding); });
}

}  // namespace xebec::api
