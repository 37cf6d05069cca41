// A WebSocket client of tests, that keeps what it gets on each channel.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "kubelet/streaming/channels.h"

namespace xebec::kubelet::testing {

struct Seen {
  std::map<int, std::string> channels;
  uint16_t close_code = 0;
};

inline Task<void> receive(http::websocket::Socket& socket, bool base64, Seen* seen) {
  for (;;) {
    auto message = co_await socket.receive();
    if (!message || !*message) break;
    Result<ChannelMessage> decoded = decode_channel(**message, base64);
    EXPECT_TRUE(decoded);
    if (decoded) seen->channels[decoded->channel] += decoded->data;
  }
  seen->close_code = socket.close_code();
}

}  // namespace xebec::kubelet::testing
