// Validation of rbac.authorization.k8s.io/v1 (k8s.io/kubernetes/pkg/apis/rbac/validation).
#pragma once

#include "api/gen/rbacv1.h"
#include "apiserver/validation/check.h"

namespace xebec::apiserver::validation {

Errors validate_role(const rbacv1::Role& role);
Errors validate_role_update(const rbacv1::Role& role, const rbacv1::Role& old);
Errors validate_cluster_role(const rbacv1::ClusterRole& role);
Errors validate_cluster_role_update(const rbacv1::ClusterRole& role, const rbacv1::ClusterRole& old);
Errors validate_role_binding(const rbacv1::RoleBinding& binding);
Errors validate_role_binding_update(const rbacv1::RoleBinding& binding, const rbacv1::RoleBinding& old);
Errors validate_cluster_role_binding(const rbacv1::ClusterRoleBinding& binding);
Errors validate_cluster_role_binding_update(const rbacv1::ClusterRoleBinding& binding,
                                            const rbacv1::ClusterRoleBinding& old);

}  // namespace xebec::apiserver::validation
