#include "codec/cbor/reader.h"

#include <bit>
#include <cmath>

namespace xebec::codec {
namespace {

constexpr int kMaxDepth = 64;
constexpr uint64_t kMaxElements = 1024;

// Walks one data item and remembers what is wrong with it.
class Checker {
 public:
  explicit Checker(std::string_view bytes) : bytes_(bytes) {}

  std::string run() {
    if (bytes_.empty()) return "EOF";
    if (item(0) && at_ != bytes_.size()) {
      error_ = "cbor: " + std::to_string(bytes_.size() - at_) +
               " bytes of extraneous data starting at index " + std::to_string(at_);
    }
    return error_;
  }

 private:
  bool fail(std::string error) {
    error_ = std::move(error);
    return false;
  }
  bool cut() { return fail("unexpected EOF"); }
  bool not_accepted(CborMajor major, std::string_view what) {
    return fail("cbor: data item of cbor type " + std::string(cbor_type_name(major)) +
                " is not accepted by protocol: " + std::string(what));
  }

  bool head(CborHead& out) {
    if (at_ == bytes_.size()) return cut();
    const auto first = static_cast<uint8_t>(bytes_[at_++]);
    out.major = static_cast<CborMajor>(first >> 5);
    out.info = first & 31;
    out.value = out.info;
    if (out.info < 24) return true;
    if (out.info < 28) return argument(out);
    const std::string name(cbor_type_name(out.major));
    const bool number = out.major == CborMajor::kUnsigned || out.major == CborMajor::kNegative ||
                        out.major == CborMajor::kTag;
    if (out.info == 31 && out.major == CborMajor::kSimple) return fail("cbor: unexpected \"break\" code");
    if (out.info == 31 && !number) return true;
    return fail("cbor: invalid additional information " + std::to_string(out.info) + " for type " + name);
  }

  bool argument(CborHead& out) {
    const std::size_t size = std::size_t{1} << (out.info - 24);
    if (bytes_.size() - at_ < size) return cut();
    out.value = 0;
    for (std::size_t i = 0; i < size; ++i) out.value = out.value << 8 | static_cast<uint8_t>(bytes_[at_++]);
    if (out.major == CborMajor::kSimple && out.info == 24 && out.value < 32) {
      return fail("cbor: invalid simple value " + std::to_string(out.value) + " for type primitives");
    }
    return true;
  }

  bool item(int depth) {
    CborHead found;
    if (!head(found)) return false;
    switch (found.major) {
      case CborMajor::kUnsigned:
      case CborMajor::kNegative:
        return true;
      case CborMajor::kBytes:
      case CborMajor::kText:
        return string(found);
      case CborMajor::kArray:
      case CborMajor::kMap:
        return container(found, depth + 1);
      case CborMajor::kTag:
        if (found.value == 2 || found.value == 3) return not_accepted(CborMajor::kTag, "bignum");
        // Further tags are a level each.
        if (at_ < bytes_.size() && static_cast<uint8_t>(bytes_[at_]) >> 5 == 6) ++depth;
        return within(depth) && item(depth);
      case CborMajor::kSimple:
        break;
    }
    if (!is_cbor_float(found)) return true;
    const double value = cbor_float(found);
    if (std::isnan(value)) return not_accepted(found.major, "floating-point NaN");
    return std::isfinite(value) || not_accepted(found.major, "floating-point infinity");
  }

  bool within(int depth) {
    return depth <= kMaxDepth || fail("cbor: exceeded max nested level " + std::to_string(kMaxDepth));
  }

  bool string(const CborHead& found) {
    if (!found.indefinite()) return bytes(found.value);
    for (;;) {
      if (at_ == bytes_.size()) return cut();
      if (bytes_[at_] == '\xff') return ++at_, true;
      const auto major = static_cast<CborMajor>(static_cast<uint8_t>(bytes_[at_]) >> 5);
      const std::string name(cbor_type_name(found.major));
      if (major != found.major) {
        return fail("cbor: wrong element type " + std::string(cbor_type_name(major)) +
                    " for indefinite-length " + name);
      }
      CborHead chunk;
      if ((static_cast<uint8_t>(bytes_[at_]) & 31) == 31)
        return fail("cbor: indefinite-length " + name + " chunk is not definite-length");
      if (!head(chunk) || !bytes(chunk.value)) return false;
    }
  }

