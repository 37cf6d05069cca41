// The decoded form of managedFields: a field set a manager. Internal to managed_fields and apply.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "api/gen/metav1.h"
#include "codec/field_compare.h"
#include "codec/managed_fields.h"

namespace xebec::codec {

struct ManagerSet {
  std::string manager, subresource;
  std::string api_version;
  bool applied = false;
  std::optional<api::Time> time;
  FieldSet set;
};

// By the identity that upstream gives an entry: its JSON without time, fields and, when applied, version.
using Managers = std::map<std::string, ManagerSet>;

std::string manager_id(std::string_view manager, bool applied, std::string_view api_version,
                       std::string_view subresource);

Result<Managers> decode_managers(const ManagedFieldsList& entries);
ManagedFieldsList encode_managers(const Managers& managers);

struct StealRequest {
  const FieldWrite& write;
  View live, updated;
  std::string self;   // id of the manager that writes
  bool force = true;  // false: fields owned by others are conflicts
};
// Takes what changed from everybody but `self`. Conflict error when not forced. Gives the comparison in the
// request's version.
Result<Comparison> steal_fields(const StealRequest& request, Managers& managers);
// Drops what nobody owns (kind, name, resourceVersion ...) from the manager's set, and the manager if nothing
// is left.
void strip_meta(Managers& managers, const std::string& id);
// The update of one manager, without time limits and caps.
Result<void> record_update(const FieldWrite& write, const View& live, const View& updated,
                           Managers& managers);

}  // namespace xebec::codec
