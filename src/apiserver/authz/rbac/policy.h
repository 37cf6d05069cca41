// The RBAC policy of the cluster in memory, indexed by subject, and the authorizer over it
// (k8s.io/kubernetes plugin/pkg/auth/authorizer/rbac). Fed by authz/rbac/feed.h from the watch cache.
#pragma once

#include <map>
#include <shared_mutex>
#include <string>
#include <vector>

#include "api/gen/rbacv1.h"
#include "apiserver/authz/authorizer.h"

namespace xebec::apiserver::rbac {

// Rules that apply to one user in one namespace, and what went wrong finding them.
struct ResolvedRules {
  std::vector<rbacv1::PolicyRule> rules;
  std::vector<std::string> errors;
};

// Thread-safe: many readers, one writer at a time.
class Policy {
 public:
  void set_role(const rbacv1::Role& role);
  void set_cluster_role(const rbacv1::ClusterRole& role);
  void set_role_binding(const rbacv1::RoleBinding& binding);
  void set_cluster_role_binding(const rbacv1::ClusterRoleBinding& binding);
  void remove_role(std::string_view namespace_, std::string_view name);
  void remove_cluster_role(std::string_view name) { remove_role({}, name); }
  void remove_role_binding(std::string_view namespace_, std::string_view name);
  void remove_cluster_role_binding(std::string_view name) { remove_role_binding({}, name); }

  // The first binding that allows the request decides; never denies.
  Verdict authorize(const AuthorizationAttributes& request) const;
  // Everything granted to the user, cluster-wide and in the namespace (if any).
  ResolvedRules rules_of(const UserInfo& user, std::string_view namespace_) const;
  // The rules of a role reference; an error text when the role does not exist.
  std::expected<std::vector<rbacv1::PolicyRule>, std::string> resolve(std::string_view namespace_,
                                                                      const rbacv1::RoleRef& ref) const;

 private:
  using Key = std::pair<std::string, std::string>;  // namespace (empty: cluster), name
  struct Binding {
    rbacv1::RoleRef role;
    std::vector<rbacv1::Subject> subjects;
  };
  using Rules = std::vector<rbacv1::PolicyRule>;

  void set_rules(Key key, const Rules& rules);
  void set_binding(Key key, Binding binding);
  void unindex(const Key& key, const Binding& binding);
  // Calls visit(rules, error, binding key, binding, subject) for each binding of the user; stops when it
  // returns false.
  template <class Visit>
  void visit(const UserInfo& user, std::string_view namespace_, Visit visit) const;
  template <class Visit>
  bool visit_bindings(std::string_view binding_namespace, const std::vector<std::string>& subjects,
                      Visit& visit) const;
  const Rules* find_rules(std::string_view binding_namespace, const rbacv1::RoleRef& ref) const;

  mutable std::shared_mutex mutex_;
  std::map<Key, Rules> roles_;
  std::map<Key, Binding> bindings_;
  // namespace of the binding -> subject ("u:alice", "g:admins", "s:default:builder") -> bindings, in order of
  // name
  std::map<std::string, std::map<std::string, std::set<std::string>, std::less<>>, std::less<>> by_subject_;
};

class Authorizer final : public apiserver::Authorizer {
 public:
  explicit Authorizer(std::shared_ptr<const Policy> policy) : policy_(std::move(policy)) {}
  Verdict authorize(const AuthorizationAttributes& attributes) override {
    return policy_->authorize(attributes);
  }

 private:
  std::shared_ptr<const Policy> policy_;
};

}  // namespace xebec::apiserver::rbac
