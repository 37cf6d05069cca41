// The body of /containerLogs: a log file from its tail on, and what is added to it while the container runs
// (k8s.io/cri-client/pkg/logs).
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/cancel.h"
#include "http/message.h"
#include "kubelet/server/logs/log_options.h"

namespace xebec::kubelet {

// Whether the container still runs, and so may write more.
using StillRunning = std::function<Task<bool>()>;

// Opens the file at once, so that its absence is an error of the request. `still_running` is asked when
// following.
Result<std::unique_ptr<http::BodyStream>> open_log(const std::string& path, const LogOptions& options,
                                                   StillRunning still_running, CancelToken cancel);

}  // namespace xebec::kubelet
