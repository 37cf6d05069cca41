#include "apiserver/registry/field_tracking.h"

#include "api/conversion.h"
#include "api/gen/autoscalingv1.h"
#include "api/gen/metav1.h"
#include "api/scheme.h"
#include "apiserver/registry/reset_fields.h"
#include "codec/managed_fields.h"
#include "codec/scale_fields.h"

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
  // Other subresources of another kind change the object through its own type.
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
  codec::FieldFilter filter;
  if (resource != nullptr) filter = reset_fields(*resource, options.subresource);
  write.filter = &filter;
  const codec::FieldUpdate update{codec::View(*before), codec::View(*after), live == &zero,
                                  live->meta()->managedFields, object.meta()->managedFields};
  TRY(object.meta()->managedFields, codec::update_managed_fields(write, update));
  return {};
}

// Of a Scale this alone is the object's.
codec::Value replicas_of(const api::Object& object) {
  const codec::View replicas = codec::View(object).member("spec").member("replicas");
  codec::Value scale;
  scale.set_path({"spec", "replicas"}, replicas.present() ? codec::to_value(replicas) : codec::Value(0));
  return scale;
}

Result<void> update_scale_entries(const api::Scheme& scheme, const api::Object& live, api::Object& object,
                                  const WriteOptions& options, api::Time now) {
  const codec::HasReplicas has_replicas = replicas_versions(scheme, object);
  const codec::ManagedFieldsList& entries = live.meta()->managedFields;
  TRY(const codec::ManagedFieldsList owners, codec::scale_entries(entries, has_replicas));
  codec::FieldWrite write;
  write.manager = options.field_manager;
  write.api_version = codec::kScaleVersion;
  write.subresource = options.subresource;
  write.now = now;
  write.type = codec::MergeType::of(api::type_of<autoscalingv1::Scale>());
  const codec::Value before = replicas_of(live), after = replicas_of(object);
  const codec::FieldUpdate update{codec::View(before), codec::View(after), false, owners, owners};
  TRY(const codec::ManagedFieldsList written, codec::update_managed_fields(write, update));
  const api::GroupVersion version{options.request_resource.group, options.request_resource.version};
  TRY(object.meta()->managedFields,
      codec::scaled_entries(entries, written, version.api_version(), has_replicas));
  return {};
}

}  // namespace

codec::HasReplicas replicas_versions(const api::Scheme& scheme, const api::Object& hub) {
  return [&scheme, kind = hub.gvk().kind](std::string_view api_version) {
    return scheme.find(api::GroupVersionKind::from(api_version, kind)) != nullptr;
  };
}

void track_fields(const api::Scheme& scheme, const api::Object* live, api::Object& object,
                  const WriteOptions& options, api::Time now) {
  // Entries that do not tell what happened would be worse than none.
  const bool scale = live != nullptr && options.request_kind.kind == "Scale";
  const Result<void> tracked = scale ? update_scale_entries(scheme, *live, object, options, now)
                                     : update_entries(scheme, live, object, options, now);
  if (!tracked) object.meta()->managedFields.clear();
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
