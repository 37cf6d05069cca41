// JSON of any kind into a tree of values.
#include <charconv>
#include <cstdlib>

#include "codec/json.h"
#include "codec/json_text.h"
#include "codec/strict_errors.h"

namespace xebec::codec {
namespace {

class ValueDecoder {
 public:
  ValueDecoder(JsonLexer& lexer, StrictErrors& strict) : lexer_(lexer), strict_(strict) {}

  bool value(Value& out, const DecodeFrame* frame) {
    char c = lexer_.peek();
    std::string_view text;
    switch (c) {
      case '{':
        return map(out.make_map(), frame);
      case '[':
        return list(out.make_list(), frame);
      case '"':
        if (!lexer_.string(text)) return false;
        out = Value(text);
        return true;
      case 't':
        out = true;
        return lexer_.literal("true");
      case 'f':
        out = false;
        return lexer_.literal("false");
      case 'n':
        out = nullptr;
        return lexer_.literal("null");
      default:
        if (c != '-' && (c < '0' || c > '9')) return lexer_.unexpected("looking for beginning of value");
        return lexer_.number(text) && number(text, out);
    }
  }
  const std::string& range_error() const { return range_error_; }

 private:
  bool map(ValueMap& out, const DecodeFrame* frame) {
    std::string_view key;
    if (!lexer_.begin_object()) return false;
    for (bool first = true; lexer_.next_key(first, key); first = false) {
      auto [slot, fresh] = out.try_emplace(std::string(key));
      if (!fresh) {
        strict_.add("duplicate field", frame, key);
        *slot = nullptr;
      }
      // The path is only needed for strict errors; the key is stable in the map while its value is read.
      DecodeFrame here{.parent = frame, .key = out.member(out.size() - 1).key, .at = DecodeFrame::At::Key};
      std::string name;
      if (!fresh) here.key = name = std::string(key);
      if (!value(*slot, &here)) return false;
    }
    return !lexer_.failed();
  }

  bool list(ValueList& out, const DecodeFrame* frame) {
    if (!lexer_.begin_array()) return false;
    for (bool first = true; lexer_.next_item(first); first = false) {
      DecodeFrame here{.parent = frame, .index = out.size(), .at = DecodeFrame::At::Index};
      if (!value(out.emplace_back(), &here)) return false;
    }
    return !lexer_.failed();
  }

  bool number(std::string_view text, Value& out) {
    int64_t integer;
    const char* end = text.data() + text.size();
    if (auto [p, ec] = std::from_chars(text.data(), end, integer); ec == std::errc() && p == end) {
      out = integer;
      return true;
    }
    double real = 0;
    auto [p, ec] = std::from_chars(text.data(), end, real);
    if (ec == std::errc::result_out_of_range && std::strtod(std::string(text).c_str(), nullptr) != 0 &&
        range_error_.empty()) {
      range_error_ = "json: cannot unmarshal number " + std::string(text) + " into Go value of type float64";
    }
    out = real;
    return true;
  }

  JsonLexer& lexer_;
  StrictErrors& strict_;
  std::string range_error_;  // reported when the text as a whole is well-formed
};

}  // namespace

Result<Value> parse_json(std::string_view text, std::vector<std::string>* strict_errors) {
  JsonLexer lexer(text);
  StrictErrors strict(strict_errors);
  ValueDecoder decoder(lexer, strict);
  Value value;
  if (!decoder.value(value, nullptr) || !lexer.finish()) return fail(errors::bad_request(lexer.error()));
  if (!decoder.range_error().empty()) return fail(errors::bad_request(decoder.range_error()));
  return value;
}

}  // namespace xebec::codec
