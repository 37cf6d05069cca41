#include "apiserver/registry/field_tracking.h"

#include "api/conversion.h"
#include "api/gen/metav1.h"
#include "api/scheme.h"
#include "codec/managed_fields.h"
#include "codec/reset_fields.h"

namespace xebec::apiserver {
namespace {

// The object in the request's version: itself where the version is the hub or looks the same, else a
// conversion.
Result<const api::Object*> in_version(const api::Object& object, const api::Message& type,
                                      api::Object& storage) {
  if (&object.type() == &type || api::same_shape(object.type(), type)) return &object;
  TRY(storage, api::convert(object, type));
  return &storage;
}

Result<void> update_entries(const api::Scheme& scheme, const api::Object* live, api::Object& object,
                            const WriteOptions& options, api::Time now) {
  const api::Message* type = scheme.find(options.request_kind);
  // Subresources of another kind (Scale) change the object through its own type.
  if (type == nullptr || type->object_meta_offset < 0 || options.request_kind.kind != object.gvk().kind)
    type = &object.type();
  api::Object zero, live_copy, new_copy;
  if (live == nullptr) {
    zero = api::Object(object.type());
    live = &zero;
  }
  TRY(const api::Object* before, in_version(*live, *type, live_copy));
  TRY(const api::Object* after, in_version(object, *type, new_copy));
  codec::FieldWrite write;
  write.manager = options.field_manager;
  write.api_version = options.request_kind.api_version();
  if (write.api_version.empty() || type == &object.type()) write.api_version = object.gvk().api_version();
  write.subresource = options.subresource;
  write.now = now;
  write.type = codec::MergeType::of(*type);
  const api::Resource* resource = scheme.resource(
      options.request_resource.group, options.request_resource.version, options.request_resource.resource);
  const codec::FieldSet ignored =
      codec::reset_fields(*type, resource && resource->subresource("status"), options.subresource);
  write.ignored = &ignored;
  const codec::FieldUpdate update{codec::View(*before), codec::View(*after), live == &zero,
                                  live->meta()->managedFields, object.meta()->managedFields};
  TRY(object.meta()->managedFields, codec::update_managed_fields(write, update));
  return {};
}

}  // namespace

void track_fields(const api::Scheme& scheme, const api::Object* live, api::Object& object,
                  const WriteOptions& options, api::Time now) {
  // Entries that do not tell what happened would be worse than none.
  if (!update_entries(scheme, live, object, options, now)) object.meta()->managedFields.clear();
}

void ignore_tracking_times(api::Object& object, const api::Object& old) {
  auto& entries = object.meta()->managedFields;
  const auto& before = old.meta()->managedFields;
  if (entries.empty() || !codec::same_but_time(entries, before)) return;
  std::vector<metav1::ManagedFieldsEntry> kept = std::exchange(entries, before);
  // Something else changed: then the new times are right.
  if (!(object == old)) entries = std::move(kept);
}

}  // namespace xebec::apiserver
