#include <emmintrin.h>

#include <cstring>

#include "codec/json_text.h"

#include "base/go_quote.h"

namespace xebec::codec {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Go's quoteChar.
std::string quote_char(unsigned char c) {
  if (c == '\'') return R"('\'')";
  if (c == '"') return R"('"')";
  std::string text;
  append_utf8(c, text);
  std::string quoted = go_quote(text);
  return "'" + quoted.substr(1, quoted.size() - 2) + "'";
}

// First byte at or after p that a plain string may not hold: quote, backslash, control, non-ASCII.
const char* scan_plain(const char* p, const char* end) {
  const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\'), space = _mm_set1_epi8(0x20);
  while (end - p >= 16) {
    __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    // Signed compare: bytes >= 0x80 are negative, so "less than space" covers them and the control
    // characters.
    __m128i stop = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(block, quote), _mm_cmpeq_epi8(block, slash)),
                                _mm_cmplt_epi8(block, space));
    int mask = _mm_movemask_epi8(stop);
    if (mask) return p + __builtin_ctz(static_cast<unsigned>(mask));
    p += 16;
  }
  while (p != end && *p != '"' && *p != '\\' && static_cast<signed char>(*p) >= 0x20) ++p;
  return p;
}

}  // namespace

int utf8_length(const char* p, const char* end) {
  auto at = [&](int i) { return static_cast<unsigned char>(p[i]); };
  auto more = [&](int i) { return p + i < end && (at(i) & 0xC0) == 0x80; };
  unsigned char c = at(0);
  if (c < 0x80) return 1;
  if (c < 0xC2 || c > 0xF4) return 0;
  if (c < 0xE0) return more(1) ? 2 : 0;
  if (c < 0xF0) {
    if (!more(1) || !more(2)) return 0;
    if ((c == 0xE0 && at(1) < 0xA0) || (c == 0xED && at(1) > 0x9F)) return 0;
    return 3;
  }
  if (!more(1) || !more(2) || !more(3)) return 0;
  if ((c == 0xF0 && at(1) < 0x90) || (c == 0xF4 && at(1) > 0x8F)) return 0;
  return 4;
}

