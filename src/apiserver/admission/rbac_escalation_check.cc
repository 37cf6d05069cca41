// Who writes a role or a binding must have every right it gives, or the verbs `escalate` and `bind`
// (kubernetes pkg/registry/rbac/*/policybased).
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "api/gen/rbacv1.h"
#include "apiserver/admission/plugins.h"
#include "apiserver/authz/authorizer.h"
#include "apiserver/authz/rbac/policy.h"
#include "apiserver/authz/rbac/rules.h"

namespace xebec::apiserver {
namespace {

constexpr std::string_view kGroup = "rbac.authorization.k8s.io";

bool in_group(const UserInfo& user, std::string_view group) {
  return std::find(user.groups.begin(), user.groups.end(), group) != user.groups.end();
}

// As Go's %v prints the groups and as upstream words the refusal.
std::string refusal(const UserInfo& user, const std::vector<rbacv1::PolicyRule>& missing,
                    const std::vector<std::string>& errors) {
  std::vector<std::string> rules;
  for (const rbacv1::PolicyRule& rule : rbac::compacted(missing)) rules.push_back(rbac::compact_string(rule));
  std::sort(rules.begin(), rules.end());
  rules.erase(std::unique(rules.begin(), rules.end()), rules.end());
  std::string text =
      fmt::format("user \"{}\" (groups=[{}]) is attempting to grant RBAC permissions not currently held:\n{}",
                  user.name, fmt::format("\"{}\"", fmt::join(user.groups, "\" \"")), fmt::join(rules, "\n"));
  if (!errors.empty()) text += fmt::format("; resolution errors: [{}]", fmt::join(errors, " "));
  return text;
}

// Only what the garbage collector writes: owners and finalizers (IsOnlyMutatingGCFields).
bool only_collects(const AdmissionAttributes& a) {
  if (a.old_object == nullptr) return false;
  api::Object now = a.object->clone();
  metav1::ObjectMeta& meta = *now.meta();
  const metav1::ObjectMeta& before = *a.old_object->meta();
  meta.ownerReferences = before.ownerReferences;
  meta.finalizers = before.finalizers;
  meta.managedFields = before.managedFields;
  return now == *a.old_object;
}

bool aggregates(const api::Object* object) {
  return object != nullptr && object->get<rbacv1::ClusterRole>().aggregationRule;
}

// What cluster-admin has.
std::vector<rbacv1::PolicyRule> full_authority() {
  std::vector<rbacv1::PolicyRule> rules(2);
  for (rbacv1::PolicyRule& rule : rules) rule.verbs = {"*"};
  rules[0].apiGroups = {"*"};
  rules[0].resources = {"*"};
  rules[1].nonResourceURLs = {"*"};
  return rules;
}

class RbacEscalationCheck final : public AdmissionPlugin {
 public:
  RbacEscalationCheck(std::shared_ptr<Authorizer> authorizer, std::shared_ptr<const rbac::Policy> policy)
      : authorizer_(std::move(authorizer)), policy_(std::move(policy)) {}
  std::string_view name() const override { return "RBACEscalationCheck"; }
  bool handles(Operation operation) const override {
    return operation == Operation::kCreate || operation == Operation::kUpdate;
  }

  Task<Result<void>> validate(const Context&, const AdmissionAttributes& a) override { co_return check(a); }

 private:
  Result<void> check(const AdmissionAttributes& a) {
    if (a.object == nullptr || a.resource.group != kGroup) return {};
    // Requests of the server itself carry no user; masters may do everything anyway.
    if (!a.user || in_group(*a.user, "system:masters")) return {};
    if (only_collects(a)) return {};
    if (const auto* role = a.object->as<rbacv1::Role>()) return check_role(a, role->rules);
    if (const auto* role = a.object->as<rbacv1::ClusterRole>()) return check_cluster_role(a, role->rules);
    if (const auto* binding = a.object->as<rbacv1::RoleBinding>()) return check_binding(a, binding->roleRef);
    if (const auto* binding = a.object->as<rbacv1::ClusterRoleBinding>())
      return check_binding(a, binding->roleRef);
    return {};
  }

  bool may(const AdmissionAttributes& a, std::string_view verb, std::string_view resource,
           std::string_view name) {
    AuthorizationAttributes request;
    request.user = a.user;
    request.verb = verb;
    request.namespace_ = a.namespace_;
    request.group = kGroup;
    request.version = "*";
    request.resource = resource;
    request.name = name;
    return authorizer_->authorize(request).decision == Decision::kAllow;
  }

  // A request that creates names nothing.
  bool may_escalate(const AdmissionAttributes& a) {
    const bool creates = a.operation == Operation::kCreate;
    return may(a, "escalate", a.resource.resource, creates ? std::string_view() : a.name);
  }

  Result<void> check_role(const AdmissionAttributes& a, const std::vector<rbacv1::PolicyRule>& rules) {
    if (may_escalate(a)) return {};
    return check_rules(a, rules);
  }

  Result<void> check_cluster_role(const AdmissionAttributes& a,
                                  const std::vector<rbacv1::PolicyRule>& rules) {
    if (may_escalate(a)) return {};
    TRY_VOID(check_rules(a, rules));
    // It may gather anything, and keep others from narrowing what it gathers.
    if (!aggregates(a.object) && !aggregates(a.old_object)) return {};
    const std::vector<rbacv1::PolicyRule> owned = policy_->rules_of(*a.user, a.namespace_).rules;
    if (rbac::uncovered(owned, full_authority()).empty()) return {};
    return fail(errors::forbidden({kGroup, a.resource.resource}, a.name,
                                  "must have cluster-admin privileges to use an aggregationRule"));
  }

  Result<void> check_binding(const AdmissionAttributes& a, const rbacv1::RoleRef& ref) {
    if (may(a, "bind", ref.kind == "Role" ? "roles" : "clusterroles", ref.name)) return {};
    auto rules = policy_->resolve(a.namespace_, ref);
    if (!rules) {
      ResourceName resource{kGroup, ref.kind == "Role" ? "roles" : "clusterroles"};
      return fail(errors::not_found(resource, ref.name));
    }
    return check_rules(a, *rules);
  }

  Result<void> check_rules(const AdmissionAttributes& a, const std::vector<rbacv1::PolicyRule>& wanted) {
    rbac::ResolvedRules owned = policy_->rules_of(*a.user, a.namespace_);
    std::vector<rbacv1::PolicyRule> missing = rbac::uncovered(owned.rules, wanted);
    if (missing.empty()) return {};
    return fail(
        errors::forbidden({kGroup, a.resource.resource}, a.name, refusal(*a.user, missing, owned.errors)));
  }

  std::shared_ptr<Authorizer> authorizer_;
  std::shared_ptr<const rbac::Policy> policy_;
};

}  // namespace

std::unique_ptr<AdmissionPlugin> make_rbac_escalation_check(const AdmissionDependencies& dependencies) {
  return std::make_unique<RbacEscalationCheck>(dependencies.authorizer, dependencies.policy);
}

}  // namespace xebec::apiserver
