// Whether one RBAC rule allows one request (k8s.io/kubernetes plugin/pkg/auth/authorizer/rbac, RuleAllows).
#pragma once

#include <span>

#include "api/gen/rbacv1.h"
#include "apiserver/authz/authorizer.h"

namespace xebec::apiserver::rbac {

bool rule_allows(const rbacv1::PolicyRule& rule, const AuthorizationAttributes& request);
bool rules_allow(std::span<const rbacv1::PolicyRule> rules, const AuthorizationAttributes& request);

// Whether everything `wanted` grants is granted by `owned` already: the escalation check of roles and
// bindings (k8s.io/component-helpers/auth/rbac/validation Covers). Returns the parts that are not, each with
// one verb, group and resource.
std::vector<rbacv1::PolicyRule> uncovered(std::span<const rbacv1::PolicyRule> owned,
                                          std::span<const rbacv1::PolicyRule> wanted);

// Rules of one resource that differ in their verbs only are made one (upstream's CompactRules).
std::vector<rbacv1::PolicyRule> compacted(std::vector<rbacv1::PolicyRule> rules);
// As upstream writes a rule into the text of a refused escalation:
// {APIGroups:["apps"], Resources:["deployments"], Verbs:["get"]}
std::string compact_string(const rbacv1::PolicyRule& rule);

}  // namespace xebec::apiserver::rbac
