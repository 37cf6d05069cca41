#include "apiserver/authz/rbac/bootstrap.h"

#include <fmt/format.h>

#include "api/gen/rbacv1.h"
#include "apiserver/authz/rbac/rules.h"
#include "apiserver/cache/entry.h"
#include "apiserver/registry/registry.h"
#include "base/all_of.h"
#include "codec/json.h"

namespace xebec::apiserver::rbac {
namespace {

constexpr std::string_view kPolicy =
#include "apiserver/authz/rbac/bootstrap_policy.inc"
    ;
constexpr std::string_view kGroup = "rbac.authorization.k8s.io";
constexpr std::string_view kAutoUpdate = "rbac.authorization.kubernetes.io/autoupdate";

template <class T>
bool add_missing(api::FlatMap<T>& to, const api::FlatMap<T>& from) {
  bool changed = false;
  for (const auto& [key, value] : from) changed |= to.insert(key, value);
  return changed;
}

bool add_missing_meta(metav1::ObjectMeta& to, const metav1::ObjectMeta& from) {
  bool labels = add_missing(to.labels, from.labels);
  bool annotations = add_missing(to.annotations, from.annotations);
  return labels || annotations;
}

bool add_missing_rules(std::vector<rbacv1::PolicyRule>& to, const std::vector<rbacv1::PolicyRule>& from) {
  std::vector<rbacv1::PolicyRule> missing = uncovered(to, from);
  to.insert(to.end(), missing.begin(), missing.end());
  return !missing.empty();
}

bool add_missing_subjects(std::vector<rbacv1::Subject>& to, const std::vector<rbacv1::Subject>& from) {
  bool changed = false;
  for (const rbacv1::Subject& subject : from) {
    if (std::find(to.begin(), to.end(), subject) != to.end()) continue;
    to.push_back(subject);
    changed = true;
  }
  return changed;
}

// Adds to `stored` what `wanted` has and it lacks.
bool merge(api::Object& stored, const api::Object& wanted) {
  bool changed = add_missing_meta(*stored.meta(), *wanted.meta());
  if (auto* role = stored.as<rbacv1::ClusterRole>()) {
    const auto& from = wanted.get<rbacv1::ClusterRole>();
    // The rules of an aggregated role belong to its controller.
    if (!from.aggregationRule) return add_missing_rules(role->rules, from.rules) || changed;
    if (role->aggregationRule) return changed;
    role->aggregationRule = from.aggregationRule;
    return true;
  }
  if (auto* role = stored.as<rbacv1::Role>()) {
    return add_missing_rules(role->rules, wanted.get<rbacv1::Role>().rules) || changed;
  }
  if (auto* binding = stored.as<rbacv1::ClusterRoleBinding>()) {
    return add_missing_subjects(binding->subjects, wanted.get<rbacv1::ClusterRoleBinding>().subjects) ||
           changed;
  }
  auto& binding = stored.get<rbacv1::RoleBinding>();
  return add_missing_subjects(binding.subjects, wanted.get<rbacv1::RoleBinding>().subjects) || changed;
}

std::string_view resource_of(const api::Object& object) {
  if (object.is<rbacv1::ClusterRole>()) return "clusterroles";
  if (object.is<rbacv1::ClusterRoleBinding>()) return "clusterrolebindings";
  return object.is<rbacv1::Role>() ? "roles" : "rolebindings";
}

WriteOptions write_options(const api::Object& object) {
  WriteOptions options;
  options.field_manager = "kube-apiserver";
  options.request_kind = object.gvk();
  options.request_resource = {std::string(kGroup), "v1", std::string(resource_of(object))};
  return options;
}

Task<Result<api::Object>> merged(const api::Object* current, std::shared_ptr<const api::Object> wanted) {
  api::Object next = current->clone();
  merge(next, *wanted);
  co_return next;
}

bool protected_from_updates(const api::Object& object) {
  return object.meta()->annotations.value_or(kAutoUpdate, "") == "false";
}

Task<Result<void>> reconcile(Registry& registry, std::shared_ptr<const api::Object> wanted) {
  std::string ns = wanted->meta()->namespace_;
  std::string name = wanted->meta()->name;
  Context context;
  GetRequest get;
  get.namespace_ = ns;
  get.name = name;
  auto entry = co_await registry.get(context, std::move(get));
  if (!entry) {
    if (!entry.error().is(reason::kNotFound)) co_return fail(std::move(entry).error());
    auto made = co_await registry.create(context, ns, wanted->clone(), write_options(*wanted));
    bool fine = made || made.error().is(reason::kAlreadyExists);
    if (!fine) co_return fail(std::move(made).error());
    co_return Result<void>();
  }
  CO_TRY(auto stored, (*entry)->object());
  api::Object probe = stored->clone();
  if (protected_from_updates(*stored) || !merge(probe, *wanted)) co_return Result<void>();
  Transform transform = [wanted](const api::Object* current) { return merged(current, wanted); };
  CO_TRY(auto updated,
         co_await registry.update(context, ns, name, std::move(transform), write_options(*wanted)));
  co_return Result<void>();
}

api::Object kubelet_client_binding(const std::string& user) {
  rbacv1::ClusterRoleBinding binding;
  binding.metadata.name = "xebec:" + user;
  binding.roleRef.apiGroup = kGroup;
  binding.roleRef.kind = "ClusterRole";
  binding.roleRef.name = "system:kubelet-api-admin";
  rbacv1::Subject& subject = binding.subjects.emplace_back();
  subject.apiGroup = kGroup;
  subject.kind = "User";
  subject.name = user;
  return api::Object::of(std::move(binding));
}

}  // namespace

Result<std::vector<api::Object>> bootstrap_objects() {
  std::vector<api::Object> objects;
  std::string_view rest = kPolicy;
  while (!rest.empty()) {
    size_t end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    TRY(codec::TypeMeta type, codec::interpret_json(line));
    const api::Message& message = type.kind == "ClusterRole" ? api::type_of<rbacv1::ClusterRole>()
                                  : type.kind == "ClusterRoleBinding"
                                      ? api::type_of<rbacv1::ClusterRoleBinding>()
                                  : type.kind == "Role" ? api::type_of<rbacv1::Role>()
                                                        : api::type_of<rbacv1::RoleBinding>();
    TRY(api::Object object, codec::decode_json(message, line));
    objects.push_back(std::move(object));
  }
  return objects;
}

Task<Result<void>> reconcile_bootstrap_policy(const RegistryMap& registries, std::string kubelet_client) {
  CO_TRY(std::vector<api::Object> objects, bootstrap_objects());
  if (!kubelet_client.empty()) objects.push_back(kubelet_client_binding(kubelet_client));
  // All at once: the store then writes them in a few batches, and a new cluster is ready that much sooner.
  std::vector<Task<Result<void>>> all;
  for (api::Object& object : objects) {
    Registry* registry = registries.find(kGroup, resource_of(object));
    all.push_back(reconcile(*registry, std::make_shared<const api::Object>(std::move(object))));
  }
  co_return co_await all_of(std::move(all));
}

}  // namespace xebec::apiserver::rbac
