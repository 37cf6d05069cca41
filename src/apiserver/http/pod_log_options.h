// What may be asked of pods/log (k8s.io/kubernetes ValidatePodLogOptions).
#pragma once

#include <string>

#include "base/result.h"
#include "http/message.h"

namespace xebec::apiserver {

// 400 for what cannot be read, 422 for what makes no sense.
Result<void> check_log_options(const http::Request& request, const std::string& pod);

}  // namespace xebec::apiserver
