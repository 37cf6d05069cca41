// An error of the kubelet's own, whose message is shown as it is (in events and waiting states).
#pragma once

#include <string>

#include "base/status.h"

namespace xebec::kubelet {

inline Status problem(std::string message) { return Status(500, reason::kInternalError, std::move(message)); }

}  // namespace xebec::kubelet
