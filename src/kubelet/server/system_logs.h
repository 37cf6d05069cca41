// /logs/: the node's own log files, as a file server shows them: folders as lists of links, files as they
// are.
#pragma once

#include <string>

#include "base/result.h"
#include "http/message.h"

namespace xebec::kubelet {

// `path` is below `root`, without a leading slash, already decoded. Never leaves the root.
Result<http::Response> serve_system_log(const std::string& root, const std::string& path);

}  // namespace xebec::kubelet
