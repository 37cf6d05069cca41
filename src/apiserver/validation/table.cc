// The types that have validation beyond their metadata: one line each.
#include "apiserver/validation/validation.h"

namespace xebec::apiserver::validation {

std::span<const Validator> validators() { return {}; }

}  // namespace xebec::apiserver::validation
