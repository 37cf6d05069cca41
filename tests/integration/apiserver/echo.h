// What stands behind the API server's upgraded connections: gives back what it is sent, in capitals.
#pragma once

#include "http/message.h"

namespace xebec::integration {

// The answer to a request for an upgrade, to whatever protocol is asked for.
http::Response echoing(const http::Request& request);

}  // namespace xebec::integration
