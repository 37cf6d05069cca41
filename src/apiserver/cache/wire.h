// A reader of protobuf's wire form that looks at single fields without decoding messages. Views point into
// the input.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace xebec::apiserver::wire {

struct Field {
  uint32_t number = 0;
  uint32_t wire_type = 0;
  uint64_t varint = 0;     // wire types 0, 1 and 5
  std::string_view bytes;  // wire type 2
  size_t offset = 0;       // of the field's tag in the message
  size_t end = 0;          // after the field
};

class Reader {
 public:
  explicit Reader(std::string_view message) : message_(message) {}
  // False at the end, and when the bytes are malformed (ok() tells).
  bool next(Field& field) {
    if (position_ >= message_.size()) return false;
    field.offset = position_;
    uint64_t tag = 0;
    if (!varint(tag) || tag >> 3 == 0) return bad();
    field.number = static_cast<uint32_t>(tag >> 3);
    field.wire_type = tag & 7;
    switch (field.wire_type) {
      case 0:
        if (!varint(field.varint)) return bad();
        break;
      case 1:
      case 5:
        if (!fixed(field.wire_type == 1 ? 8 : 4, field.varint)) return bad();
        break;
      case 2: {
        uint64_t size = 0;
        if (!varint(size) || size > message_.size() - position_) return bad();
        field.bytes = message_.substr(position_, size);
        position_ += size;
        break;
      }
      default:
        return bad();
    }
    field.end = position_;
    return true;
  }
  bool ok() const { return ok_; }

 private:
  bool bad() {
    ok_ = false;
    position_ = message_.size();
    return false;
  }
  bool varint(uint64_t& value) {
    value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (position_ >= message_.size()) return false;
      const auto byte = static_cast<unsigned char>(message_[position_++]);
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }
  bool fixed(size_t size, uint64_t& value) {
    if (size > message_.size() - position_) return false;
    value = 0;
    for (size_t i = 0; i < size; ++i)
      value |= static_cast<uint64_t>(static_cast<unsigned char>(message_[position_ + i])) << (8 * i);
    position_ += size;
    return true;
  }

  std::string_view message_;
  size_t position_ = 0;
  bool ok_ = true;
};

inline void put_varint(std::string& out, uint64_t value) {
  while (value >= 0x80) {
    out += static_cast<char>(value | 0x80);
    value >>= 7;
  }
  out += static_cast<char>(value);
}

inline size_t varint_size(uint64_t value) {
  size_t size = 1;
  while (value >= 0x80) {
    value >>= 7;
    ++size;
  }
  return size;
}

inline void put_bytes(std::string& out, uint32_t number, std::string_view bytes) {
  put_varint(out, number << 3 | 2);
  put_varint(out, bytes.size());
  out += bytes;
}

}  // namespace xebec::apiserver::wire
