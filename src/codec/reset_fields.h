// The fields that a write does not reach: nobody owns them by it (the reset fields of upstream's strategies).
#pragma once

#include <string_view>

#include "api/descriptor.h"
#include "codec/fields_v1.h"

namespace xebec::codec {

// Of an object that has a status subresource: the status in writes to the object itself, and all but metadata
// and status in writes to the status. Empty for anything else.
FieldSet reset_fields(const api::Message& type, bool has_status, std::string_view subresource);

}  // namespace xebec::codec
