#include "tests/fuzz/mutate.h"

#include <array>
#include <string_view>

namespace xebec::fuzz {
namespace {

// Longer inputs are slow and show nothing new.
constexpr size_t kLongest = 1 << 16;

// Where parsers tend to err: ends of ranges, openings without an end, bytes with a meaning.
constexpr std::array<std::string_view, 24> kTokens = {{"0",
                                                       "-1",
                                                       "1e309",
                                                       "0.000000001",
                                                       "2147483648",
                                                       "-9223372036854775809",
                                                       "9223372036854775807",
                                                       "18446744073709551616",
                                                       "\"",
                                                       "\\u0000",
                                                       "\\ud800",
                                                       "{",
                                                       "}",
                                                       "[[[[[[[[",
                                                       "null",
                                                       ":",
                                                       ",",
                                                       "%",
                                                       "%00",
                                                       "\r\n",
                                                       "\n  ",
                                                       "\x1e",
                                                       "\xc3\x28",
                                                       "\xf4\x90\x80\x80"}};

}  // namespace

std::string Mutator::piece(const std::string& text, size_t most) {
  if (text.empty()) return {};
  const size_t at = below(text.size());
  return text.substr(at, 1 + below(most));
}

void Mutator::change(std::string& text) {
  const size_t at = below(text.size() + 1);
  const bool at_byte = at < text.size();
  switch (below(9)) {
    case 0:
      if (at_byte) text[at] = static_cast<char>(text[at] ^ 1 << below(8));
      return;
    case 1:
      if (at_byte) text[at] = static_cast<char>(below(256));
      return;
    case 2:
      text.erase(at, 1 + below(8));
      return;
    case 3:
      text.insert(at, 1 + below(4), static_cast<char>(below(256)));
      return;
    case 4:
      text.insert(at, kTokens[below(kTokens.size())]);
      return;
    case 5:
      text.insert(at, piece(text, 32));
      return;
    case 6:
      text.insert(at, piece(seeds_[below(seeds_.size())], 64));
      return;
    case 7:
      if (below(4) == 0) text.resize(at);
      return;
    default:
      if (at_byte && text[at] >= '0' && text[at] <= '9') {
        text.replace(at, 1, kTokens[below(8)]);
      } else if (at_byte) {
        text[at] = static_cast<char>(text[at] + (below(2) == 0 ? 1 : -1));
      }
  }
}

std::string Mutator::mutate(std::string text) {
  for (size_t n = 1 + below(4); n > 0; --n) change(text);
  if (text.size() > kLongest) text.resize(kLongest);
  return text;
}

}  // namespace xebec::fuzz
