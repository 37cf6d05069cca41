// StorageVersionMigrations: which resource is written anew, and how far that has come.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "apiserver/validation/conditions.h"
#include "apiserver/validation/storage_versions.h"

namespace xebec::apiserver::validation {
namespace {

bool is_true(const Migration& migration, std::string_view type) {
  for (const metav1::Condition& condition : migration.status.conditions)
    if (condition.type == type) return condition.status == "True";
  return false;
}

void check_joined(Errors& errors, const Path& path, std::string_view value, const api::Messages& wrong) {
  if (!wrong.empty())
    errors.push_back(field::invalid_string(path, value, fmt::format("{}", fmt::join(wrong, ","))));
}

bool is_resource_version(std::string_view text) {
  return !text.empty() && text[0] != '0' &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

Errors validate_migration(const Migration& migration) {
  Errors errors;
  const Path path = Path("spec").child("resource");
  const auto& resource = migration.spec.resource;
  if (resource.resource.empty()) {
    errors.push_back(field::required(path.child("resource"), "resource is required to be set"));
  } else {
    check_joined(errors, path.child("resource"), resource.resource, api::is_dns1035_label(resource.resource));
  }
  if (!resource.group.empty())
    check_joined(errors, path.child("group"), resource.group, api::is_dns1123_subdomain(resource.group));
  return errors;
}

Errors validate_migration_update(const Migration& migration, const Migration& old) {
  Errors errors = validate_migration(migration);
  check_immutable(errors, Path("spec"), migration.spec == old.spec, go_json(migration.spec));
  return errors;
}

Errors validate_migration_status_update(const Migration& migration, const Migration& old) {
  Errors errors;
  const Path version = Path("status").child("resourceVersion"),
             conditions = Path("status").child("conditions");
  const std::string &now = migration.status.resourceVersion, &before = old.status.resourceVersion;
  if (!is_resource_version(now)) {
    errors.push_back(
        field::invalid_string(version, now, fmt::format("resource version is not well formed: {}", now)));
  }
  check_conditions(errors, conditions, migration.status.conditions);
  if (!before.empty() && before != now) errors.push_back(field::invalid_string(version, now, kImmutable));
  auto refuse = [&](bool wrong, std::string_view why) {
    if (wrong) errors.push_back(field::invalid(conditions, go_json(migration.status.conditions), why));
  };
  const bool succeeded = is_true(migration, "Succeeded"), failed = is_true(migration, "Failed"),
             running = is_true(migration, "Running");
  refuse(succeeded && failed, "Both success and failed conditions cannot be true at the same time");
  refuse(succeeded && running, "Running condition cannot be true when success condition is true");
  refuse(failed && running, "Running condition cannot be true when failed condition is true");
  refuse(is_true(old, "Succeeded") && !succeeded, "Success condition cannot be set to false once it is true");
  refuse(is_true(old, "Failed") && !failed, "Failed condition cannot be set to false once it is true");
  return errors;
}

}  // namespace xebec::apiserver::validation
