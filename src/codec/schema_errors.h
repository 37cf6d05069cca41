// What is wrong with an object before anybody may own its fields: members nobody declares, values of the
// wrong kind, elements of lists that cannot be told apart (structured-merge-diff's validation of typed
// values).
#pragma once

#include <string>

#include "codec/merge_type.h"
#include "codec/value.h"

namespace xebec::codec {

// As upstream words it: `.spec.x: field not declared in schema`, several under `errors:`; empty: nothing.
std::string schema_errors(const MergeType& type, const Value& object);

}  // namespace xebec::codec
