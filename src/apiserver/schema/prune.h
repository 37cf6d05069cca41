// Unknown fields (k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning).
#pragma once

#include "apiserver/schema/validate.h"

namespace xebec::apiserver::schema {

// Drops what the schema does not name. `resource`: the value is a whole object, whose apiVersion, kind and
// metadata stay.
void prune(codec::Value& value, const Schema& schema, bool resource);

}  // namespace xebec::apiserver::schema
