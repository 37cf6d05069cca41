// The files of this folder, one a group: each adds the types that have defaults, of all versions of the
// group.
#pragma once

#include <vector>

#include "api/defaults.h"

namespace xebec::api {

using DefaultsTable = std::vector<DefaultsEntry>;

// What `Apply`, a lambda without captures, fills in is the defaults of each of `Types`.
template <class... Types, class Apply>
void add_defaults(DefaultsTable& table, Apply) {
  (table.push_back({&type_of<Types>(), [](void* object) { Apply()(*static_cast<Types*>(object)); }}), ...);
}

void add_core_defaults(DefaultsTable& table);
void add_apps_defaults(DefaultsTable& table);
void add_batch_defaults(DefaultsTable& table);
void add_autoscaling_defaults(DefaultsTable& table);
void add_rbac_defaults(DefaultsTable& table);
void add_networking_defaults(DefaultsTable& table);
void add_discovery_defaults(DefaultsTable& table);
void add_scheduling_defaults(DefaultsTable& table);
void add_storage_defaults(DefaultsTable& table);
void add_policy_defaults(DefaultsTable& table);
void add_certificates_defaults(DefaultsTable& table);
void add_admission_defaults(DefaultsTable& table);
void add_flowcontrol_defaults(DefaultsTable& table);
void add_apiregistration_defaults(DefaultsTable& table);
void add_apiextensions_defaults(DefaultsTable& table);
void add_resource_defaults(DefaultsTable& table);

}  // namespace xebec::api
