// The fields that a write does not reach: nobody owns them by it (GetResetFields and GetResetFieldsFilter of
// upstream's strategies).
#pragma once

#include <string_view>

#include "api/scheme.h"
#include "codec/field_filter.h"

namespace xebec::apiserver {

// What of a write to the resource, or to a subresource of it, counts. Versions that went before upstream knew
// this are like the ones that came after them.
codec::FieldFilter reset_fields(const api::Resource& resource, std::string_view subresource);

}  // namespace xebec::apiserver
