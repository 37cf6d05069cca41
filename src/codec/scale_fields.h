// managedFields between an object and its Scale (ScaleHandler of apimachinery's managedfields): writes to the
// subresource are tracked as those of a Scale, and what they come to is translated back.
#pragma once

#include <functional>
#include <string_view>

#include "base/result.h"
#include "codec/managed_fields.h"

namespace xebec::codec {

// In which version owners of a Scale are named, whatever version it is sent in.
inline constexpr std::string_view kScaleVersion = "autoscaling/v1";

// Whether the object has spec.replicas in an API version.
using HasReplicas = std::function<bool(std::string_view api_version)>;

// Who owns the replicas, as owners of the Scale's.
Result<ManagedFieldsList> scale_entries(const ManagedFieldsList& scaled, const HasReplicas& has_replicas);

// The object's entries after a write to its Scale, through the object's `api_version`. Entries of versions
// nobody knows go. Who owns the replicas by an update is listed anew, without a time: upstream keeps it for
// appliers only.
Result<ManagedFieldsList> scaled_entries(const ManagedFieldsList& scaled, const ManagedFieldsList& scale,
                                         std::string_view api_version, const HasReplicas& has_replicas);

}  // namespace xebec::codec
