// Keeps metadata.managedFields on every write, in the version the request speaks.
#pragma once

#include "api/object.h"
#include "api/time.h"
#include "apiserver/registry/registry.h"
#include "codec/scale_fields.h"

namespace xebec::api {
class Scheme;
}

namespace xebec::apiserver {

// `live` is nullptr on create. Changes `object`'s managedFields only. An object whose fields cannot be told
// apart (a list's keys are missing, say) is left with none: such a write is validation's to refuse, as
// upstream (UpdateNoErrors).
void track_fields(const api::Scheme& scheme, const api::Object* live, api::Object& object,
                  const WriteOptions& options, api::Time now);
// In which versions the object can be scaled.
codec::HasReplicas replicas_versions(const api::Scheme& scheme, const api::Object& hub);
// Times alone do not make a difference: puts the old entries back when nothing else about them changed.
void ignore_tracking_times(api::Object& object, const api::Object& old);

}  // namespace xebec::apiserver
