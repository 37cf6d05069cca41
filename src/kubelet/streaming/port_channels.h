// Port forwarding between a client that speaks WebSocket channels and a runtime that speaks SPDY
// (k8s.io/kubelet/pkg/cri/streaming/portforward/websocket.go): port i of the request has channel 2i for its
// data and 2i+1 for what went wrong. Both begin with the port's number in two bytes, low byte first. Client
// libraries (Python, JavaScript) speak it; kubectl does not.
#pragma once

#include <cstdint>
#include <vector>

#include "base/cancel.h"
#include "base/task.h"
#include "http/spdy.h"
#include "http/websocket.h"

namespace xebec::kubelet {

// As many as there are channels for.
inline constexpr size_t kMostForwardedPorts = 127;

struct PortChannels {
  std::vector<int32_t> ports;  // in the order of the channels, kMostForwardedPorts at most
  bool base64 = false;
};

// Runs the session, from the opening of its streams until every port's connection is over (the client then
// gets a normal close), the client leaves or `cancel` is cancelled. Both are closed at the end. On the
// current executor. What a client sends on one channel waits for its reader, and what comes after it on
// others, too.
Task<void> translate_ports(http::websocket::Socket& client, http::spdy::Session& runtime,
                           PortChannels channels, CancelToken cancel);

}  // namespace xebec::kubelet
