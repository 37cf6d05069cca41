// metadata.managedFields: who owns which fields. update_managed_fields is what every create, update and patch
// does with it; apply_fields is server-side apply. Both follow apimachinery's managedfields package, step for
// step. Pure functions; the caller passes the time, reads and writes the object's metadata and does
// defaulting.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/time.h"
#include "base/result.h"
#include "codec/field_filter.h"
#include "codec/fields_v1.h"
#include "codec/merge_type.h"
#include "codec/view.h"

namespace xebec::metav1 {
struct ManagedFieldsEntry;
}

namespace xebec::codec {

using ManagedFieldsList = std::vector<metav1::ManagedFieldsEntry>;

// The other versions of a kind: entries of other managers may be in any of them.
class FieldVersions {
 public:
  virtual ~FieldVersions() = default;
  // nullopt: there is no such version (its entries are dropped).
  virtual std::optional<Value> convert(const Value& object, std::string_view from, std::string_view to) = 0;
  virtual MergeType type(std::string_view api_version) = 0;
};

struct FieldWrite {
  std::string manager;
  std::string api_version;  // of the request; the objects are in it
  std::string subresource;
  api::Time now;
  MergeType type;
  const FieldFilter* filter = nullptr;  // what the strategy resets is never owned
  FieldVersions* versions = nullptr;    // without it every version is taken to have the same shape
};

struct FieldUpdate {
  View live;  // for a create: a zero object
  View updated;
  bool create = false;
  const ManagedFieldsList& live_entries;
  const ManagedFieldsList&
      sent_entries;  // of the object as the client sent it: it may set or reset ([{}]) them
};

// The managedFields of the updated object. Never fails for a client's mistake: what cannot be read is
// dropped.
Result<ManagedFieldsList> update_managed_fields(const FieldWrite& write, const FieldUpdate& update);

struct FieldApply {
  const Value& live;    // for a create: apiVersion and kind only
  const Value& config;  // the applied configuration
  const ManagedFieldsList& live_entries;
  bool force = false;
};
struct Applied {
  Value object;  // without managedFields
  ManagedFieldsList entries;
  bool changed = true;  // false: nothing but managedFields may differ from the live object
};
// Errors: 409 with a FieldManagerConflict cause a field; BadRequest for managedFields in the config, an
// element that has no key, ...
Result<Applied> apply_fields(const FieldWrite& write, const FieldApply& apply);

// Equal but for the times: such an update writes nothing.
bool same_but_time(const ManagedFieldsList& a, const ManagedFieldsList& b);

}  // namespace xebec::codec
