// What kinds and fields are for, in a sentence or two, as OpenAPI and `kubectl explain` show it. Written in
// api/**/descriptions.txt. The texts live as long as the program; empty when there is none.
#pragma once

#include <string_view>

#include "api/descriptor.h"

namespace xebec::api {

// By protobuf full name; also of the scalars that have no Message
// ("k8s.io.apimachinery.pkg.api.resource.Quantity").
std::string_view description(std::string_view full_name);
std::string_view description(const Message& type);
// `field` is one of type.fields.
std::string_view description(const Message& type, const Field& field);

}  // namespace xebec::api
