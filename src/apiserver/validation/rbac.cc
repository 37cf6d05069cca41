#include "apiserver/validation/rbac.h"

#include <fmt/format.h>

namespace xebec::apiserver::validation {
namespace {

constexpr std::string_view kGroup = "rbac.authorization.k8s.io";

void check_rules(Errors& errors, const std::vector<rbacv1::PolicyRule>& rules, bool namespaced) {
  for (size_t i = 0; i < rules.size(); ++i) {
    const rbacv1::PolicyRule& rule = rules[i];
    Path at = Path("rules").index(i);
    if (rule.verbs.empty())
      errors.push_back(field::required(at.child("verbs"), "verbs must contain at least one value"));
    if (!rule.nonResourceURLs.empty()) {
      if (namespaced) {
        errors.push_back(field::invalid(at.child("nonResourceURLs"), go_json(rule.nonResourceURLs),
                                        "namespaced rules cannot apply to non-resource URLs"));
      }
      if (!rule.apiGroups.empty() || !rule.resources.empty() || !rule.resourceNames.empty()) {
        errors.push_back(
            field::invalid(at.child("nonResourceURLs"), go_json(rule.nonResourceURLs),
                           "rules cannot apply to both regular resources and non-resource URLs"));
      }
      continue;
    }
    if (rule.apiGroups.empty()) {
      errors.push_back(
          field::required(at.child("apiGroups"), "resource rules must supply at least one api group"));
    }
    if (rule.resources.empty()) {
      errors.push_back(
          field::required(at.child("resources"), "resource rules must supply at least one resource"));
    }
  }
}

void check_role_ref(Errors& errors, const rbacv1::RoleRef& ref, bool namespaced) {
  Path path("roleRef");
  if (ref.apiGroup != kGroup)
    check_enum(errors, path.child("apiGroup"), std::string_view(ref.apiGroup), {kGroup});
  if (namespaced) {
    check_enum(errors, path.child("kind"), std::string_view(ref.kind), {"Role", "ClusterRole"});
  } else {
    check_enum(errors, path.child("kind"), std::string_view(ref.kind), {"ClusterRole"});
  }
  if (ref.name.empty()) {
    errors.push_back(field::required(path.child("name")));
  } else {
    check_messages(errors, path.child("name"), ref.name, api::is_valid_path_segment_name(ref.name));
  }
}

void check_subjects(Errors& errors, const std::vector<rbacv1::Subject>& subjects, bool namespaced) {
  for (size_t i = 0; i < subjects.size(); ++i) {
    const rbacv1::Subject& subject = subjects[i];
    Path at = Path("subjects").index(i);
    if (subject.name.empty()) errors.push_back(field::required(at.child("name")));
    if (subject.kind == "ServiceAccount") {
      if (!subject.name.empty()) check_dns_subdomain(errors, at.child("name"), subject.name);
      if (!subject.apiGroup.empty())
        check_enum(errors, at.child("apiGroup"), std::string_view(subject.apiGroup), {""});
      if (!namespaced && subject.namespace_.empty()) errors.push_back(field::required(at.child("namespace")));
    } else if (subject.kind == "User" || subject.kind == "Group") {
      if (subject.name.empty()) {
        errors.push_back(field::invalid_string(
            at.child("name"), "",
            subject.kind == "User" ? "user name cannot be empty" : "group name cannot be empty"));
      }
      check_enum(errors, at.child("apiGroup"), std::string_view(subject.apiGroup), {kGroup});
    } else {
      check_enum(errors, at.child("kind"), std::string_view(subject.kind),
                 {"ServiceAccount", "User", "Group"});
    }
  }
}

void check_role_ref_immutable(Errors& errors, const rbacv1::RoleRef& now, const rbacv1::RoleRef& old) {
  if (!(now == old)) errors.push_back(field::invalid(Path("roleRef"), go_json(now), "cannot change roleRef"));
}

}  // namespace

Errors validate_role(const rbacv1::Role& role) {
  Errors errors;
  check_rules(errors, role.rules, true);
  return errors;
}

Errors validate_role_update(const rbacv1::Role& role, const rbacv1::Role&) { return validate_role(role); }

Errors validate_cluster_role(const rbacv1::ClusterRole& role) {
  Errors errors;
  check_rules(errors, role.rules, false);
  if (!role.aggregationRule) return errors;
  Path path = Path("aggregationRule").child("clusterRoleSelectors");
  const auto& selectors = role.aggregationRule->clusterRoleSelectors;
  if (selectors.empty()) {
    errors.push_back(
        field::required(path, "at least one clusterRoleSelector required if aggregationRule is non-nil"));
  }
  for (size_t i = 0; i < selectors.size(); ++i) check_label_selector(errors, path.index(i), selectors[i]);
  return errors;
}

Errors validate_cluster_role_update(const rbacv1::ClusterRole& role, const rbacv1::ClusterRole&) {
  return validate_cluster_role(role);
}

Errors validate_role_binding(const rbacv1::RoleBinding& binding) {
  Errors errors;
  check_role_ref(errors, binding.roleRef, true);
  check_subjects(errors, binding.subjects, true);
  return errors;
}

Errors validate_role_binding_update(const rbacv1::RoleBinding& binding, const rbacv1::RoleBinding& old) {
  Errors errors = validate_role_binding(binding);
  check_role_ref_immutable(errors, binding.roleRef, old.roleRef);
  return errors;
}

Errors validate_cluster_role_binding(const rbacv1::ClusterRoleBinding& binding) {
  Errors errors;
  check_role_ref(errors, binding.roleRef, false);
  check_subjects(errors, binding.subjects, false);
  return errors;
}

Errors validate_cluster_role_binding_update(const rbacv1::ClusterRoleBinding& binding,
                                            const rbacv1::ClusterRoleBinding& old) {
  Errors errors = validate_cluster_role_binding(binding);
  check_role_ref_immutable(errors, binding.roleRef, old.roleRef);
  return errors;
}

}  // namespace xebec::apiserver::validation
