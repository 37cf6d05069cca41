#include "apiserver/authz/rbac/policy.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "apiserver/authz/rbac/rules.h"

namespace xebec::apiserver::rbac {
namespace {

constexpr std::string_view kServiceAccountPrefix = "system:serviceaccount:";

// The index keys under which bindings of this user may be found.
std::vector<std::string> subjects_of(const UserInfo& user) {
  std::vector<std::string> keys;
  keys.push_back("u:" + user.name);
  for (const std::string& group : user.groups) keys.push_back("g:" + group);
  if (user.name.starts_with(kServiceAccountPrefix))
    keys.push_back("s:" + user.name.substr(kServiceAccountPrefix.size()));
  return keys;
}

std::string key_of(const rbacv1::Subject& subject, std::string_view binding_namespace) {
  if (subject.kind == "User") return "u:" + subject.name;
  if (subject.kind == "Group") return "g:" + subject.name;
  if (subject.kind == "ServiceAccount") {
    std::string_view ns =
        subject.namespace_.empty() ? binding_namespace : std::string_view(subject.namespace_);
    return fmt::format("s:{}:{}", ns, subject.name);
  }
  return {};
}

std::string describe_subject(std::string_view key) {
  std::string_view name = key.substr(2);
  if (key[0] == 'u') return fmt::format("User \"{}\"", name);
  if (key[0] == 'g') return fmt::format("Group \"{}\"", name);
  size_t colon = name.find(':');
  return fmt::format("ServiceAccount \"{}/{}\"", name.substr(colon + 1), name.substr(0, colon));
}

std::string allowed_by(std::string_view binding_namespace, std::string_view binding,
                       const rbacv1::RoleRef& role, std::string_view subject_key) {
  std::string where = binding_namespace.empty()
                          ? fmt::format("ClusterRoleBinding \"{}\"", binding)
                          : fmt::format("RoleBinding \"{}/{}\"", binding, binding_namespace);
  return fmt::format("RBAC: allowed by {} of {} \"{}\" to {}", where, role.kind, role.name,
                     describe_subject(subject_key));
}

std::string missing_role(const rbacv1::RoleRef& ref) {
  std::string_view resource = ref.kind == "Role" ? "role" : "clusterrole";
  return fmt::format("{}.rbac.authorization.k8s.io \"{}\" not found", resource, ref.name);
}

std::string aggregate(const std::vector<std::string>& errors) {
  if (errors.size() == 1) return errors[0];
  return fmt::format("[{}]", fmt::join(errors, ", "));
}

}  // namespace

void Policy::set_rules(Key key, const Rules& rules) {
  std::unique_lock lock(mutex_);
  roles_[std::move(key)] = rules;
}

void Policy::set_role(const rbacv1::Role& role) {
  set_rules({role.metadata.namespace_, role.metadata.name}, role.rules);
}

void Policy::set_cluster_role(const rbacv1::ClusterRole& role) {
  set_rules({"", role.metadata.name}, role.rules);
}

void Policy::remove_role(std::string_view namespace_, std::string_view name) {
  std::unique_lock lock(mutex_);
  roles_.erase(Key(namespace_, name));
}

void Policy::set_role_binding(const rbacv1::RoleBinding& binding) {
  set_binding({binding.metadata.namespace_, binding.metadata.name},
              Binding{binding.roleRef, binding.subjects});
}

void Policy::set_cluster_role_binding(const rbacv1::ClusterRoleBinding& binding) {
  set_binding({"", binding.metadata.name}, Binding{binding.roleRef, binding.subjects});
}

void Policy::set_binding(Key key, Binding binding) {
  std::unique_lock lock(mutex_);
  if (auto old = bindings_.find(key); old != bindings_.end()) unindex(key, old->second);
  auto& index = by_subject_[key.first];
  for (const rbacv1::Subject& subject : binding.subjects)
    index[key_of(subject, key.first)].insert(key.second);
  bindings_[std::move(key)] = std::move(binding);
}

void Policy::remove_role_binding(std::string_view namespace_, std::string_view name) {
  std::unique_lock lock(mutex_);
  auto it = bindings_.find(Key(namespace_, name));
  if (it == bindings_.end()) return;
  unindex(it->first, it->second);
  bindings_.erase(it);
}

void Policy::unindex(const Key& key, const Binding& binding) {
  auto& index = by_subject_[key.first];
  for (const rbacv1::Subject& subject : binding.subjects) {
    auto it = index.find(key_of(subject, key.first));
    if (it == index.end()) continue;
    it->second.erase(key.second);
    if (it->second.empty()) index.erase(it);
  }
}

const Policy::Rules* Policy::find_rules(std::string_view binding_namespace,
                                        const rbacv1::RoleRef& ref) const {
  auto it = roles_.find(Key(ref.kind == "Role" ? binding_namespace : std::string_view(), ref.name));
  return it == roles_.end() ? nullptr : &it->second;
}

std::expected<std::vector<rbacv1::PolicyRule>, std::string> Policy::resolve(
    std::string_view namespace_, const rbacv1::RoleRef& ref) const {
  std::shared_lock lock(mutex_);
  const Rules* rules = find_rules(namespace_, ref);
  if (rules == nullptr) return std::unexpected(missing_role(ref));
  return *rules;
}

template <class Visit>
bool Policy::visit_bindings(std::string_view binding_namespace, const std::vector<std::string>& subjects,
                            Visit& visit) const {
  auto index = by_subject_.find(binding_namespace);
  if (index == by_subject_.end()) return true;
  for (const std::string& subject : subjects) {
    auto found = index->second.find(subject);
    if (found == index->second.end()) continue;
    for (const std::string& name : found->second) {
      const Binding& binding = bindings_.at(Key(binding_namespace, name));
      if (!visit(find_rules(binding_namespace, binding.role), binding_namespace, name, binding.role,
                 subject)) {
        return false;
      }
    }
  }
  return true;
}

template <class Visit>
void Policy::visit(const UserInfo& user, std::string_view namespace_, Visit visit) const {
  std::vector<std::string> subjects = subjects_of(user);
  std::shared_lock lock(mutex_);
  if (!visit_bindings({}, subjects, visit)) return;
  if (!namespace_.empty()) visit_bindings(namespace_, subjects, visit);
}

Verdict Policy::authorize(const AuthorizationAttributes& request) const {
  Verdict verdict;
  if (!request.user) return verdict;
  std::vector<std::string> errors;
  visit(*request.user, request.namespace_,
        [&](const Rules* rules, std::string_view binding_namespace, const std::string& binding,
            const rbacv1::RoleRef& role, const std::string& subject) {
          if (rules == nullptr) {
            errors.push_back(missing_role(role));
            return true;
          }
          if (!rules_allow(*rules, request)) return true;
          verdict.decision = Decision::kAllow;
          verdict.reason = allowed_by(binding_namespace, binding, role, subject);
          return false;
        });
  if (verdict.decision != Decision::kAllow && !errors.empty()) verdict.reason = "RBAC: " + aggregate(errors);
  return verdict;
}

ResolvedRules Policy::rules_of(const UserInfo& user, std::string_view namespace_) const {
  ResolvedRules out;
  visit(user, namespace_,
        [&](const Rules* rules, std::string_view, const std::string&, const rbacv1::RoleRef& role,
            const std::string&) {
          if (rules == nullptr) {
            out.errors.push_back(missing_role(role));
          } else {
            out.rules.insert(out.rules.end(), rules->begin(), rules->end());
          }
          return true;
        });
  return out;
}

}  // namespace xebec::apiserver::rbac
