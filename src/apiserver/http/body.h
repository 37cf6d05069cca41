// Bodies of requests: from JSON, YAML, protobuf or CBOR to an object in the version of the request, with
// upstream's errors for what does not belong there, and unknown fields reported as asked for (KEP-2885).
#pragma once

#include <string>
#include <vector>

#include "api/gen/metav1.h"
#include "api/object.h"
#include "api/scheme.h"
#include "codec/json.h"
#include "http/message.h"

namespace xebec::apiserver {

// What a body must hold.
struct Expected {
  const api::Message* type;
  api::GroupVersionKind kind;
  // Another version of the kind that is taken as it stands, since its fields are the same.
  std::string also_version{};
};

// Decoded and defaulted, in the version of the request. Strict errors become warnings (Strictness::Warn) or a
// refusal.
Result<api::Object> decode_body(const http::Request& request, const Expected& expected,
                                codec::Strictness strictness, std::vector<std::string>& warnings);

// What upstream's scheme says of kinds that have nothing to do with each other.
std::string unknown_conversion(const api::GroupVersionKind& from, const api::GroupVersionKind& to);

// Every group version has the kind; any of them is taken.
Result<metav1::DeleteOptions> decode_delete_options(const http::Request& request);

}  // namespace xebec::apiserver
