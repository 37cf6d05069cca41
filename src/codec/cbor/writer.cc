#include "codec/cbor/writer.h"

#include <bit>
#include <cmath>
#include <optional>

namespace xebec::codec {
namespace {

// The same number in sixteen bits, if there is one.
std::optional<uint16_t> as_half(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const uint32_t sign = bits >> 16 & 0x8000, fraction = bits & 0x7fffff;
  const int exponent = static_cast<int>(bits >> 23 & 0xff) - 127;
  if ((bits & 0x7fffffff) == 0) return static_cast<uint16_t>(sign);
  if (exponent > 15 || exponent < -24) return std::nullopt;
  if (exponent >= -14) {
    if (fraction & 0x1fff) return std::nullopt;
    return static_cast<uint16_t>(sign | static_cast<uint32_t>(exponent + 15) << 10 | fraction >> 13);
  }
  // Subnormal: the leading one is written, too.
  const uint32_t whole = fraction | 0x800000;
  const int shift = 13 + (-14 - exponent);
  if (whole & ((1u << shift) - 1)) return std::nullopt;
  return static_cast<uint16_t>(sign | whole >> shift);
}

}  // namespace

void CborWriter::big_endian(uint64_t value, int size) {
  for (int shift = 8 * (size - 1); shift >= 0; shift -= 8) out_ += static_cast<char>(value >> shift & 0xff);
}

void CborWriter::head(CborMajor major, uint64_t count) {
  const int first = static_cast<int>(major) << 5;
  if (count < 24) {
    out_ += static_cast<char>(first | static_cast<int>(count));
    return;
  }
  const int width = count <= 0xff ? 0 : count <= 0xffff ? 1 : count <= 0xffffffff ? 2 : 3;
  out_ += static_cast<char>(first | (24 + width));
  big_endian(count, 1 << width);
}

std::size_t CborWriter::begin_counted_map() {
  head(CborMajor::kMap, 0);
  return out_.size() - 1;
}

void CborWriter::end_counted_map(std::size_t at, std::size_t pairs) {
  std::string written;
  CborWriter(written).head(CborMajor::kMap, pairs);
  out_.replace(at, 1, written);
}

void CborWriter::integer(int64_t value) {
  if (value >= 0) return head(CborMajor::kUnsigned, static_cast<uint64_t>(value));
  head(CborMajor::kNegative, ~static_cast<uint64_t>(value));
}

void CborWriter::real(double value) {
  if (!std::isfinite(value)) return null();
  const auto narrow = static_cast<float>(value);
  if (static_cast<double>(narrow) != value) {
    out_ += '\xfb';
    return big_endian(std::bit_cast<uint64_t>(value), 8);
  }
  if (std::optional<uint16_t> half = as_half(narrow)) {
    out_ += '\xf9';
    return big_endian(*half, 2);
  }
  out_ += '\xfa';
  big_endian(std::bit_cast<uint32_t>(narrow), 4);
}

void CborWriter::string(std::string_view text) {
  head(CborMajor::kBytes, text.size());
  out_ += text;
}

void CborWriter::bytes(std::string_view bytes) {
  head(CborMajor::kTag, 22);
  string(bytes);
}

}  // namespace xebec::codec
