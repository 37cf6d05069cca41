// The words of encoding/json's UnmarshalTypeError: a value that does not go where it belongs.
#pragma once

#include <string>
#include <string_view>

#include "codec/decode_frame.h"

namespace xebec::codec {

// What Go calls a JSON value other than null that begins with this byte: "object", "number", ...
std::string_view json_type_name(char first);

// The Go type of the place in `frame` (may be null), where a value of `kind` is wanted.
std::string go_type_at(const DecodeFrame* frame, api::Kind kind, const api::Message* message);

// `json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32`.
std::string unmarshal_type_error(std::string_view found, std::string_view type, const DecodeFrame* frame);

}  // namespace xebec::codec
