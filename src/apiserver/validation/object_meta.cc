#include "apiserver/validation/object_meta.h"

#include <algorithm>
#include <set>

#include "api/flat_map.h"
#include "api/gen/metav1.h"
#include "apiserver/validation/go_value.h"

namespace xebec::apiserver::validation {
namespace {

constexpr size_t kMaxAnnotationBytes = 256 << 10;
constexpr std::string_view kImmutable = "field is immutable";

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

void add_messages(field::Errors& errors, const field::Path& path, std::string_view value,
                  const api::Messages& messages) {
  for (const std::string& message : messages) errors.push_back(field::invalid_string(path, value, message));
}

field::Errors validate_owners(const std::vector<metav1::OwnerReference>& owners, const field::Path& path) {
  field::Errors errors;
  std::string controller;
  for (const metav1::OwnerReference& owner : owners) {
    const api::GroupVersionKind gvk = api::GroupVersionKind::from(owner.apiVersion, owner.kind);
    if (gvk.version.empty())
      errors.push_back(
          field::invalid_string(path.child("apiVersion"), owner.apiVersion, "version must not be empty"));
    if (gvk.kind.empty())
      errors.push_back(field::invalid_string(path.child("kind"), owner.kind, "must not be empty"));
    if (owner.name.empty())
      errors.push_back(field::invalid_string(path.child("name"), owner.name, "must not be empty"));
    if (owner.uid.empty())
      errors.push_back(field::invalid_string(path.child("uid"), owner.uid, "must not be empty"));
    if (gvk.group.empty() && gvk.version == "v1" && gvk.kind == "Event")
      errors.push_back(
          field::invalid(path, go_json(owner), gvk.str() + " is disallowed from being an owner"));
    if (!owner.controller.value_or(false)) continue;
    const std::string name = owner.kind + "/" + owner.name;
    if (!controller.empty()) {
      errors.push_back(field::invalid(
          path, go_json(owners),
          "Only one reference can have Controller set to true. Found \"true\" in references for " +
              controller + " and " + name));
    } else {
      controller = name;
    }
  }
  return errors;
}

field::Errors validate_finalizers(const std::vector<std::string>& finalizers, const field::Path& path) {
  field::Errors errors;
  for (const std::string& name : finalizers) add_messages(errors, path, name, api::is_qualified_name(name));
  const auto has = [&](std::string_view f) {
    return std::find(finalizers.begin(), finalizers.end(), f) != finalizers.end();
  };
  if (has("orphan") && has("foregroundDeletion"))
    errors.push_back(field::invalid(path, go_json(finalizers),
                                    "finalizer orphan and foregroundDeletion cannot be both set"));
  return errors;
}

field::Errors validate_managed_fields(const std::vector<metav1::ManagedFieldsEntry>& entries,
                                      const field::Path& path) {
  field::Errors errors;
  for (size_t i = 0; i < entries.size(); ++i) {
    const metav1::ManagedFieldsEntry& entry = entries[i];
    const field::Path at = path.index(i);
    if (entry.operation != "Apply" && entry.operation != "Update")
      errors.push_back(
          field::invalid_string(at.child("operation"), entry.operation, "must be `Apply` or `Update`"));
    if (!entry.fieldsType.empty() && entry.fieldsType != "FieldsV1")
      errors.push_back(field::invalid_string(at.child("fieldsType"), entry.fieldsType, "must be `FieldsV1`"));
    if (entry.manager.size() > 128) errors.push_back(field::too_long(at.child("manager"), 128));
    if (entry.subresource.size() > 256) errors.push_back(field::too_long(at.child("subresource"), 256));
  }
  return errors;
}

void immutable_string(field::Errors& errors, const field::Path& path, const std::string& now,
                      const std::string& old) {
  if (now != old) errors.push_back(field::invalid_string(path, now, kImmutable));
}

void immutable_time(field::Errors& errors, const field::Path& path, const std::optional<api::Time>& now,
                    const std::optional<api::Time>& old) {
  if (now != old)
    errors.push_back(field::invalid(path, now ? field::quote(now->str()) : field::quote("null"), kImmutable));
}

// What is looked at on create and on update.
void check_lists_and_maps(field::Errors& errors, const metav1::ObjectMeta& meta, const field::Path& path) {
  field::append(errors, validate_labels(meta.labels, path.child("labels")));
  field::append(errors, validate_annotations(meta.annotations, path.child("annotations")));
  field::append(errors, validate_owners(meta.ownerReferences, path.child("ownerReferences")));
  field::append(errors, validate_finalizers(meta.finalizers, path.child("finalizers")));
  field::append(errors, validate_managed_fields(meta.managedFields, path.child("managedFields")));
  for (size_t i = 0; i < meta.finalizers.size(); ++i)
    check_standard_finalizer(errors, path.child("finalizers").index(i), meta.finalizers[i]);
}

}  // namespace

void check_standard_finalizer(field::Errors& errors, const field::Path& path, std::string_view name) {
  if (name.find('/') != std::string_view::npos || name == "kubernetes" || name == "orphan" ||
      name == "foregroundDeletion")
    return;
  errors.push_back(field::invalid_string(
      path, name, "name is neither a standard finalizer name nor is it fully qualified"));
}

std::string go_strings(const std::vector<std::string>& values) {
  std::string out = "[]string{";
  for (const std::string& v : values) out += (out.back() == '{' ? "" : ", ") + field::quote(v);
  return out + "}";
}

field::Errors validate_labels(const api::FlatMap<std::string>& labels, const field::Path& path) {
  field::Errors errors;
  for (const auto& [key, value] : labels) {
    add_messages(errors, path, key, api::is_qualified_name(key));
    add_messages(errors, path, value, api::is_valid_label_value(value));
  }
  return errors;
}

field::Errors validate_annotations(const api::FlatMap<std::string>& annotations, const field::Path& path) {
  field::Errors errors;
  size_t total = 0;
  for (const auto& [key, value] : annotations) {
    add_messages(errors, path, key, api::is_qualified_name(lower(key)));
    total += key.size() + value.size();
  }
  if (total > kMaxAnnotationBytes) errors.push_back(field::too_long(path, kMaxAnnotationBytes));
  return errors;
}

field::Errors validate_object_meta(const metav1::ObjectMeta& meta, bool namespaced, api::NameRule name_rule,
                                   const field::Path& path) {
  field::Errors errors;
  if (!meta.generateName.empty())
    add_messages(errors, path.child("generateName"), meta.generateName, name_rule(meta.generateName, true));
  if (meta.name.empty()) {
    errors.push_back(field::required(path.child("name"), "name or generateName is required"));
  } else {
    add_messages(errors, path.child("name"), meta.name, name_rule(meta.name, false));
  }
  const field::Path ns = path.child("namespace");
  if (!namespaced) {
    if (!meta.namespace_.empty()) errors.push_back(field::forbidden(ns, "not allowed on this type"));
  } else if (meta.namespace_.empty()) {
    errors.push_back(field::required(ns));
  } else {
    add_messages(errors, ns, meta.namespace_, api::is_dns1123_label(meta.namespace_));
  }
  if (meta.generation < 0)
    errors.push_back(
        field::invalid_int(path.child("generation"), meta.generation, "must be greater than or equal to 0"));
  check_lists_and_maps(errors, meta, path);
  return errors;
}

field::Errors validate_object_meta_update(const metav1::ObjectMeta& meta, const metav1::ObjectMeta& old,
                                          const field::Path& path) {
  field::Errors errors;
  if (old.deletionTimestamp) {
    std::set<std::string> added(meta.finalizers.begin(), meta.finalizers.end());
    for (const std::string& finalizer : old.finalizers) added.erase(finalizer);
    if (!added.empty()) {
      errors.push_back(field::forbidden(
          path.child("finalizers"),
          "no new finalizers can be added if the object is being deleted, found new finalizers " +
              go_strings({added.begin(), added.end()})));
    }
  }
  if (meta.resourceVersion.empty())
    errors.push_back(
        field::invalid_string(path.child("resourceVersion"), "", "must be specified for an update"));
  if (meta.generation < old.generation)
    errors.push_back(
        field::invalid_int(path.child("generation"), meta.generation, "must not be decremented"));
  immutable_string(errors, path.child("name"), meta.name, old.name);
  immutable_string(errors, path.child("namespace"), meta.namespace_, old.namespace_);
  immutable_string(errors, path.child("uid"), meta.uid, old.uid);
  if (meta.creationTimestamp != old.creationTimestamp)
    errors.push_back(field::invalid(path.child("creationTimestamp"),
                                    field::quote(meta.creationTimestamp.str()), kImmutable));
  immutable_time(errors, path.child("deletionTimestamp"), meta.deletionTimestamp, old.deletionTimestamp);
  if (meta.deletionGracePeriodSeconds != old.deletionGracePeriodSeconds) {
    errors.push_back(field::invalid(path.child("deletionGracePeriodSeconds"),
                                    meta.deletionGracePeriodSeconds
                                        ? std::to_string(*meta.deletionGracePeriodSeconds)
                                        : field::quote("null"),
                                    kImmutable));
  }
  check_lists_and_maps(errors, meta, path);
  return errors;
}

field::Errors validate_dry_run(const std::vector<std::string>& dry_run, const field::Path& path) {
  field::Errors errors;
  static constexpr std::string_view kSupported[] = {"All"};
  if (std::any_of(dry_run.begin(), dry_run.end(), [](const std::string& v) { return v != "All"; })) {
    field::Error error = field::not_supported(path, "", kSupported);
    error.body = "Unsupported value: " + go_json(dry_run) + ": supported values: \"All\"";
    errors.push_back(std::move(error));
  }
  return errors;
}

field::Errors validate_delete_options(const metav1::DeleteOptions& options) {
  field::Errors errors;
  const field::Path policy("propagationPolicy");
  if (options.orphanDependents && options.propagationPolicy) {
    errors.push_back(field::invalid_string(policy, *options.propagationPolicy,
                                           "orphanDependents and deletionPropagation cannot be both set"));
  }
  static constexpr std::string_view kPolicies[] = {"Foreground", "Background", "Orphan", "nil"};
  if (options.propagationPolicy && std::find(std::begin(kPolicies), std::end(kPolicies) - 1,
                                             *options.propagationPolicy) == std::end(kPolicies) - 1)
    errors.push_back(field::not_supported(policy, *options.propagationPolicy, kPolicies));
  field::append(errors, validate_dry_run(options.dryRun, field::Path("dryRun")));
  if (!options.ignoreStoreReadErrorWithClusterBreakingPotential.value_or(false)) return errors;
  const std::pair<bool, std::string_view> excluded[] = {
      {!options.dryRun.empty(), ".dryRun"},
      {options.propagationPolicy.has_value(), ".propagationPolicy"},
      {options.orphanDependents.has_value(), ".orphanDependents"},
      {options.gracePeriodSeconds.has_value(), ".gracePeriodSeconds"},
      {static_cast<bool>(options.preconditions), ".preconditions"}};
  for (const auto& [given, name] : excluded) {
    if (given) errors.push_back(unsafe_delete_error("cannot be set together with " + std::string(name)));
  }
  return errors;
}

field::Error unsafe_delete_error(std::string_view why) {
  return field::invalid(field::Path("ignoreStoreReadErrorWithClusterBreakingPotential"), "true", why);
}

}  // namespace xebec::apiserver::validation
