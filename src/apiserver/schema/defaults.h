// The defaults that a structural schema gives
// (k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting).
#pragma once

#include "apiserver/schema/validate.h"

namespace xebec::apiserver::schema {

// They must be valid by the schema that they stand in. `pruned`: and have no fields that it does not know.
// The schema is that of a resource.
field::Errors check_defaults(const field::Path& path, const Schema& schema, bool pruned);
// Whether a default has fields that its schema does not know.
bool has_unpruned_defaults(const Schema& schema);

}  // namespace xebec::apiserver::schema
