// Who the API server is to itself, where it writes objects of its own accord: bootstrap, repairs.
#pragma once

#include "base/context.h"

namespace xebec::apiserver {

// system:apiserver, of system:masters.
Context own_context();

}  // namespace xebec::apiserver
