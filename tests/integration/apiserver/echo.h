// What stands behind the API server's upgraded connections: gives back what it is sent, in capitals.
#pragma once

#include <string>

#include "http/client.h"
#include "http/message.h"

namespace xebec::integration {

// The answer to a request for an upgrade, to whatever protocol is asked for.
http::Response echoing(const http::Request& request);

// Asks for an upgrade by `request`, says "hello", and gives back the answer of five bytes.
Task<Result<std::string>> hear_echo(http::Client* client, http::Request request);

}  // namespace xebec::integration
