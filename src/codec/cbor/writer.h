// CBOR's heads and the values of our objects, appended to a string.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace xebec::codec {

enum class CborMajor : uint8_t { kUnsigned, kNegative, kBytes, kText, kArray, kMap, kTag, kSimple };

class CborWriter {
 public:
  explicit CborWriter(std::string& out) : out_(out) {}

  // An item that so many elements (kArray), pairs (kMap) or bytes follow, in the shortest form.
  void head(CborMajor major, uint64_t count);
  // A map whose pairs are counted while they are written; few of them cost nothing more.
  std::size_t begin_counted_map();
  void end_counted_map(std::size_t at, std::size_t pairs);
  void null() { out_ += '\xf6'; }
  void boolean(bool value) { out_ += value ? '\xf5' : '\xf4'; }
  void integer(int64_t value);
  // In the smallest width that keeps the value; null for what JSON cannot say either.
  void real(double value);
  // Strings are byte strings: nobody has checked that they are UTF-8.
  void string(std::string_view text);
  // Bytes that JSON shows in base64 (tag 22).
  void bytes(std::string_view bytes);

 private:
  void big_endian(uint64_t value, int size);
  std::string& out_;
};

}  // namespace xebec::codec
