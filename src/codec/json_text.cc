#include "codec/json_text.h"

#include <emmintrin.h>

#include <array>
#include <charconv>
#include <cmath>
#include <cstring>

#include "api/time.h"

namespace xebec::codec {
namespace {

constexpr char kHex[] = "0123456789abcdef";
constexpr char kBase64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// Bytes of a string that cannot be copied as they are.
constexpr std::array<bool, 256> kSpecial = [] {
  std::array<bool, 256> t{};
  for (int c = 0; c < 0x20; ++c) t[static_cast<std::size_t>(c)] = true;
  for (int c = 0x80; c < 0x100; ++c) t[static_cast<std::size_t>(c)] = true;
  for (char c : {'"', '\\', '<', '>', '&'}) t[static_cast<unsigned char>(c)] = true;
  return t;
}();

const char* scan_unescaped(const char* p, const char* end) {
  while (end - p >= 16) {
    __m128i b = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    auto eq = [&](char c) { return _mm_cmpeq_epi8(b, _mm_set1_epi8(c)); };
    __m128i stop = _mm_or_si128(_mm_or_si128(_mm_or_si128(eq('"'), eq('\\')), _mm_or_si128(eq('<'), eq('>'))),
                                _mm_or_si128(eq('&'), _mm_cmplt_epi8(b, _mm_set1_epi8(0x20))));
    int mask = _mm_movemask_epi8(stop);
    if (mask) return p + __builtin_ctz(static_cast<unsigned>(mask));
    p += 16;
  }
  while (p != end && !kSpecial[static_cast<unsigned char>(*p)]) ++p;
  return p;
}

void write_unicode_escape(unsigned code, TextOut& out) {
  char* p = out.reserve(6);
  p[0] = '\\';
  p[1] = 'u';
  p[2] = kHex[code >> 12 & 15];
  p[3] = kHex[code >> 8 & 15];
  p[4] = kHex[code >> 4 & 15];
  p[5] = kHex[code & 15];
  out.advance(p + 6);
}

void write_escaped_ascii(char c, TextOut& out) {
  switch (c) {
    case '"':
      return out.put(R"(\")");
    case '\\':
      return out.put(R"(\\)");
    case '\b':
      return out.put(R"(\b)");
    case '\f':
      return out.put(R"(\f)");
    case '\n':
      return out.put(R"(\n)");
    case '\r':
      return out.put(R"(\r)");
    case '\t':
      return out.put(R"(\t)");
    default:
      return write_unicode_escape(static_cast<unsigned char>(c), out);
  }
}

bool is_line_separator(const char* p, int length) {
  return length == 3 && p[0] == '\xE2' && p[1] == '\x80' && (p[2] == '\xA8' || p[2] == '\xA9');
}

// The digits and decimal exponent of the shortest text that reads back as the same double.
struct Decimal {
  std::string digits;  // "12345": 1.2345
  int exponent;
};

Decimal shortest(double value) {
  char buffer[40];
  auto [end, ec] = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific);
  std::string_view text(buffer, static_cast<std::size_t>(end - buffer));
  std::size_t e = text.find('e');
  Decimal d;
  for (char c : text.substr(0, e)) {
    if (c != '.') d.digits += c;
  }
  std::string_view exponent = text.substr(e + 1);
  if (exponent[0] == '+') exponent.remove_prefix(1);
  std::from_chars(exponent.data(), exponent.data() + exponent.size(), d.exponent);
  return d;
}

std::string fixed(const Decimal& d) {
  std::string out;
  int digits = static_cast<int>(d.digits.size());
  if (d.exponent < 0) {
    out = "0." + std::string(static_cast<std::size_t>(-d.exponent - 1), '0') + d.digits;
  } else if (digits <= d.exponent + 1) {
    const int zeros = d.exponent + 1 - digits;
    out = d.digits + std::string(static_cast<std::size_t>(zeros), '0');
  } else {
    out = d.digits;
    out.insert(static_cast<std::size_t>(d.exponent + 1), 1, '.');
  }
  return out;
}

std::string scientific(const Decimal& d, bool two_digits) {
  std::string out = d.digits.substr(0, 1);
  if (d.digits.size() > 1) out += "." + d.digits.substr(1);
  out += d.exponent < 0 ? "e-" : "e+";
  int e = std::abs(d.exponent);
  if (two_digits && e < 10) out += '0';
  return out + std::to_string(e);
}

}  // namespace

