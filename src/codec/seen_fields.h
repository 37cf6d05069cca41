// Which fields of a message a decoder has already met, to notice those that come twice.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace xebec::codec {

// One bit a field, those of kind and apiVersion included.
class SeenFields {
 public:
  bool test_and_set(std::size_t i) {
    if (i >= 64 * bits_.size()) return false;
    const uint64_t bit = uint64_t{1} << (i & 63);
    const bool seen = bits_[i >> 6] & bit;
    bits_[i >> 6] |= bit;
    return seen;
  }

 private:
  std::array<uint64_t, 4> bits_{};
};

}  // namespace xebec::codec
