// How Go names the types of fields, for error texts ("... of type []v1.Container").
#pragma once

#include <string>

#include "api/descriptor.h"

namespace xebec::codec {

// A plain kind: "int32", "[]uint8", "resource.Quantity".
std::string go_type(api::Kind kind);
// A message: "v1.PodSpec".
std::string go_type(const api::Message& message);
// One element of `field` (which may be null) of `owner` (likewise); named string types get their package.
std::string go_element_type(const api::Message* owner, const api::Field* field, api::Kind kind,
                            const api::Message* message);
// The whole list or map: "[]v1.Container", "map[string]string".
std::string go_container_type(const api::Message& owner, const api::Field& field);

}  // namespace xebec::codec
