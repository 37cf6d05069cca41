// CBOR's heads, read from bytes that check_cbor has found well-formed; views point into the input.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "codec/cbor/writer.h"

namespace xebec::codec {

// What is wrong with the bytes as one data item within upstream's limits; empty: nothing.
std::string check_cbor(std::string_view bytes);

// As error texts name it: "positive integer", "byte string", ...
std::string_view cbor_type_name(CborMajor major);

struct CborHead {
  CborMajor major = CborMajor::kSimple;
  uint8_t info = 0;    // the low five bits
  uint64_t value = 0;  // of the argument
  bool indefinite() const { return info == 31; }
};

class CborReader {
 public:
  explicit CborReader(std::string_view bytes) : bytes_(bytes) {}

  CborHead peek() const { return CborReader(*this).head(); }
  CborHead head();
  // Over one item.
  void skip();
  // Whether the break of an indefinite length is next; it is taken then.
  bool at_break();
  // The content of a string whose head was read: in place, or joined in `scratch`.
  std::string_view content(const CborHead& head, std::string& scratch);
  std::size_t offset() const { return at_; }

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
};

// Counts the elements of an array or map: while (elements.next()) ...
class CborElements {
 public:
  CborElements(CborReader& reader, const CborHead& head) : reader_(reader), head_(head) {}
  bool next() { return head_.indefinite() ? !reader_.at_break() : seen_++ < head_.value; }

 private:
  CborReader& reader_;
  const CborHead head_;
  uint64_t seen_ = 0;
};

double cbor_float(const CborHead& head);
inline bool is_cbor_float(const CborHead& head) {
  return head.major == CborMajor::kSimple && head.info >= 25 && head.info <= 27;
}

}  // namespace xebec::codec
