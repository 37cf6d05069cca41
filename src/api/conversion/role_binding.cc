// Bindings of rbac v1alpha1: a subject names a version, not a group, and the user "*" is everybody who is
// authenticated (k8s.io/kubernetes pkg/apis/rbac/v1alpha1/conversion.go).
#include "api/conversion/kinds.h"
#include "api/gen/rbacv1.h"
#include "api/gen/rbacv1alpha1.h"
#include "api/gvk.h"

namespace xebec::api::conversion {
namespace {

constexpr std::string_view kGroup = "rbac.authorization.k8s.io";
constexpr std::string_view kVersion = "rbac.authorization.k8s.io/v1alpha1";

void to_new(const rbacv1alpha1::Subject& from, rbacv1::Subject& to) {
  if (from.kind == "User" || from.kind == "Group") {
    to.apiGroup = kGroup;
  } else if (from.kind != "ServiceAccount") {
    to.apiGroup = GroupVersion::parse(from.apiVersion).group;
  }
  if (to.kind != "User" || to.name != "*") return;
  to.kind = "Group";
  to.name = "system:authenticated";
}

void to_old(const rbacv1::Subject& from, rbacv1alpha1::Subject& to) {
  if (from.kind == "ServiceAccount" && from.apiGroup.empty()) {
    to.apiVersion = "v1";
  } else if ((from.kind == "User" || from.kind == "Group") && from.apiGroup == kGroup) {
    to.apiVersion = kVersion;
  } else {
    to.apiVersion = from.apiGroup.empty() ? "" : from.apiGroup + "/";
  }
}

template <class Old, class New>
void binding_to_new(const Old& from, New& to) {
  convert_fields(from, to);
  for (size_t i = 0; i < from.subjects.size(); ++i) to_new(from.subjects[i], to.subjects[i]);
}
template <class Old, class New>
void binding_to_old(const New& from, Old& to) {
  convert_fields(from, to);
  for (size_t i = 0; i < from.subjects.size(); ++i) to_old(from.subjects[i], to.subjects[i]);
}

template <class Old, class New>
void append(std::vector<ConversionEntry>& table) {
  table.push_back(entry<Old, New, binding_to_new<Old, New>>());
  table.push_back(entry<New, Old, binding_to_old<Old, New>>());
}

}  // namespace

void append_bindings(std::vector<ConversionEntry>& table) {
  append<rbacv1alpha1::RoleBinding, rbacv1::RoleBinding>(table);
  append<rbacv1alpha1::ClusterRoleBinding, rbacv1::ClusterRoleBinding>(table);
}

}  // namespace xebec::api::conversion
