// Reads one CBOR data item of any kind as a Value; the first error ends it.
#pragma once

#include <string>
#include <string_view>

#include "codec/cbor/reader.h"
#include "codec/value.h"

namespace xebec::codec {

class CborTreeDecoder {
 public:
  // Over well-formed bytes; both references outlive the decoder, and are shared with whoever reads the rest.
  CborTreeDecoder(CborReader& reader, std::string& error) : reader_(reader), error_(error) {}

  // False: `error` says why.
  bool value(Value& out);
  // The next item as a string, through its tags; false as well when it is none, without an error: `found`
  // is what it is instead, its head read.
  bool text(std::string& out, CborHead& found);
  // The head of the next item that is no tag; `coding_` follows the tags on the way. False: a tag that may
  // not stand before it.
  bool open(CborHead& found);
  // Bytes behind one of the tags 21 to 23 are shown in its form when they become text.
  bool coded() const { return coding_ != 0; }
  std::string as_text(std::string_view bytes) const;

  // The tags of the item that ends with this object do not count for the next one.
  class Coding {
   public:
    explicit Coding(CborTreeDecoder& decoder) : decoder_(decoder), before_(decoder.coding_) {}
    ~Coding() { decoder_.coding_ = before_; }
    Coding(const Coding&) = delete;

   private:
    CborTreeDecoder& decoder_;
    const uint64_t before_;
  };

  // A key that came before, as upstream words it.
  bool duplicate(std::string_view key, std::size_t index);
  bool fail(std::string why) {
    if (error_.empty()) error_ = std::move(why);
    return false;
  }

 private:
  bool tag(uint64_t number, const CborHead& next);
  bool time(uint64_t number, Value& out);
  bool scalar(const CborHead& found, Value& out);
  bool map(const CborHead& found, Value& out);

  CborReader& reader_;
  std::string& error_;
  uint64_t coding_ = 0;  // 21 to 23, or 0
};

// `cbor: cannot unmarshal ... into Go value of type ...`
std::string cbor_type_error(CborMajor major, std::string_view go_type, std::string_view detail = {},
                            std::string_view struct_field = {});
// The number of a kNegative head, for error texts.
std::string cbor_negative(uint64_t argument);

}  // namespace xebec::codec
