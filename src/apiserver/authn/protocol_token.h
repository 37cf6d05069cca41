// A bearer token in a WebSocket's subprotocols, for browsers, which cannot send an Authorization header
// (k8s.io/apiserver/pkg/authentication/request/websocket).
#pragma once

#include <string>

#include "base/result.h"
#include "http/message.h"

namespace xebec::apiserver {

// Empty: there is none, or the request is for no WebSocket. 401 when it is not as it must be.
Result<std::string> protocol_token(const http::Request& request);
// Leaves the other subprotocols, which whoever answers is to choose from.
void drop_protocol_token(http::Headers& headers);

}  // namespace xebec::apiserver