void append_utf8(uint32_t rune, std::string& out) {
  if (rune > 0x10FFFF || (rune >= 0xD800 && rune < 0xE000)) rune = kReplacement;
  if (rune < 0x80) {
    out += static_cast<char>(rune);
  } else if (rune < 0x800) {
    out += static_cast<char>(0xC0 | rune >> 6);
    out += static_cast<char>(0x80 | (rune & 0x3F));
  } else if (rune < 0x10000) {
    out += static_cast<char>(0xE0 | rune >> 12);
    out += static_cast<char>(0x80 | (rune >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (rune & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | rune >> 18);
    out += static_cast<char>(0x80 | (rune >> 12 & 0x3F));
    out += static_cast<char>(0x80 | (rune >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (rune & 0x3F));
  }
}

bool JsonLexer::unexpected(std::string_view where) {
  if (failed()) return false;
  if (p_ == end_) {
    error_ = "unexpected end of JSON input";
  } else {
    error_ = "invalid character " + quote_char(static_cast<unsigned char>(*p_)) + " " + std::string(where);
  }
  return false;
}

bool JsonLexer::string(std::string_view& out) {
  const char* start = ++p_;
  p_ = scan_plain(p_, end_);
  while (p_ != end_ && static_cast<signed char>(*p_) < 0) {
    int n = utf8_length(p_, end_);
    if (n == 0) return string_slow(start, out);
    p_ = scan_plain(p_ + n, end_);
  }
  if (p_ != end_ && *p_ == '"') {
    out = std::string_view(start, static_cast<std::size_t>(p_ - start));
    ++p_;
    return true;
  }
  return string_slow(start, out);
}

// From p_ on, which stands at an escape, an invalid byte or the end; [start, p_) is good as it is.
bool JsonLexer::string_slow(const char* start, std::string_view& out) {
  buffer_.assign(start, p_);
  while (true) {
    const char* plain = p_;
    p_ = scan_plain(p_, end_);
    buffer_.append(plain, p_);
    if (p_ == end_) return unexpected({});
    unsigned char c = static_cast<unsigned char>(*p_);
    if (c == '"') break;
    if (c == '\\') {
      if (!escape()) return false;
    } else if (c < 0x20) {
      return unexpected("in string literal");
    } else if (int n = utf8_length(p_, end_)) {
      buffer_.append(p_, static_cast<std::size_t>(n));
      p_ += n;
    } else {
      append_utf8(kReplacement, buffer_);
      ++p_;
    }
  }
  ++p_;
  out = buffer_;
  return true;
}

bool JsonLexer::escape() {
  ++p_;
  if (p_ == end_) return unexpected({});
  switch (*p_) {
    case 'b':
      buffer_ += '\b';
      break;
    case 'f':
      buffer_ += '\f';
      break;
    case 'n':
      buffer_ += '\n';
      break;
    case 'r':
      buffer_ += '\r';
      break;
    case 't':
      buffer_ += '\t';
      break;
    case '"':
    case '\\':
    case '/':
      buffer_ += *p_;
      break;
    case 'u': {
      ++p_;
      uint32_t rune;
      if (!hex4(rune)) return false;
      if (rune >= 0xD800 && rune < 0xE000) {
        // A pair of surrogates is one character; a lone one is replaced.
        uint32_t pair = kReplacement;
        if (rune < 0xDC00 && end_ - p_ >= 2 && p_[0] == '\\' && p_[1] == 'u') {
          const char* back = p_;
          uint32_t low;
          p_ += 2;
          if (!hex4(low)) return false;
          if (low >= 0xDC00 && low < 0xE000) {
            pair = 0x10000 + ((rune - 0xD800) << 10) + (low - 0xDC00);
          } else {
            p_ = back;
          }
        }
        rune = pair;
      }
      append_utf8(rune, buffer_);
      return true;
    }
    default:
      return unexpected("in string escape code");
  }
  ++p_;
  return true;
}

bool JsonLexer::hex4(uint32_t& out) {
  out = 0;
  for (int i = 0; i < 4; ++i, ++p_) {
    if (p_ == end_) return unexpected({});
    char c = *p_;
    uint32_t digit;
    if (is_digit(c)) {
      digit = static_cast<uint32_t>(c - '0');
    } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
      digit = static_cast<uint32_t>((c | 0x20) - 'a' + 10);
    } else {
      return unexpected("in \\u hexadecimal character escape");
    }
    out = out << 4 | digit;
  }
  return true;
}

bool JsonLexer::number(std::string_view& out) {
  const char* start = p_;
  auto digits = [&] {
    while (p_ != end_ && is_digit(*p_)) ++p_;
  };
  if (*p_ == '-') {
    ++p_;
    if (p_ == end_ || !is_digit(*p_)) return unexpected("in numeric literal");
  }
  if (*p_ == '0') {
    ++p_;
  } else {
    digits();
  }
  if (p_ != end_ && *p_ == '.') {
    ++p_;
    if (p_ == end_ || !is_digit(*p_)) return unexpected("after decimal point in numeric literal");
    digits();
  }
  if (p_ != end_ && (*p_ | 0x20) == 'e') {
    ++p_;
    if (p_ != end_ && (*p_ == '+' || *p_ == '-')) ++p_;
    if (p_ == end_ || !is_digit(*p_)) return unexpected("in exponent of numeric literal");
    digits();
  }
  out = std::string_view(start, static_cast<std::size_t>(p_ - start));
  return true;
}

bool JsonLexer::literal(std::string_view word) {
  for (std::size_t i = 0; i < word.size(); ++i, ++p_) {
    if (p_ == end_ || *p_ != word[i]) {
      return unexpected("in literal " + std::string(word) + " (expecting " +
                        quote_char(static_cast<unsigned char>(word[i])) + ")");
    }
  }
  return true;
}

bool JsonLexer::enter() {
  if (++depth_ > kMaxJsonDepth) {
    return unexpected("exceeded max depth");
  }
  ++p_;
  return true;
}

bool JsonLexer::begin_object() { return enter(); }
bool JsonLexer::begin_array() { return enter(); }

bool JsonLexer::next_key(bool first, std::string_view& key) {
  if (failed()) return false;
  char c = peek();
  if (c == '}' && p_ != end_) {
    ++p_;
    --depth_;
    return false;
  }
  if (!first) {
    if (c != ',') return unexpected("after object key:value pair");
    ++p_;
    c = peek();
  }
  if (c != '"') return unexpected("looking for beginning of object key string");
  if (!string(key)) return false;
  if (peek() != ':') return unexpected("after object key");
  ++p_;
  return true;
}

bool JsonLexer::next_item(bool first) {
  if (failed()) return false;
  char c = peek();
  if (c == ']') {
    ++p_;
    --depth_;
    return false;
  }
  if (first) return true;
  if (c != ',') return unexpected("after array element");
  ++p_;
  return true;
}

bool JsonLexer::skip_value(std::string_view& raw) {
  char c = peek();
  const char* start = p_;
  std::string_view ignored;
  bool good = false;
  switch (c) {
    case '{':
      if (!begin_object()) return false;
      for (bool first = true; next_key(first, ignored); first = false) {
        if (!skip_value(raw)) return false;
      }
      good = !failed();
      break;
    case '[':
      if (!begin_array()) return false;
      for (bool first = true; next_item(first); first = false) {
        if (!skip_value(raw)) return false;
      }
      good = !failed();
      break;
    case '"':
      good = string(ignored);
      break;
    case 't':
      good = literal("true");
      break;
    case 'f':
      good = literal("false");
      break;
    case 'n':
      good = literal("null");
      break;
    default:
      good = c == '-' || is_digit(c) ? number(ignored) : unexpected("looking for beginning of value");
  }
  raw = std::string_view(start, static_cast<std::size_t>(p_ - start));
  return good;
}

bool JsonLexer::finish() {
  if (failed()) return false;
  peek();
  return p_ == end_ || unexpected("after top-level value");
}

std::string check_json(std::string_view text) {
  JsonLexer lexer(text);
  std::string_view raw;
  if (lexer.skip_value(raw)) lexer.finish();
  return lexer.error();
}

}  // namespace xebec::codec
