// The protocols that clients of exec, attach and port forwarding speak, and what is spoken to the runtime for
// each. The runtime (containerd) speaks SPDY/3.1; WebSocket clients are translated (KEP-4006;
// k8s.io/apimachinery/pkg/util/httpstream and remotecommand's constants).
#pragma once

#include <string>

#include "base/result.h"
#include "http/message.h"

namespace xebec::kubelet {

enum class Carrier {
  kSpdy,      // SPDY both ways: bytes are passed on as they are
  kChannels,  // WebSocket messages with a channel number each
  kTunnel,    // SPDY inside WebSocket messages
};

struct Protocol {
  Carrier carrier = Carrier::kSpdy;
  std::string client;   // as it is named to the client; may be empty for clients that name none
  std::string runtime;  // X-Stream-Protocol-Version for the runtime; may be empty likewise
  bool base64 = false;  // kChannels: text messages in base64

  // The error channel holds a Status, success included.
  bool has_status() const;
};

// BadRequest for a request that is no upgrade, Forbidden when no protocol is common to both.
Result<Protocol> negotiate_remote_command(const http::Request& request);
Result<Protocol> negotiate_port_forward(const http::Request& request);

}  // namespace xebec::kubelet
