#include "codec/yaml_scalar.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "codec/json_text.h"

namespace xebec::codec {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::size_t digits(std::string_view text) {
  std::size_t n = 0;
  while (n < text.size() && is_digit(text[n])) ++n;
  return n;
}

bool one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  for (std::string_view word : words) {
    if (text == word) return true;
  }
  return false;
}

// strconv.ParseInt(text, 0, 64): 0x, 0o, 0b or a leading 0 choose the base.
bool parse_integer(std::string_view text, Value& out) {
  bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  int base = 10;
  if (text.size() > 1 && text[0] == '0') {
    char c = static_cast<char>(text[1] | 0x20);
    base = c == 'x' ? 16 : c == 'b' ? 2 : 8;
    text.remove_prefix(c == 'x' || c == 'b' || c == 'o' ? 2 : 1);
  }
  uint64_t magnitude;
  auto [p, ec] = std::from_chars(text.data(), text.data() + text.size(), magnitude, base);
  if (ec != std::errc() || p != text.data() + text.size() || text.empty()) return false;
  constexpr uint64_t kMax = std::numeric_limits<int64_t>::max();
  if (negative ? magnitude > kMax + 1 : magnitude > kMax) {
    if (negative) return false;
    out = static_cast<double>(magnitude);
    return true;
  }
  out = static_cast<int64_t>(negative ? ~magnitude + 1 : magnitude);
  return true;
}

// [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?
bool is_float(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  std::size_t whole = digits(text);
  text.remove_prefix(whole);
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    std::size_t fraction = digits(text);
    if (whole == 0 && fraction == 0) return false;
    text.remove_prefix(fraction);
  } else if (whole == 0) {
    return false;
  }
  if (text.empty()) return true;
  if (text[0] != 'e' && text[0] != 'E') return false;
  text.remove_prefix(1);
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return !text.empty() && digits(text) == text.size();
}

// A float that JSON writes as an integer comes back as one.
Value number(double value) {
  if (std::trunc(value) == value && std::fabs(value) < 9.2e18) return static_cast<int64_t>(value);
  return value;
}

}  // namespace

bool is_yaml_timestamp(std::string_view text) {
  auto take = [&](std::size_t least, std::size_t most) {
    std::size_t n = digits(text);
    if (n < least || n > most) return false;
    text.remove_prefix(n);
    return true;
  };
  auto skip = [&](char c) {
    if (!text.starts_with(c)) return false;
    text.remove_prefix(1);
    return true;
  };
  if (!take(4, 4) || !skip('-') || !take(1, 2) || !skip('-') || !take(1, 2)) return false;
  if (text.empty()) return true;
  if (!skip('T') && !skip('t') && !skip(' ')) return false;
  if (!take(1, 2) || !skip(':') || !take(1, 2) || !skip(':') || !take(1, 2)) return false;
  if (skip('.')) text.remove_prefix(digits(text));
  if (text.empty() || text == "Z") return true;
  skip(' ');
  if (!skip('+') && !skip('-')) return false;
  return take(2, 2) && (text.empty() || (skip(':') && take(2, 2) && text.empty()));
}

bool is_base60_float(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty() || !is_digit(text[0]) || text.find(':') == std::string_view::npos) return false;
  bool colon = false;
  std::size_t i = 0;
  while (i < text.size() && (is_digit(text[i]) || text[i] == '_')) ++i;
  while (i < text.size() && text[i] == ':') {
    colon = true;
    std::size_t n = digits(text.substr(i + 1));
    if (n == 0 || n > 2 || (n == 2 && text[i + 1] > '5')) return false;
    i += n + 1;
  }
  if (i < text.size() && text[i] == '.') {
    ++i;
    while (i < text.size() && (is_digit(text[i]) || text[i] == '_')) ++i;
  }
  return colon && i == text.size();
}

Value resolve_yaml_scalar(std::string_view text) {
  if (one_of(text, {"", "~", "null", "Null", "NULL"})) return nullptr;
  if (one_of(text, {"y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"})) return true;
  if (one_of(text, {"n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"}))
    return false;
  if (one_of(text, {".nan", ".NaN", ".NAN"})) return std::numeric_limits<double>::quiet_NaN();
  if (one_of(text, {".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"}))
    return std::numeric_limits<double>::infinity();
  if (one_of(text, {"-.inf", "-.Inf", "-.INF"})) return -std::numeric_limits<double>::infinity();
  char c = text[0];
  if (!is_digit(c) && c != '-' && c != '+' && c != '.') return text;
  if (is_yaml_timestamp(text)) return text;
  std::string plain;
  for (char d : text) {
    if (d != '_') plain += d;
  }
  Value value;
  if (parse_integer(plain, value)) return value;
  if (is_float(plain)) {
    double real = std::strtod(plain.c_str(), nullptr);
    if (std::isfinite(real)) return number(real);
  }
  return text;
}

namespace {

// A line break at the start of `text` as go-yaml keeps it: CR, LF and NEL are a newline, the Unicode
// separators stay themselves; empty when there is none. `length`: its bytes in `text`.
std::string_view break_at(std::string_view text, std::size_t& length) {
  length = text.starts_with("\r\n") ? 2 : 1;
  if (text.starts_with('\n') || text.starts_with('\r')) return "\n";
  length = 2;
  if (text.starts_with("\xc2\x85")) return "\n";
  length = 3;
  for (std::string_view separator : {"\xe2\x80\xa8", "\xe2\x80\xa9"}) {
    if (text.starts_with(separator)) return separator;
  }
  length = 0;
  return {};
}

// What a run of blanks and breaks within a flow scalar stands for; takes it off `text`.
std::string folded(std::string_view& text) {
  std::string blanks, first, more;
  bool broken = false;
  while (!text.empty()) {
    std::size_t length = 0;
    if (text.front() == ' ' || text.front() == '\t') {
      if (!broken) blanks += text.front();
      length = 1;
    } else if (std::string_view line_break = break_at(text, length); length > 0) {
      (broken ? more : first) += line_break;
      broken = true;
    } else {
      break;
    }
    text.remove_prefix(length);
  }
  if (!broken) return blanks;
  if (first != "\n") return first + more;
  return more.empty() ? " " : more;
}

}  // namespace

std::string unquote_single(std::string_view raw) {
  std::string out;
  while (!raw.empty()) {
    std::size_t length = 0;
    if (raw.starts_with("''")) {
      out += '\'';
      raw.remove_prefix(2);
    } else if (raw.front() == ' ' || raw.front() == '\t' || !break_at(raw, length).empty()) {
      out += folded(raw);
    } else {
      out += raw.front();
      raw.remove_prefix(1);
    }
  }
  return out;
}

std::string to_valid_utf8(std::string_view bytes) {
  std::string out;
  const char* end = bytes.data() + bytes.size();
  for (const char* p = bytes.data(); p != end;) {
    const int length = utf8_length(p, end);
    if (length > 0) {
      out.append(p, static_cast<std::size_t>(length));
    } else {
      out += "\xef\xbf\xbd";
    }
    p += std::max(length, 1);
  }
  return out;
}

}  // namespace xebec::codec
