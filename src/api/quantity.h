// Quantity: Kubernetes' exact fixed-point number with a suffix, as k8s.io/apimachinery/pkg/api/resource.
// Kept is the text that upstream would write: parsing canonicalizes ("0.5Gi" -> "512Mi", "1000m" -> "1"), so
// a value goes to every wire byte for byte. Arithmetic is exact within 128 bits; fractions finer than nano
// are rounded up (away from zero) and binary amounts capped at 2^63-1, both as upstream. Equality is numeric:
// 1 == 1000m.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace xebec::api {

class Quantity {
 public:
  enum class Format : uint8_t { DecimalSI, BinarySI, DecimalExponent };
  // Scales are powers of ten, as upstream's resource.Scale.
  static constexpr int kNano = -9, kMicro = -6, kMilli = -3, kUnit = 0, kKilo = 3, kMega = 6, kGiga = 9;

  Quantity() = default;
  explicit Quantity(int64_t value, Format format = Format::DecimalSI);
  static Quantity from_milli(int64_t milli, Format format = Format::DecimalSI);
  // `value` * 10^scale.
  static Quantity from_scaled(int64_t value, int scale, Format format = Format::DecimalSI);
  // Errors carry upstream's words ("quantities must match the regular expression ...").
  static Result<Quantity> parse(std::string_view text);
  // For constants in our own code: an invalid text terminates.
  static Quantity must_parse(std::string_view text);

  // The canonical text; "0" for the zero value.
  std::string_view str() const { return text_.empty() ? std::string_view("0") : std::string_view(text_); }
  Format format() const { return format_; }

  // Rounded up to the unit; saturates at the int64 limits.
  int64_t value() const { return scaled_value(kUnit); }
  int64_t milli_value() const { return scaled_value(kMilli); }
  int64_t scaled_value(int scale) const;
  double to_double() const;
  bool is_zero() const { return sign() == 0; }
  int sign() const;
  // -1, 0 or 1.
  int cmp(const Quantity& other) const;

  void add(const Quantity& other);
  void sub(const Quantity& other);
  void mul(int64_t factor);
  void neg();
  // Rounds away from zero to 10^scale; true when nothing was lost.
  bool round_up(int scale);
  void set(int64_t value);
  void set_milli(int64_t milli);

  friend bool operator==(const Quantity& a, const Quantity& b) { return a.text_ == b.text_ || a.cmp(b) == 0; }
  friend std::strong_ordering operator<=>(const Quantity& a, const Quantity& b) { return a.cmp(b) <=> 0; }

 private:
  friend struct QuantityNumber;
  std::string text_;  // canonical; empty is "0"
  Format format_ = Format::DecimalSI;
};

}  // namespace xebec::api
