// The words of runtime.FromUnstructured: how a tree that does not fit is told to whoever sent a strategic
// merge patch.
#pragma once

#include <string>

#include "api/descriptor.h"
#include "codec/value.h"

namespace xebec::codec {

// The first thing in the tree that does not go into the type, in the order of its fields; `otherwise` when it
// is in a value that reads its own JSON.
std::string unstructured_error(const api::Message& type, const Value& tree, const std::string& otherwise);

}  // namespace xebec::codec
