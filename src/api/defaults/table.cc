// The types that have defaults: one line each.
#include "api/defaults.h"

namespace xebec::api {

std::span<const DefaultsEntry> defaults_table() { return {}; }

}  // namespace xebec::api
