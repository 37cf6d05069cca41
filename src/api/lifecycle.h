// Which releases deprecate and drop a kind, and what should be used instead: upstream's prerelease-lifecycle
// tags, mistakes included. From api/resources.textproto.
#pragma once

#include <string_view>

#include "api/descriptor.h"

namespace xebec::api {

struct Lifecycle {
  TypeName kind;                               // of a resource, or of a subresource (apps/v1beta1 Scale)
  std::string_view deprecated_in, removed_in;  // "1.21"; the latter may be empty
  TypeName replacement;                        // empty kind: none is named
};

// nullptr when upstream says nothing of the kind.
const Lifecycle* lifecycle_of(const TypeName& kind);

}  // namespace xebec::api
