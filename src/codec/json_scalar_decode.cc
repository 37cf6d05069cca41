#include "codec/json_scalar_decode.h"

#include <charconv>
#include <cstring>
#include <utility>

#include "api/scalars.h"
#include "codec/go_types.h"
#include "codec/unmarshal_error.h"

namespace xebec::codec {

using api::Kind;

bool JsonScalarDecoder::decode(Kind kind, void* slot, const DecodeFrame* frame) {
  switch (kind) {
    case Kind::String:
      return string(slot, frame);
    case Kind::Bool:
      return boolean(slot, frame);
    case Kind::Int32:
      return integer<int32_t>(kind, slot, frame);
    case Kind::Int64:
      return integer<int64_t>(kind, slot, frame);
    case Kind::Double:
      return real(slot, frame);
    case Kind::Bytes:
      return bytes(slot, frame);
    default:
      return custom(kind, slot, frame);
  }
}

bool JsonScalarDecoder::string(void* slot, const DecodeFrame* frame) {
  if (lexer_.peek() != '"') return mismatch(Kind::String, nullptr, frame);
  std::string_view text;
  if (!lexer_.string(text)) return false;
  static_cast<std::string*>(slot)->assign(text);
  return true;
}

bool JsonScalarDecoder::boolean(void* slot, const DecodeFrame* frame) {
  char c = lexer_.peek();
  if (c != 't' && c != 'f') return mismatch(Kind::Bool, nullptr, frame);
  *static_cast<bool*>(slot) = c == 't';
  return lexer_.literal(c == 't' ? "true" : "false");
}

template <class T>
bool JsonScalarDecoder::integer(Kind kind, void* slot, const DecodeFrame* frame) {
  char c = lexer_.peek();
  if (c != '-' && (c < '0' || c > '9')) return mismatch(kind, nullptr, frame);
  std::string_view text;
  if (!lexer_.number(text)) return false;
  T parsed;
  auto [p, ec] = std::from_chars(text.data(), text.data() + text.size(), parsed);
  if (ec != std::errc() || p != text.data() + text.size()) {
    return type_error("number " + std::string(text), go_type(kind), frame);
  }
  *static_cast<T*>(slot) = parsed;
  return true;
}

bool JsonScalarDecoder::real(void* slot, const DecodeFrame* frame) {
  char c = lexer_.peek();
  if (c != '-' && (c < '0' || c > '9')) return mismatch(Kind::Double, nullptr, frame);
  std::string_view text;
  if (!lexer_.number(text)) return false;
  double parsed = std::strtod(std::string(text).c_str(), nullptr);
  if (parsed > 1.7976931348623157e308 || parsed < -1.7976931348623157e308) {
    return type_error("number " + std::string(text), go_type(Kind::Double), frame);
  }
  *static_cast<double*>(slot) = parsed;
  return true;
}

bool JsonScalarDecoder::bytes(void* slot, const DecodeFrame* frame) {
  if (lexer_.peek() == 'n') {
    static_cast<api::Bytes*>(slot)->data.clear();
    return lexer_.literal("null");
  }
  if (lexer_.peek() != '"') return mismatch(Kind::Bytes, nullptr, frame);
  std::string_view text;
  std::string error;
  if (!lexer_.string(text)) return false;
  if (!decode_base64(text, static_cast<api::Bytes*>(slot)->data, error) && error_.empty()) error_ = error;
  return true;
}

// Types that read their own JSON: an error ends the decoding at once.
bool JsonScalarDecoder::custom(Kind kind, void* slot, const DecodeFrame* frame) {
  char c = lexer_.peek();
  std::string_view raw;
  switch (kind) {
    case Kind::RawExtension:
    case Kind::FieldsV1:
    case Kind::Json:
      if (!lexer_.skip_value(raw)) return false;
      if (raw != "null") static_cast<api::RawJson*>(slot)->raw.assign(raw);
      return true;
    case Kind::Quantity:
      return quantity(c, slot);
    case Kind::IntOrString:
      return int_or_string(c, slot, frame);
    default:
      break;
  }
  if (c == 'n') {
    api::clear_value(kind, nullptr, slot);
    return lexer_.literal("null");
  }
  if (c != '"') {
    error_.clear();
    return mismatch(Kind::String, nullptr, frame) && refuse(error_);
  }
  if (!lexer_.string(raw)) return false;
  switch (kind) {
    case Kind::Time:
      return store<api::Time>(raw, slot);
    case Kind::MicroTime:
      return store<api::MicroTime>(raw, slot);
    default:
      return store<api::Duration>(raw, slot);
  }
}

template <class T>
bool JsonScalarDecoder::store(std::string_view text, void* slot) {
  Result<T> parsed = T::parse(text);
  if (!parsed) return refuse(parsed.error().message);
  *static_cast<T*>(slot) = *std::move(parsed);
  return true;
}

bool JsonScalarDecoder::quantity(char c, void* slot) {
  std::string_view raw;
  if (c == 'n') {
    api::clear_value(Kind::Quantity, nullptr, slot);
    return lexer_.literal("null");
  }
  if (!lexer_.skip_value(raw)) return false;
  if (raw.size() >= 2 && raw.front() == '"') raw = raw.substr(1, raw.size() - 2);
  while (!raw.empty() && std::strchr(" \t\n\v\f\r", raw.front())) raw.remove_prefix(1);
  while (!raw.empty() && std::strchr(" \t\n\v\f\r", raw.back())) raw.remove_suffix(1);
  return store<api::Quantity>(raw, slot);
}

bool JsonScalarDecoder::int_or_string(char c, void* slot, const DecodeFrame* frame) {
  auto& out = *static_cast<api::IntOrString*>(slot);
  std::string_view text;
  if (c == '"') {
    if (!lexer_.string(text)) return false;
    out = api::IntOrString(text);
    return true;
  }
  out = api::IntOrString();
  if (c == 'n') return lexer_.literal("null");
  std::string before = std::exchange(error_, {});
  if (!integer<int32_t>(Kind::Int32, &out.int_val, frame)) return false;
  if (!error_.empty()) return refuse(error_);
  error_ = std::move(before);
  return true;
}

bool JsonScalarDecoder::mismatch(Kind kind, const api::Message* message, const DecodeFrame* frame) {
  return mismatch(frame, [&] { return go_type_at(frame, kind, message); });
}

bool JsonScalarDecoder::mismatch(std::string_view go_type, const DecodeFrame* frame) {
  return mismatch(frame, [&] { return go_type; });
}

template <class Wanted>
bool JsonScalarDecoder::mismatch(const DecodeFrame* frame, Wanted wanted) {
  char c = lexer_.peek();
  std::string_view raw;
  if (c == '\0' || !lexer_.skip_value(raw)) return lexer_.unexpected("looking for beginning of value");
  return c == 'n' || type_error(json_type_name(c), wanted(), frame);
}

bool JsonScalarDecoder::type_error(std::string_view found, std::string_view type, const DecodeFrame* frame) {
  if (error_.empty()) error_ = unmarshal_type_error(found, type, frame);
  return true;
}

bool JsonScalarDecoder::refuse(std::string_view message) {
  error_ = std::string(message);
  refused_ = true;
  return false;
}

}  // namespace xebec::codec
