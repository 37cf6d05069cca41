// WebSocket frames (RFC 6455, 5) without I/O.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace xebec::http::websocket {

enum class Opcode : uint8_t { kContinuation = 0, kText = 1, kBinary = 2, kClose = 8, kPing = 9, kPong = 10 };

// A whole message or control frame; masked by clients.
std::string encode_frame(Opcode opcode, std::string_view payload, std::optional<uint32_t> mask);

struct Event {
  enum What { kMore, kMessage, kPing, kPong, kClose, kError };
  What what = kMore;  // kMore: nothing until more bytes are fed
  Opcode opcode = Opcode::kBinary;
  std::string data;   // payload; a close's or error's text
  uint16_t code = 0;  // of a close or an error
};

// Puts messages together from bytes. After a close or an error nothing more is read.
class Decoder {
 public:
  // A server's peer masks, a client's does not; anything else is an error.
  Decoder(bool peer_masks, size_t max_message) : peer_masks_(peer_masks), max_message_(max_message) {}

  void feed(std::string_view bytes) { bytes_ += bytes; }
  Event next();

 private:
  struct Head {
    bool final = false;
    Opcode opcode = Opcode::kContinuation;
    size_t size = 0;  // of the head
    uint64_t length = 0;
    uint32_t mask = 0;  // in wire order
  };
  // False when more bytes are needed; an error goes to `error`.
  bool read_head(Head& head, std::optional<Event>& error) const;
  Event control(Opcode opcode, std::string payload);
  Event error(uint16_t code, std::string_view why);

  const bool peer_masks_;
  const size_t max_message_;
  std::string bytes_;
  std::string message_;
  std::optional<Opcode> open_;  // of the message whose fragments are coming
  bool ended_ = false;
};

}  // namespace xebec::http::websocket
