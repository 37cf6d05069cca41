// The messages of the *.channel.k8s.io WebSocket subprotocols: a channel number, then bytes. In base64
// variants text messages hold the number as a digit and the bytes in base64.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/websocket.h"

namespace xebec::kubelet {

inline constexpr uint8_t kStdinChannel = 0;
inline constexpr uint8_t kStdoutChannel = 1;
inline constexpr uint8_t kStderrChannel = 2;
inline constexpr uint8_t kErrorChannel = 3;
inline constexpr uint8_t kResizeChannel = 4;
// Version 5: the one byte of data is the channel that the client has ended.
inline constexpr uint8_t kCloseChannel = 255;

struct ChannelMessage {
  uint8_t channel = 0;
  std::string data;
};

http::websocket::Message encode_channel(uint8_t channel, std::string_view data, bool base64);
// BadRequest for a message without a channel.
Result<ChannelMessage> decode_channel(const http::websocket::Message& message, bool base64);

}  // namespace xebec::kubelet