  bool bytes(uint64_t size) {
    if (bytes_.size() - at_ < size) return cut();
    at_ += size;
    return true;
  }

  bool container(const CborHead& found, int depth) {
    const bool map = found.major == CborMajor::kMap;
    if (!within(depth)) return false;
    if (!found.indefinite()) {
      if (!few(found.value, map)) return false;
      for (uint64_t i = 0; i < found.value * (map ? 2 : 1); ++i) {
        if (!item(depth)) return false;
      }
      return true;
    }
    for (uint64_t i = 0;; ++i) {
      if (!few(map ? i / 2 : i, map)) return false;
      if (at_ == bytes_.size()) return cut();
      if (bytes_[at_] == '\xff') {
        ++at_;
        return !map || i % 2 == 0 || fail("cbor: unexpected \"break\" code");
      }
      if (!item(depth)) return false;
    }
  }

  bool few(uint64_t count, bool map) {
    if (count <= kMaxElements) return true;
    return fail("cbor: exceeded max number of " + std::string(map ? "key-value pairs " : "elements ") +
                std::to_string(kMaxElements) + " for CBOR " + (map ? "map" : "array"));
  }

  std::string_view bytes_;
  std::size_t at_ = 0;
  std::string error_;
};

double half(uint64_t bits) {
  const int exponent = static_cast<int>(bits >> 10 & 31);
  const auto fraction = static_cast<double>(bits & 0x3ff);
  double value = exponent == 0    ? std::ldexp(fraction, -24)
                 : exponent == 31 ? (fraction == 0 ? INFINITY : NAN)
                                  : std::ldexp(fraction + 1024, exponent - 25);
  return bits & 0x8000 ? -value : value;
}

}  // namespace

std::string check_cbor(std::string_view bytes) { return Checker(bytes).run(); }

std::string_view cbor_type_name(CborMajor major) {
  static constexpr std::string_view kNames[] = {
      "positive integer", "negative integer", "byte string", "UTF-8 text string", "array", "map", "tag",
      "primitives"};
  return kNames[static_cast<int>(major)];
}

double cbor_float(const CborHead& head) {
  if (head.info == 25) return half(head.value);
  if (head.info == 26) return std::bit_cast<float>(static_cast<uint32_t>(head.value));
  return std::bit_cast<double>(head.value);
}

CborHead CborReader::head() {
  const auto first = static_cast<uint8_t>(bytes_[at_++]);
  CborHead out{static_cast<CborMajor>(first >> 5), static_cast<uint8_t>(first & 31), first & 31u};
  if (out.info < 24 || out.info == 31) return out;
  out.value = 0;
  for (int i = 1 << (out.info - 24); i > 0; --i)
    out.value = out.value << 8 | static_cast<uint8_t>(bytes_[at_++]);
  return out;
}

bool CborReader::at_break() {
  if (bytes_[at_] != '\xff') return false;
  ++at_;
  return true;
}

void CborReader::skip() {
  const CborHead found = head();
  std::string scratch;
  switch (found.major) {
    case CborMajor::kBytes:
    case CborMajor::kText:
      (void)content(found, scratch);
      return;
    case CborMajor::kArray:
      for (CborElements elements(*this, found); elements.next();) skip();
      return;
    case CborMajor::kMap:
      for (CborElements pairs(*this, found); pairs.next();) {
        skip();
        skip();
      }
      return;
    case CborMajor::kTag:
      return skip();
    default:
      return;
  }
}

std::string_view CborReader::content(const CborHead& found, std::string& scratch) {
  auto take = [this](uint64_t size) {
    std::string_view out = bytes_.substr(at_, size);
    at_ += size;
    return out;
  };
  if (!found.indefinite()) return take(found.value);
  scratch.clear();
  while (!at_break()) scratch += take(head().value);
  return scratch;
}

}  // namespace xebec::codec
