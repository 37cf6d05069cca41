// What happens on a client's connection after the 101, for each carrier. Each owns the runtime's connection
// and closes it with its own end.
#pragma once

#include <memory>

#include "base/clock.h"
#include "http/message.h"
#include "kubelet/streaming/channel_translator.h"
#include "kubelet/streaming/protocol.h"

namespace xebec::kubelet {

// The 101 answer to `request`. `options` matter for Carrier::kChannels only; `rng` outlives the answer.
Result<http::Response> join_streams(const http::Request& request, const Protocol& protocol,
                                    std::unique_ptr<http::ByteStream> runtime, StreamOptions options,
                                    Rng& rng);

// The same for port forwarding over Carrier::kChannels.
Result<http::Response> join_ports(const http::Request& request, const Protocol& protocol,
                                  std::unique_ptr<http::ByteStream> runtime, std::vector<int32_t> ports,
                                  Rng& rng);

}  // namespace xebec::kubelet
