// Validation of StorageVersions and StorageVersionMigrations
// (k8s.io/kubernetes/pkg/apis/{apiserverinternal,storagemigration}/validation).
#pragma once

#include "api/gen/apiserverinternalv1alpha1.h"
#include "api/gen/storagemigrationv1beta1.h"
#include "apiserver/validation/check.h"

namespace xebec::apiserver::validation {

// storage_version.cc
using StorageVersion = apiserverinternalv1alpha1::StorageVersion;
// "group.resource".
api::Messages name_is_storage_version(std::string_view name, bool prefix);
Errors validate_storage_version(const StorageVersion& version);
Errors validate_storage_version_status_update(const StorageVersion& version, const StorageVersion& old);

// storage_migration.cc
using Migration = storagemigrationv1beta1::StorageVersionMigration;
Errors validate_migration(const Migration& migration);
Errors validate_migration_update(const Migration& migration, const Migration& old);
Errors validate_migration_status_update(const Migration& migration, const Migration& old);

}  // namespace xebec::apiserver::validation
