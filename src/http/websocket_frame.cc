#include "http/websocket_frame.h"

#include <cstring>

#include "http/websocket.h"

namespace xebec::http::websocket {
namespace {

void apply_mask(char* data, size_t size, uint32_t mask) {
  char key[4];
  std::memcpy(key, &mask, 4);
  for (size_t i = 0; i < size; ++i) data[i] = static_cast<char>(data[i] ^ key[i & 3]);
}

// Strict UTF-8: no surrogates, nothing overlong, nothing above U+10FFFF.
bool valid_utf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    unsigned char first = static_cast<unsigned char>(text[i]);
    size_t more = first < 0x80                    ? 0
                  : first >= 0xc2 && first < 0xe0 ? 1
                  : first >= 0xe0 && first < 0xf0 ? 2
                  : first >= 0xf0 && first < 0xf5 ? 3
                                                  : 4;
    if (more == 4 || i + more >= text.size() + (more == 0 ? 1 : 0)) return false;
    uint32_t code = more == 0 ? first : first & (0x3fU >> more);
    for (size_t j = 1; j <= more; ++j) {
      unsigned char next = static_cast<unsigned char>(text[i + j]);
      if ((next & 0xc0) != 0x80) return false;
      code = code << 6 | (next & 0x3f);
    }
    bool overlong = (more == 2 && code < 0x800) || (more == 3 && code < 0x10000);
    if (overlong || (code >= 0xd800 && code < 0xe000) || code > 0x10ffff) return false;
    i += more + 1;
  }
  return true;
}

bool is_control(Opcode opcode) { return static_cast<uint8_t>(opcode) >= 8; }

bool valid_close_code(uint16_t code) {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

}  // namespace

std::string encode_frame(Opcode opcode, std::string_view payload, std::optional<uint32_t> mask) {
  std::string out;
  out.reserve(payload.size() + 14);
  out += static_cast<char>(0x80 | static_cast<uint8_t>(opcode));
  char masked = mask ? static_cast<char>(0x80) : '\0';
  if (payload.size() < 126) {
    out += static_cast<char>(masked | static_cast<char>(payload.size()));
  } else if (payload.size() <= 0xffff) {
    out += static_cast<char>(masked | 126);
    for (int shift = 8; shift >= 0; shift -= 8) out += static_cast<char>(payload.size() >> shift);
  } else {
    out += static_cast<char>(masked | 127);
    for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(payload.size() >> shift);
  }
  if (mask) out.append(reinterpret_cast<const char*>(&*mask), 4);
  size_t start = out.size();
  out += payload;
  if (mask) apply_mask(out.data() + start, payload.size(), *mask);
  return out;
}

Event Decoder::error(uint16_t code, std::string_view why) {
  ended_ = true;
  Event event;
  event.what = Event::kError;
  event.code = code;
  event.data = why;
  return event;
}

bool Decoder::read_head(Head& head, std::optional<Event>& failed) const {
  if (bytes_.size() < 2) return false;
  auto byte = [&](size_t i) { return static_cast<unsigned char>(bytes_[i]); };
  auto bad = [&](std::string_view why) {
    Event event;
    event.what = Event::kError;
    event.code = kProtocolError;
    event.data = why;
    failed = std::move(event);
    return true;
  };
  head.final = (byte(0) & 0x80) != 0;
  uint8_t opcode = byte(0) & 0x0f;
  head.opcode = static_cast<Opcode>(opcode);
  if ((byte(0) & 0x70) != 0) return bad("reserved bits set");
  if ((opcode > 2 && opcode < 8) || opcode > 10) return bad("unknown opcode");
  bool masked = (byte(1) & 0x80) != 0;
  if (masked != peer_masks_)
    return bad(masked ? "a masked frame from a server" : "an unmasked frame from a client");
  head.length = byte(1) & 0x7f;
  head.size = 2;
  if (is_control(head.opcode) && (head.length > 125 || !head.final))
    return bad("a control frame is too long or split");
  size_t extra = head.length == 126 ? 2 : head.length == 127 ? 8 : 0;
  if (bytes_.size() < 2 + extra + (masked ? 4 : 0)) return false;
  if (extra > 0) {
    head.length = 0;
    for (size_t i = 0; i < extra; ++i) head.length = head.length << 8 | byte(2 + i);
    head.size += extra;
  }
  if (masked) {
    std::memcpy(&head.mask, bytes_.data() + head.size, 4);
    head.size += 4;
  }
  return true;
}

Event Decoder::next() {
  for (;;) {
    if (ended_) return {};
    Head head;
    std::optional<Event> failed;
    if (!read_head(head, failed)) return {};
    if (failed) {
      ended_ = true;
      return std::move(*failed);
    }
    if (!is_control(head.opcode)) {
      if ((head.opcode == Opcode::kContinuation) != open_.has_value()) {
        return error(kProtocolError, "fragments out of order");
      }
      if (head.length > max_message_ || message_.size() + head.length > max_message_) {
        return error(kMessageTooBig, "message too big");
      }
    }
    if (bytes_.size() - head.size < head.length) return {};
    std::string payload = bytes_.substr(head.size, head.length);
    bytes_.erase(0, head.size + head.length);
    if (peer_masks_) apply_mask(payload.data(), payload.size(), head.mask);
    if (is_control(head.opcode)) return control(head.opcode, std::move(payload));
    if (!open_) open_ = head.opcode;
    message_ += payload;
    if (!head.final) continue;
    Event event;
    event.what = Event::kMessage;
    event.opcode = *open_;
    event.data = std::exchange(message_, {});
    open_.reset();
    if (event.opcode == Opcode::kText && !valid_utf8(event.data))
      return error(kInvalidData, "text is not UTF-8");
    return event;
  }
}

Event Decoder::control(Opcode opcode, std::string payload) {
  Event event;
  event.what = opcode == Opcode::kPing   ? Event::kPing
               : opcode == Opcode::kPong ? Event::kPong
                                         : Event::kClose;
  if (opcode != Opcode::kClose) {
    event.data = std::move(payload);
    return event;
  }
  event.code = kNoStatus;
  if (payload.size() == 1) return error(kProtocolError, "a close frame of one byte");
  if (payload.size() >= 2) {
    event.code = static_cast<uint16_t>(static_cast<unsigned char>(payload[0]) << 8 |
                                       static_cast<unsigned char>(payload[1]));
    event.data = payload.substr(2);
    if (!valid_close_code(event.code) || !valid_utf8(event.data))
      return error(kProtocolError, "a bad close frame");
  }
  ended_ = true;
  return event;
}

}  // namespace xebec::http::websocket
