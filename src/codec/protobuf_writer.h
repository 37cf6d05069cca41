// Writes protobuf back to front: a length is known when it is needed, so one pass and no size bookkeeping.
// Internal to src/codec.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "api/descriptor.h"

namespace xebec::codec {

class ProtobufWriter {
 public:
  // Everything written so far, in reading order.
  std::string take() const { return std::string(begin_ + at_, capacity_ - at_); }
  // Grows as writing proceeds; differences measure what was written between.
  std::size_t written() const { return capacity_ - at_; }

  void bytes(std::string_view data) {
    if (data.empty()) return;
    reserve(data.size());
    at_ -= data.size();
    std::memcpy(begin_ + at_, data.data(), data.size());
  }
  void byte(uint8_t b) {
    reserve(1);
    begin_[--at_] = static_cast<char>(b);
  }
  void varint(uint64_t value) {
    if (value < 0x80) return byte(static_cast<uint8_t>(value));
    char text[10];
    std::size_t n = 0;
    for (; value >= 0x80; value >>= 7) text[n++] = static_cast<char>(value | 0x80);
    text[n++] = static_cast<char>(value);
    bytes({text, n});
  }
  // A length-delimited field whose content begins where `written` was `mark`.
  void close(std::size_t mark, uint32_t tag) {
    varint(written() - mark);
    varint(tag);
  }
  void string_field(std::string_view data, uint32_t tag) {
    bytes(data);
    varint(data.size());
    varint(tag);
  }
  void varint_field(uint64_t value, uint32_t tag) {
    varint(value);
    varint(tag);
  }

  void message(const api::Message& type, const void* object);

 private:
  void field(const api::WireField& f, const void* at);
  void value(const api::WireField& f, const void* at, uint32_t tag);
  void list(const api::WireField& f, const void* at);
  void map(const api::WireField& f, const void* at);

  void reserve(std::size_t n) {
    if (at_ < n) grow(n);
  }
  void grow(std::size_t n);

  std::array<char, 2048> small_;
  std::unique_ptr<char[]> large_;
  char* begin_ = small_.data();
  std::size_t capacity_ = small_.size();
  std::size_t at_ = small_.size();  // what is written is [at_, capacity_)
};

}  // namespace xebec::codec
