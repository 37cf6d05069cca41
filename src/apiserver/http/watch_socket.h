// A watch over a WebSocket: every event is one message, text for JSON and binary for the rest. What the
// client sends is ignored until it closes (HandleWS of k8s.io/apiserver/pkg/endpoints/handlers/watch.go, over
// golang.org/x/net/websocket, whose rules for the handshake are kept: an Origin, at most one subprotocol).
#pragma once

#include <memory>

#include "apiserver/http/negotiate.h"
#include "base/cancel.h"
#include "base/clock.h"
#include "http/message.h"

namespace xebec::apiserver {

struct WatchSocket {
  std::unique_ptr<http::BodyStream> frames;  // one piece an event, as it goes over plain HTTP
  MediaType media = MediaType::kJson;
  // Cancelled when the client is gone: whatever makes the frames ends with it.
  std::shared_ptr<CancelSource> stop;
  // A client that takes nothing for so long is cut off.
  Duration stalled_timeout = std::chrono::seconds(60);
};

// The answer to a handshake: 101, or the refusal. `rng` outlives the connection.
http::Response watch_over_websocket(const http::Request& request, WatchSocket watch, Rng& rng);

}  // namespace xebec::apiserver
