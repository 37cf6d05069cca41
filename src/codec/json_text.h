// JSON at the level of text: a single-pass lexer with encoding/json's grammar and error words, and the pieces
// of output exactly as encoding/json writes them (HTML escapes, floats, base64).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace xebec::codec {

// encoding/json stops at 10000; trees are walked recursively here, and no real document comes near this.
inline constexpr int kMaxJsonDepth = 2000;

// Walks one JSON text. Every method returns false after setting the error, which is sticky.
// Strings are views into the text when they need no decoding, else into a buffer that the next string()
// reuses.
class JsonLexer {
 public:
  explicit JsonLexer(std::string_view text)
      : begin_(text.data()), p_(text.data()), end_(text.data() + text.size()) {}

  bool failed() const { return !error_.empty(); }
  const std::string& error() const { return error_; }

  // The first byte of the next token, 0 at the end of the text.
  char peek() {
    while (p_ != end_ && (*p_ == ' ' || *p_ == '\n' || *p_ == '\t' || *p_ == '\r')) ++p_;
    return p_ == end_ ? '\0' : *p_;
  }
  const char* position() const { return p_; }
  std::size_t offset() const { return static_cast<std::size_t>(p_ - begin_); }

  // The next token is known (by peek) to be of the kind.
  bool string(std::string_view& out);
  bool number(std::string_view& out);
  bool literal(std::string_view word);  // "true", "false", "null"

  // Steps through an object: `{` was peeked. After begin, each next_key gives a key (false: the end or an
  // error).
  bool begin_object();
  bool next_key(bool first, std::string_view& key);
  // The same for arrays: next_item is true when another item follows.
  bool begin_array();
  bool next_item(bool first);

  // Over one value of any kind; `raw` is its text.
  bool skip_value(std::string_view& raw);
  // Only white space may follow.
  bool finish();
  // Sets "invalid character ... <where>" for the current byte, or the end of input.
  bool unexpected(std::string_view where);

 private:
  bool string_slow(const char* start, std::string_view& out);
  bool escape();
  bool hex4(uint32_t& out);
  bool enter();

  const char* begin_;
  const char* p_;
  const char* end_;
  int depth_ = 0;
  std::string buffer_;
  std::string error_;
};

// Valid JSON as encoding/json's Valid; the error text otherwise, empty when valid.
std::string check_json(std::string_view text);

// Growing output with cheap unchecked appends.
class TextOut {
 public:
  // Appends to `out`; call finish() before using it.
  explicit TextOut(std::string& out);
  ~TextOut() { finish(); }
  TextOut(const TextOut&) = delete;
  TextOut& operator=(const TextOut&) = delete;

  void put(char c) {
    if (p_ == end_) grow(1);
    *p_++ = c;
  }
  void put(std::string_view text) {
    if (static_cast<std::size_t>(end_ - p_) < text.size()) grow(text.size());
    text.copy(p_, text.size());
    p_ += text.size();
  }
  // At least `n` bytes at the returned place; claim what was used with advance().
  char* reserve(std::size_t n) {
    if (static_cast<std::size_t>(end_ - p_) < n) grow(n);
    return p_;
  }
  void advance(char* to) { p_ = to; }
  std::size_t size() const { return static_cast<std::size_t>(p_ - out_.data()); }
  // The last byte written; there must be one.
  char last() const { return p_[-1]; }
  void drop_last() { --p_; }
  void finish();

 private:
  void grow(std::size_t n);
  std::string& out_;
  char* p_;
  char* end_;
};

// A quoted string: <, >, & and U+2028/9 escaped, invalid UTF-8 as \ufffd.
void write_json_string(std::string_view text, TextOut& out);
void write_json_int(int64_t value, TextOut& out);
// encoding/json's float64; NaN and infinities, which Go refuses, become null.
void write_json_double(double value, TextOut& out);
// A quoted RFC 3339 time of whole seconds since 1970, as api::Time::str writes it.
void write_json_time(int64_t seconds, TextOut& out);
void write_json_base64(std::string_view bytes, TextOut& out);
// White space dropped, HTML characters escaped: json.compact. The text must be valid JSON.
void write_json_compact(std::string_view text, TextOut& out);
// json.Indent(prefix "", indent "  ") of a compact text.
std::string indent_json(std::string_view compact);

// strconv.FormatFloat(v, 'g', -1, 64).
std::string go_float_g(double value);
// Length of the valid UTF-8 sequence at p (1-4), 0 when it is invalid.
int utf8_length(const char* p, const char* end);
void append_utf8(uint32_t rune, std::string& out);
// base64.StdEncoding, strict; line breaks are skipped. false: invalid, `error` in Go's words.
bool decode_base64(std::string_view text, std::string& out, std::string& error);

}  // namespace xebec::codec
