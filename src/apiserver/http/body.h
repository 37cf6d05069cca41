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
  // What other kinds there are, and what the kind is stored as; nullptr: every other kind is another one.
  const api::Scheme* scheme = nullptr;
  const api::Resource* resource = nullptr;
};

// Decoded and defaulted, in the version of the request. Strict errors become warnings (Strictness::Warn) or a
// refusal.
Result<api::Object> decode_body(const http::Request& request, const Expected& expected,
                                codec::Strictness strictness, std::vector<std::string>& warnings);

// What upstream's scheme says of kinds that have nothing to do with each other.
std::string unknown_conversion(const api::GroupVersionKind& from, const api::GroupVersionKind& to);

// What it says of those that it does not know.
std::string unknown_kind(const api::GroupVersionKind& kind);
// Whether that kind is another version of the resource's.
bool is_other_version(const api::Scheme& scheme, const api::Resource& resource,
                      const api::GroupVersionKind& kind);

// Every group version has the kind; any of them is taken.
Result<metav1::DeleteOptions> decode_delete_options(const http::Request& request);

// What is wrong with a body that is taken all the same, as warnings: of YAML's errors one a line.
void add_strict_warnings(const std::vector<std::string>& errors, std::vector<std::string>& warnings);

}  // namespace xebec::apiserver