TextOut::TextOut(std::string& out) : out_(out) {
  std::size_t used = out.size();
  out.resize_and_overwrite(std::max(out.capacity(), used + 64), [](char*, std::size_t n) { return n; });
  p_ = out.data() + used;
  end_ = out.data() + out.size();
}

void TextOut::grow(std::size_t n) {
  std::size_t used = size();
  out_.resize_and_overwrite(std::max(used + n, out_.size() * 2), [](char*, std::size_t m) { return m; });
  p_ = out_.data() + used;
  end_ = out_.data() + out_.size();
}

void TextOut::finish() {
  std::size_t used = size();
  out_.resize(used);
  p_ = end_ = out_.data() + used;
}

void write_json_string(std::string_view text, TextOut& out) {
  out.put('"');
  const char* p = text.data();
  const char* end = p + text.size();
  while (true) {
    const char* stop = scan_unescaped(p, end);
    // Valid UTF-8 is copied too, except the two line separators.
    while (stop != end && static_cast<signed char>(*stop) < 0) {
      int n = utf8_length(stop, end);
      if (n == 0 || is_line_separator(stop, n)) break;
      stop = scan_unescaped(stop + n, end);
    }
    out.put(std::string_view(p, static_cast<std::size_t>(stop - p)));
    if (stop == end) break;
    p = stop;
    if (static_cast<signed char>(*p) >= 0) {
      write_escaped_ascii(*p++, out);
    } else if (int n = utf8_length(p, end)) {
      write_unicode_escape(p[2] == '\xA8' ? 0x2028 : 0x2029, out);
      p += n;
    } else {
      write_unicode_escape(0xFFFD, out);
      ++p;
    }
  }
  out.put('"');
}

void write_json_int(int64_t value, TextOut& out) {
  char* p = out.reserve(24);
  out.advance(std::to_chars(p, p + 24, value).ptr);
}

void write_json_double(double value, TextOut& out) {
  if (!std::isfinite(value)) return out.put("null");
  if (value == 0) return out.put(std::signbit(value) ? "-0" : "0");
  double magnitude = std::fabs(value);
  if (value < 0) out.put('-');
  Decimal d = shortest(magnitude);
  out.put(magnitude < 1e-6 || magnitude >= 1e21 ? scientific(d, false) : fixed(d));
}

std::string go_float_g(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  std::string sign = std::signbit(value) ? "-" : "";
  if (value == 0) return sign + "0";
  Decimal d = shortest(std::fabs(value));
  // For the shortest form strconv decides by a precision of 6.
  bool exponential = d.exponent < -4 || d.exponent >= 6;
  return sign + (exponential ? scientific(d, true) : fixed(d));
}

void write_json_time(int64_t seconds, TextOut& out) {
  constexpr int64_t kYear1 = -62135596800, kYear10000 = 253402300800;
  if (seconds < kYear1 || seconds >= kYear10000) {
    out.put('"');
    out.put(api::Time::from_unix(seconds).str());
    return out.put('"');
  }
  int64_t days = seconds >= 0 ? seconds / 86400 : (seconds - 86399) / 86400;
  uint32_t rest = static_cast<uint32_t>(seconds - days * 86400);
  // Days to a civil date, in years that begin in March (H. Hinnant's algorithm).
  uint32_t z = static_cast<uint32_t>(days + 719468);
  uint32_t era = z / 146097, doe = z - era * 146097;
  uint32_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  uint32_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
  uint32_t day = doy - (153 * mp + 2) / 5 + 1, month = mp < 10 ? mp + 3 : mp - 9;
  uint32_t year = yoe + era * 400 + (month <= 2);
  char* p = out.reserve(22);
  auto two = [&](char* at, uint32_t v) {
    at[0] = static_cast<char>('0' + v / 10);
    at[1] = static_cast<char>('0' + v % 10);
  };
  std::string_view("\"0000-00-00T00:00:00Z\"").copy(p, 22);
  two(p + 1, year / 100);
  two(p + 3, year % 100);
  two(p + 6, month);
  two(p + 9, day);
  two(p + 12, rest / 3600);
  two(p + 15, rest / 60 % 60);
  two(p + 18, rest % 60);
  out.advance(p + 22);
}

