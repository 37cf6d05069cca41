#include "base/go_quote.h"

#include <cstdint>
#include <cstdio>

namespace xebec {
namespace {

// Decodes one UTF-8 sequence; returns its length, 0 when it is not valid.
size_t decode_rune(std::string_view text, uint32_t& rune) {
  auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  const size_t length = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0;
  if (length == 0 || length > text.size() || first > 0xf4) return 0;
  rune = length == 1 ? first : first & (0x7f >> length);
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
    rune = rune << 6 | (byte(i) & 0x3f);
  }
  static constexpr uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  if (length > 1 && (rune < kLeast[length] || rune > 0x10ffff || (rune >= 0xd800 && rune < 0xe000))) return 0;
  return length;
}

// What strconv.IsPrint refuses among the code points met in practice: controls, format characters and spaces
// other than ' ', private use, noncharacters.
bool printable(uint32_t rune) {
  if (rune < 0x20 || (rune >= 0x7f && rune <= 0xa0) || rune == 0xad) return false;
  if ((rune >= 0x2000 && rune <= 0x200f) || (rune >= 0x2028 && rune <= 0x202f) ||
      (rune >= 0x205f && rune <= 0x206f))
    return false;
  if (rune == 0x3000 || rune == 0xfeff || (rune >= 0xe000 && rune <= 0xf8ff) || rune >= 0xf0000) return false;
  return (rune & 0xfffe) != 0xfffe;
}

}  // namespace

std::string go_quote(std::string_view text) {
  std::string out = "\"";
  char buffer[16];
  while (!text.empty()) {
    uint32_t rune = 0;
    const size_t length = decode_rune(text, rune);
    static constexpr std::string_view kEscaped = "\a\b\f\n\r\t\v", kLetters = "abfnrtv";
    if (length == 0) {
      std::snprintf(buffer, sizeof buffer, "\\x%02x", static_cast<unsigned char>(text[0]));
      out += buffer;
    } else if (rune == '"' || rune == '\\') {
      out += '\\';
      out += static_cast<char>(rune);
    } else if (rune < 0x80 && kEscaped.find(static_cast<char>(rune)) != std::string_view::npos) {
      out += '\\';
      out += kLetters[kEscaped.find(static_cast<char>(rune))];
    } else if (printable(rune)) {
      out += text.substr(0, length);
    } else {
      std::snprintf(buffer, sizeof buffer,
                    rune < 0x80      ? "\\x%02x"
                    : rune < 0x10000 ? "\\u%04x"
                                     : "\\U%08x",
                    rune);
      out += buffer;
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out + '"';
}

}  // namespace xebec
