// An OpenAPI v2 document in gnostic's protobuf form (gnostic-models openapiv2/OpenAPIv2.proto), which older
// kubectl versions ask for: application/com.github.proto-openapi.spec.v2@v1.0+protobuf.
#pragma once

#include <string>

#include "codec/value.h"

namespace xebec::apiserver {

// `document` is a swagger 2.0 document of the kind openapi.cc makes; members it does not use are not looked
// for.
std::string encode_gnostic_v2(const codec::Value& document);

}  // namespace xebec::apiserver
