#include <algorithm>
#include <set>

#include "apiserver/validation/core.h"
#include "apiserver/validation/pod.h"
#include "apiserver/validation/resources.h"

namespace xebec::apiserver::validation {
namespace {

using corev1::ResourceQuota;
using corev1::ResourceQuotaSpec;
using Resources = api::FlatMap<api::Quantity>;
using Scopes = std::set<std::string_view>;

bool one_of(std::string_view text, std::initializer_list<std::string_view> texts) {
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

bool is_counted_for_quota(std::string_view name) {
  return one_of(name,
                {"cpu", "memory", "ephemeral-storage", "requests.cpu", "requests.memory", "requests.storage",
                 "requests.ephemeral-storage", "limits.cpu", "limits.memory", "limits.ephemeral-storage",
                 "pods", "resourcequotas", "services", "replicationcontrollers", "secrets",
                 "persistentvolumeclaims", "configmaps", "services.nodeports", "services.loadbalancers"}) ||
         is_huge_page(name) || name.starts_with("requests.hugepages-");
}

bool is_scope(std::string_view scope) {
  return one_of(scope, {"Terminating", "NotTerminating", "BestEffort", "NotBestEffort", "PriorityClass",
                        "CrossNamespacePodAffinity", "VolumeAttributesClass"});
}

// Which resources can be counted within a scope.
bool has_resource(std::string_view scope, std::string_view resource) {
  if (scope == "BestEffort") return resource == "pods";
  if (scope == "VolumeAttributesClass")
    return one_of(resource, {"persistentvolumeclaims", "requests.storage"});
  if (one_of(scope, {"Terminating", "NotTerminating", "NotBestEffort", "PriorityClass",
                     "CrossNamespacePodAffinity"})) {
    return one_of(resource, {"pods", "cpu", "memory", "limits.cpu", "limits.memory", "requests.cpu",
                             "requests.memory"});
  }
  return true;
}

void check_resources(Errors& errors, const Path& path, const Resources& resources) {
  for (const auto& [name, quantity] : resources) {
    check_resource_name(errors, path.key(name), name);
    if (name.find('/') == std::string::npos && !is_counted_for_quota(name))
      errors.push_back(field::invalid_string(path.key(name), name, "must be a standard resource for quota"));
    check_resource_quantity(errors, path.key(name), name, quantity);
  }
}

// Calls refuse() for each resource that the scope does not go with.
template <class Refuse>
void for_each_mismatch(const Resources& hard, std::string_view scope, Refuse refuse) {
  for (const auto& [name, quantity] : hard)
    if (is_counted_for_quota(name) && !has_resource(scope, name)) refuse();
}

void check_conflicts(Errors& errors, const Path& path, const ResourceQuotaSpec& spec, const Scopes& scopes) {
  const bool effort = scopes.contains("BestEffort") && scopes.contains("NotBestEffort");
  const bool ending = scopes.contains("Terminating") && scopes.contains("NotTerminating");
  for (int i = 0; i < effort + ending; ++i)
    errors.push_back(field::invalid(path, go_json(spec.scopes), "conflicting scopes"));
}

void check_scopes(Errors& errors, const Path& path, const ResourceQuotaSpec& spec) {
  Scopes scopes;
  auto refuse = [&](std::string_view text) {
    errors.push_back(field::invalid(path, go_json(spec.scopes), text));
  };
  for (const std::string& scope : spec.scopes) {
    if (!is_scope(scope)) refuse("unsupported scope");
    for_each_mismatch(spec.hard, scope, [&] { refuse("unsupported scope applied to resource"); });
    scopes.insert(scope);
  }
  check_conflicts(errors, path, spec, scopes);
}

void check_operator(Errors& errors, const Path& path, const corev1::ScopedResourceSelectorRequirement& r) {
  if (one_of(r.scopeName,
             {"BestEffort", "NotBestEffort", "Terminating", "NotTerminating", "CrossNamespacePodAffinity"}) &&
      r.operator_ != "Exists") {
    errors.push_back(field::invalid_string(path.child("operator"), r.operator_,
                                           "must be 'Exist' when scope is any of "
                                           "ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, "
                                           "ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or "
                                           "ResourceQuotaScopeCrossNamespacePodAffinity"));
  }
  if (one_of(r.operator_, {"In", "NotIn"})) {
    if (r.values.empty()) {
      errors.push_back(field::required(
          path.child("values"),
          "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"));
    }
  } else if (one_of(r.operator_, {"Exists", "DoesNotExist"})) {
    if (!r.values.empty()) {
      errors.push_back(
          field::invalid(path.child("values"), go_json(r.values),
                         "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"));
    }
  } else {
    errors.push_back(
        field::invalid_string(path.child("operator"), r.operator_, "not a valid selector operator"));
  }
}

void check_scope_selector(Errors& errors, const Path& path, const ResourceQuotaSpec& spec) {
  if (!spec.scopeSelector) return;
  Scopes scopes;
  for (const auto& requirement : spec.scopeSelector->matchExpressions) {
    if (!is_scope(requirement.scopeName)) {
      errors.push_back(
          field::invalid_string(path.child("scopeName"), requirement.scopeName, "unsupported scope"));
    }
    for_each_mismatch(spec.hard, requirement.scopeName, [&] {
      errors.push_back(
          field::invalid(path, go_json(*spec.scopeSelector), "unsupported scope applied to resource"));
    });
    check_operator(errors, path, requirement);
    scopes.insert(requirement.scopeName);
  }
  check_conflicts(errors, path, spec, scopes);
}

Errors validate_spec(const ResourceQuotaSpec& spec) {
  Errors errors;
  const Path path("spec");
  check_resources(errors, path.child("hard"), spec.hard);
  check_scopes(errors, path.child("scopes"), spec);
  check_scope_selector(errors, path.child("scopeSelector").child("matchExpressions"), spec);
  return errors;
}

}  // namespace

Errors validate_resource_quota(const ResourceQuota& quota) { return validate_spec(quota.spec); }

Errors validate_resource_quota_update(const ResourceQuota& quota, const ResourceQuota& old) {
  Errors errors = validate_spec(quota.spec);
  const std::set<std::string> now(quota.spec.scopes.begin(), quota.spec.scopes.end());
  const std::set<std::string> before(old.spec.scopes.begin(), old.spec.scopes.end());
  check_immutable(errors, Path("spec").child("scopes"), now == before, go_json(quota.spec.scopes));
  return errors;
}

Errors validate_resource_quota_status_update(const ResourceQuota& quota, const ResourceQuota&) {
  Errors errors;
  check_resources(errors, Path("status").child("hard"), quota.status.hard);
  check_resources(errors, Path("status").child("used"), quota.status.used);
  return errors;
}

}  // namespace xebec::apiserver::validation
