#include "api/lifecycle.h"

#include <algorithm>

#include "api/scheme_tables.h"

namespace xebec::api {

const Lifecycle* lifecycle_of(const TypeName& kind) {
  const std::span<const Lifecycle> all = tables::lifecycles();
  const auto it = std::ranges::find_if(all, [&](const Lifecycle& life) {
    return life.kind.group == kind.group && life.kind.version == kind.version && life.kind.kind == kind.kind;
  });
  return it == all.end() ? nullptr : &*it;
}

}  // namespace xebec::api
