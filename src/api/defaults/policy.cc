// Defaults of policy (k8s.io/kubernetes/pkg/apis/policy/*/defaults.go).
#include "api/defaults/groups.h"
#include "api/defaults/util.h"
#include "api/gen/extensionsv1beta1.h"
#include "api/gen/policyv1beta1.h"

namespace xebec::api {

void add_policy_defaults(DefaultsTable& table) {
  // Policies from before the field are as permissive as they were.
  add_defaults<policyv1beta1::PodSecurityPolicy, extensionsv1beta1::PodSecurityPolicy>(
      table, [](auto& policy) { default_to(policy.spec.allowPrivilegeEscalation, true); });
}

}  // namespace xebec::api
