#include "kubelet/streaming/channels.h"

#include "security/pki/digest.h"

namespace xebec::kubelet {

namespace websocket = http::websocket;

websocket::Message encode_channel(uint8_t channel, std::string_view data, bool base64) {
  websocket::Message message;
  message.kind = base64 ? websocket::Kind::kText : websocket::Kind::kBinary;
  message.data.reserve(data.size() + 1);
  message.data += static_cast<char>(base64 ? '0' + channel : channel);
  if (base64) {
    message.data += pki::base64(data);
  } else {
    message.data += data;
  }
  return message;
}

Result<ChannelMessage> decode_channel(const websocket::Message& message, bool base64) {
  if (message.data.empty()) return fail(errors::bad_request("websocket: a message without a channel"));
  ChannelMessage out;
  out.channel = static_cast<uint8_t>(message.data[0]);
  std::string_view rest = std::string_view(message.data).substr(1);
  if (!base64) {
    out.data = rest;
    return out;
  }
  out.channel = static_cast<uint8_t>(out.channel - '0');
  TRY(out.data, pki::base64_decode(rest));
  return out;
}

}  // namespace xebec::kubelet
