// What a plain YAML scalar means (go-yaml v2's resolve). Shared by the reader and the writer, which quotes
// strings that would mean something else.
#pragma once

#include <string>
#include <string_view>

#include "codec/value.h"

namespace xebec::codec {

// A timestamp is a string here, as go-yaml gives it to interface{}.
Value resolve_yaml_scalar(std::string_view text);
// 2001-12-14, 2001-12-14T21:59:43.10-05:00 and the forms between: go-yaml writes such strings quoted.
bool is_yaml_timestamp(std::string_view text);
// 1:30 and the like, which YAML 1.1 reads as sexagesimal.
bool is_base60_float(std::string_view text);
// The text of a single-quoted scalar, from what stands between its quotes: '' is a quote, and lines are
// folded.
std::string unquote_single(std::string_view raw);
// As encoding/json writes a string: every byte that is no UTF-8 becomes U+FFFD.
std::string to_valid_utf8(std::string_view bytes);

}  // namespace xebec::codec
