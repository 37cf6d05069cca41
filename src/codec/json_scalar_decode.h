// JSON into the values of the field tables that are no messages, with encoding/json's complaints.
#pragma once

#include <string>
#include <string_view>

#include "api/descriptor.h"
#include "codec/decode_frame.h"
#include "codec/json_text.h"

namespace xebec::codec {

class JsonScalarDecoder {
 public:
  explicit JsonScalarDecoder(JsonLexer& lexer) : lexer_(lexer) {}

  // The next value into `slot`. false: stop (malformed text, or a type that reads its own JSON refused it).
  bool decode(api::Kind kind, void* slot, const DecodeFrame* frame);

  // The next value is of the wrong type: null is ignored, anything else noted and skipped.
  bool mismatch(api::Kind kind, const api::Message* message, const DecodeFrame* frame);
  bool mismatch(std::string_view go_type, const DecodeFrame* frame);
  // What types that read their own JSON do: the decoding ends.
  bool refuse(std::string_view message);

  // The first, as Go keeps it; empty when there was none.
  const std::string& error() const { return error_; }
  bool refused() const { return refused_; }

 private:
  bool string(void* slot, const DecodeFrame* frame);
  bool boolean(void* slot, const DecodeFrame* frame);
  template <class T>
  bool integer(api::Kind kind, void* slot, const DecodeFrame* frame);
  bool real(void* slot, const DecodeFrame* frame);
  bool bytes(void* slot, const DecodeFrame* frame);
  bool custom(api::Kind kind, void* slot, const DecodeFrame* frame);
  bool quantity(char c, void* slot);
  bool int_or_string(char c, void* slot, const DecodeFrame* frame);
  template <class T>
  bool store(std::string_view text, void* slot);
  template <class Wanted>
  bool mismatch(const DecodeFrame* frame, Wanted wanted);
  bool type_error(std::string_view found, std::string_view type, const DecodeFrame* frame);

  JsonLexer& lexer_;
  std::string error_;
  bool refused_ = false;
};

}  // namespace xebec::codec