void write_json_base64(std::string_view bytes, TextOut& out) {
  char* p = out.reserve((bytes.size() + 2) / 3 * 4 + 2);
  *p++ = '"';
  auto at = [&](std::size_t i) { return static_cast<uint32_t>(static_cast<unsigned char>(bytes[i])); };
  std::size_t i = 0;
  for (; i + 3 <= bytes.size(); i += 3) {
    uint32_t v = at(i) << 16 | at(i + 1) << 8 | at(i + 2);
    for (int shift : {18, 12, 6, 0}) *p++ = kBase64[v >> shift & 63];
  }
  if (std::size_t rest = bytes.size() - i) {
    uint32_t v = at(i) << 16 | (rest == 2 ? at(i + 1) << 8 : 0);
    *p++ = kBase64[v >> 18];
    *p++ = kBase64[v >> 12 & 63];
    *p++ = rest == 2 ? kBase64[v >> 6 & 63] : '=';
    *p++ = '=';
  }
  *p++ = '"';
  out.advance(p);
}

bool decode_base64(std::string_view text, std::string& out, std::string& error) {
  static constexpr std::array<int8_t, 256> kValues = [] {
    std::array<int8_t, 256> t{};
    t.fill(-1);
    for (int i = 0; i < 64; ++i) t[static_cast<unsigned char>(kBase64[i])] = static_cast<int8_t>(i);
    return t;
  }();
  out.clear();
  out.reserve(text.size() / 4 * 3);
  auto corrupt = [&](std::size_t at) {
    error = "illegal base64 data at input byte " + std::to_string(at);
    return false;
  };
  uint32_t bits = 0;
  int have = 0, padding = 0;
  std::size_t i = 0;
  for (; i < text.size(); ++i) {
    char c = text[i];
    if (c == '\n' || c == '\r') continue;
    if (c == '=') {
      if (have + padding < 2 || have + padding > 3) return corrupt(i);
      ++padding;
      continue;
    }
    int8_t value = kValues[static_cast<unsigned char>(c)];
    if (value < 0 || padding > 0) return corrupt(i);
    bits = bits << 6 | static_cast<uint32_t>(value);
    if (++have == 4) {
      out += static_cast<char>(bits >> 16);
      out += static_cast<char>(bits >> 8);
      out += static_cast<char>(bits);
      have = 0;
      bits = 0;
    }
  }
  if (have == 0 && padding == 0) return true;
  if (have + padding != 4) return corrupt(i);
  if (have == 2) out += static_cast<char>(bits >> 4);
  if (have == 3) {
    out += static_cast<char>(bits >> 10);
    out += static_cast<char>(bits >> 2);
  }
  return true;
}

void write_json_compact(std::string_view text, TextOut& out) {
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '<' || c == '>' || c == '&') {
      write_unicode_escape(static_cast<unsigned char>(c), out);
    } else if (is_line_separator(text.data() + i, i + 2 < text.size() ? 3 : 0)) {
      write_unicode_escape(text[i + 2] == '\xA8' ? 0x2028 : 0x2029, out);
      i += 2;
    } else if (in_string) {
      out.put(c);
      if (c == '\\' && i + 1 < text.size()) {
        out.put(text[++i]);
      } else if (c == '"') {
        in_string = false;
      }
    } else if (c != ' ' && c != '\n' && c != '\r' && c != '\t') {
      out.put(c);
      in_string = c == '"';
    }
  }
}

std::string indent_json(std::string_view text) {
  std::string result;
  TextOut out(result);
  std::size_t depth = 0;
  bool in_string = false;
  auto newline = [&] {
    out.put('\n');
    for (std::size_t i = 0; i < depth; ++i) out.put("  ");
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (in_string) {
      out.put(c);
      if (c == '\\' && i + 1 < text.size()) {
        out.put(text[++i]);
      } else if (c == '"') {
        in_string = false;
      }
      continue;
    }
    switch (c) {
      case '{':
      case '[':
        out.put(c);
        if (i + 1 < text.size() && (text[i + 1] == '}' || text[i + 1] == ']')) {
          out.put(text[++i]);
        } else {
          ++depth;
          newline();
        }
        break;
      case '}':
      case ']':
        if (depth > 0) --depth;
        newline();
        out.put(c);
        break;
      case ',':
        out.put(c);
        newline();
        break;
      case ':':
        out.put(": ");
        break;
      default:
        out.put(c);
        in_string = c == '"';
    }
  }
  out.finish();
  return result;
}

}  // namespace xebec::codec
