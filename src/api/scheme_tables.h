// The generated tables behind Scheme. Internal to src/api.
#pragma once

#include <span>

#include "api/lifecycle.h"
#include "api/scheme.h"

namespace xebec::api::tables {

std::span<const Message* const> messages();
std::span<const Resource> resources();
std::span<const ApiGroup> groups();
std::span<const Lifecycle> lifecycles();

}  // namespace xebec::api::tables
