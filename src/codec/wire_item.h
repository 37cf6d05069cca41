// Protobuf's fields as they stand in the bytes, without a copy: the fast way of those who know that most
// input is canonical, and decode the rest by decode_protobuf.
#pragma once

#include <cstdint>
#include <string_view>

namespace xebec::codec {

// The content of one field.
struct WireItem {
  std::string_view content;
  uint64_t number = 0;
};

inline bool read_varint(const char*& p, const char* end, uint64_t& out) {
  if (p != end && !(*p & 0x80)) {
    out = static_cast<uint8_t>(*p++);
    return true;
  }
  out = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (p == end) return false;
    uint8_t byte = static_cast<uint8_t>(*p++);
    out |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (!(byte & 0x80)) return true;
  }
  return false;
}

// One field's content; groups are left to the long way.
inline bool read_item(const char*& p, const char* end, uint32_t wire_type, WireItem& out) {
  std::size_t size;
  switch (wire_type) {
    case 0:
      return read_varint(p, end, out.number);
    case 1:
      size = 8;
      break;
    case 5:
      size = 4;
      break;
    case 2: {
      uint64_t n;
      if (!read_varint(p, end, n)) return false;
      size = n;
      break;
    }
    default:
      return false;
  }
  if (size > static_cast<std::size_t>(end - p)) return false;
  out.content = std::string_view(p, size);
  p += size;
  return true;
}

// The fields of the small messages behind scalars.
struct SmallMessage {
  int64_t numbers[2] = {0, 0};
  std::string_view texts[3];
};

inline bool read_small(std::string_view content, SmallMessage& out) {
  const char* p = content.data();
  const char* end = p + content.size();
  while (p != end) {
    uint64_t tag;
    WireItem item;
    if (!read_varint(p, end, tag) || !read_item(p, end, tag & 7, item)) return false;
    uint64_t number = tag >> 3;
    if ((tag & 7) == 0 && (number == 1 || number == 2))
      out.numbers[number - 1] = static_cast<int64_t>(item.number);
    if ((tag & 7) == 2 && number >= 1 && number <= 3) out.texts[number - 1] = item.content;
  }
  return true;
}

}  // namespace xebec::codec
