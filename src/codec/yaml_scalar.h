// What a plain YAML scalar means (go-yaml v2's resolve). Shared by the reader and the writer, which quotes
// strings that would mean something else.
#pragma once

#include <string_view>

#include "codec/value.h"

namespace xebec::codec {

// A timestamp is a string here, as go-yaml gives it to interface{}.
Value resolve_yaml_scalar(std::string_view text);
// 2001-12-14, 2001-12-14T21:59:43.10-05:00 and the forms between: go-yaml writes such strings quoted.
bool is_yaml_timestamp(std::string_view text);
// 1:30 and the like, which YAML 1.1 reads as sexagesimal.
bool is_base60_float(std::string_view text);

}  // namespace xebec::codec
