// A connection to the runtime's streaming server, upgraded to SPDY/3.1.
#pragma once

#include <memory>
#include <string>

#include "base/context.h"
#include "base/result.h"
#include "base/task.h"
#include "http/message.h"

namespace xebec::http {
class IoPool;
}

namespace xebec::kubelet {

// `url` is what Exec, Attach or PortForward of the CRI gave. An empty protocol is not named.
Task<Result<std::unique_ptr<http::ByteStream>>> connect_runtime(http::IoPool& pool, Context context,
                                                                std::string url, std::string protocol);

}  // namespace xebec::kubelet
