// The default roles and bindings that every cluster starts with (kubernetes plugin/pkg/auth/authorizer/rbac/
// bootstrappolicy), and how they are brought up to date in a cluster that has changed them.
#pragma once

#include <string>
#include <vector>

#include "api/object.h"
#include "base/result.h"
#include "base/task.h"

namespace xebec::apiserver {
class RegistryMap;
}

namespace xebec::apiserver::rbac {

// ClusterRoles, ClusterRoleBindings, Roles, RoleBindings, in this order.
Result<std::vector<api::Object>> bootstrap_objects();

// Creates what is missing and adds missing rules, subjects, labels and annotations to what is there; nothing
// is taken away, and objects annotated rbac.authorization.kubernetes.io/autoupdate: "false" are left alone.
// Idempotent. `kubelet_client`: the user that API servers dial kubelets as, who is bound to
// system:kubelet-api-admin; empty: nobody is, as upstream, where the administrator does it.
Task<Result<void>> reconcile_bootstrap_policy(const RegistryMap& registries, std::string kubelet_client);

}  // namespace xebec::apiserver::rbac
