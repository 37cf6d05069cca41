// OpenAPI documents in gnostic's protobuf forms (gnostic-models openapiv2/OpenAPIv2.proto and
// openapiv3/OpenAPIv3.proto), which clients in Go ask for:
// application/com.github.proto-openapi.spec.v2@v1.0+protobuf and
// application/com.github.proto-openapi.spec.v3.v1.0+protobuf.
#pragma once

#include <string>

#include "codec/value.h"

namespace xebec::apiserver {

// `document` is a swagger 2.0 document of the kind openapi.cc makes; members it does not use are not looked
// for.
std::string encode_gnostic_v2(const codec::Value& document);
// The same of an OpenAPI 3.0 document.
std::string encode_gnostic_v3(const codec::Value& document);

}  // namespace xebec::apiserver
