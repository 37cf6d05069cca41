// What every object has, in values that are objects or have some in them
// (k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta).
#pragma once

#include <optional>

#include "apiserver/schema/validate.h"

namespace xebec::apiserver::schema {

// Brings the metadata of objects into the form in which they are served; what is wrong when they cannot be
// read. `resource`: the value itself is an object.
std::optional<field::Error> coerce_embedded(const field::Path& path, codec::Value& value,
                                            const Schema& schema, bool resource);
field::Errors validate_embedded(const field::Path& path, const codec::Value& value, const Schema& schema,
                                bool resource);

}  // namespace xebec::apiserver::schema
