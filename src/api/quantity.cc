#include "api/quantity.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <optional>

namespace xebec::api {

using Int = __int128;

// mantissa * 10^scale. 128 bits hold every amount that Kubernetes' caps allow, to the nano; beyond that the
// mantissa saturates.
struct QuantityNumber {
  Int mantissa = 0;
  int32_t scale = 0;
  static QuantityNumber of(const Quantity& q);
};

namespace {

using Number = QuantityNumber;
using Format = Quantity::Format;

constexpr Int kMaxInt = (static_cast<Int>(1) << 126) - 1 + (static_cast<Int>(1) << 126);
constexpr int kMaxInt64Digits = 18;

bool multiply(Int a, Int b, Int& out) { return !__builtin_mul_overflow(a, b, &out); }

// mantissa * 10^n; false on overflow.
bool shift(Int& mantissa, int64_t n) {
  if (mantissa == 0) return true;
  for (; n > 0; --n)
    if (!multiply(mantissa, 10, mantissa)) return false;
  return true;
}

// Divides by 10^n, away from zero; true when exact.
bool divide_up(Int& mantissa, int64_t n) {
  bool exact = true;
  for (; n > 0 && (mantissa != 0); --n) {
    exact = exact && mantissa % 10 == 0;
    mantissa /= 10;
  }
  return exact;
}

int sign_of(Int v) { return v > 0 ? 1 : v < 0 ? -1 : 0; }

// Rounds to 10^scale away from zero when the number is finer; true when nothing was lost.
bool round_number(Number& n, int32_t scale) {
  if (n.scale >= scale) return true;
  const int sign = sign_of(n.mantissa);
  const bool exact = divide_up(n.mantissa, static_cast<int64_t>(scale) - n.scale);
  if (!exact) n.mantissa += sign;
  n.scale = scale;
  return exact;
}

// The number in units of 10^scale, rounded away from zero, saturated.
Int scaled(Number n, int32_t scale) {
  round_number(n, scale);
  const int sign = sign_of(n.mantissa);
  if (!shift(n.mantissa, static_cast<int64_t>(n.scale) - scale)) return sign * kMaxInt;
  return n.mantissa;
}

int64_t saturate(Int v) {
  return static_cast<int64_t>(
      std::clamp<Int>(v, std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()));
}

int compare(Number a, Number b) {
  const int sa = sign_of(a.mantissa), sb = sign_of(b.mantissa);
  if (sa != sb || sa == 0) return sa < sb ? -1 : sa > sb ? 1 : 0;
  const bool a_coarser = a.scale > b.scale;
  Number& coarse = a_coarser ? a : b;
  const Number& fine = a_coarser ? b : a;
  // A coarse number that does not fit the fine scale has the greater magnitude.
  if (!shift(coarse.mantissa, static_cast<int64_t>(coarse.scale) - fine.scale)) return a_coarser ? sa : -sa;
  return a.mantissa < b.mantissa ? -1 : a.mantissa > b.mantissa ? 1 : 0;
}

Number sum(Number a, Number b) {
  if (a.mantissa == 0) return b;
  if (b.mantissa == 0) return a;
  if (a.scale < b.scale) std::swap(a, b);  // a is the coarser
  if (!shift(a.mantissa, static_cast<int64_t>(a.scale) - b.scale))
    return {sign_of(a.mantissa) * kMaxInt, b.scale};
  Int out;
  if (__builtin_add_overflow(a.mantissa, b.mantissa, &out)) out = sign_of(a.mantissa) * kMaxInt;
  return {out, b.scale};
}

std::string digits(Int v) {
  if (v == 0) return "0";
  char text[48];
  char* at = text + sizeof text;
  const bool negative = v < 0;
  unsigned __int128 u = negative ? -static_cast<unsigned __int128>(v) : static_cast<unsigned __int128>(v);
  for (; u; u /= 10) *--at = static_cast<char>('0' + static_cast<int>(u % 10));
  if (negative) *--at = '-';
  return std::string(at, text + sizeof text);
}

struct Suffix {
  std::string_view text;
  int32_t exponent;
  Format format;
};
constexpr Suffix kSuffixes[] = {
    {"", 0, Format::DecimalSI},   {"m", -3, Format::DecimalSI}, {"k", 3, Format::DecimalSI},
    {"M", 6, Format::DecimalSI},  {"G", 9, Format::DecimalSI},  {"T", 12, Format::DecimalSI},
    {"P", 15, Format::DecimalSI}, {"E", 18, Format::DecimalSI}, {"u", -6, Format::DecimalSI},
    {"n", -9, Format::DecimalSI}, {"Ki", 10, Format::BinarySI}, {"Mi", 20, Format::BinarySI},
    {"Gi", 30, Format::BinarySI}, {"Ti", 40, Format::BinarySI}, {"Pi", 50, Format::BinarySI},
    {"Ei", 60, Format::BinarySI}};

std::optional<Suffix> interpret(std::string_view text) {
  for (const Suffix& s : kSuffixes)
    if (s.text == text) return s;
  if (text.size() < 2 || (text[0] != 'e' && text[0] != 'E')) return std::nullopt;
  int32_t exponent = 0;
  const char* begin = text.data() + (text[1] == '+' ? 2 : 1);
  auto [at, error] = std::from_chars(begin, text.data() + text.size(), exponent);
  if (error != std::errc() || at != text.data() + text.size() || begin == at) return std::nullopt;
  // Far more than any quantity needs, and safe to add to.
  if (exponent > 1000000000 || exponent < -1000000000) return std::nullopt;
  return Suffix{text, exponent, Format::DecimalExponent};
}

std::string decimal_suffix(int32_t exponent, Format format) {
  if (format == Format::DecimalSI)
    for (const Suffix& s : kSuffixes)
      if (s.format == Format::DecimalSI && s.exponent == exponent) return std::string(s.text);
  return exponent == 0 ? "" : "e" + std::to_string(exponent);
}

std::string canonical_decimal(Number n, Format format) {
  while (n.mantissa % 10 == 0) {
    n.mantissa /= 10;
    ++n.scale;
  }
  while (n.scale % 3 != 0) {
    Int finer;
    if (!multiply(n.mantissa, 10, finer)) {
      // Too long for the finer suffix: rounded to the next coarser one, which always fits.
      round_number(n, n.scale + (n.scale % 3 < 0 ? -(n.scale % 3) : 3 - n.scale % 3));
      return canonical_decimal(n, format);
    }
    n.mantissa = finer;
    --n.scale;
  }
  return digits(n.mantissa) + decimal_suffix(n.scale, format);
}

std::string canonical_binary(Int value) {
  static constexpr std::string_view kNames[] = {"", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};
  std::size_t power = 0;
  while (value % 1024 == 0 && power < 6) {
    value /= 1024;
    ++power;
  }
  return digits(value).append(kNames[power]);
}

// Upstream's CanonicalizeBytes.
std::string canonical(Number n, Format format) {
  if (n.mantissa == 0) return "0";
  if (format == Format::BinarySI) {
    Number whole = n;
    const bool small = compare(n, {1024, 0}) < 0 && compare(n, {-1024, 0}) > 0;
    if (!small && round_number(whole, 0)) return canonical_binary(scaled(whole, 0));
    format = Format::DecimalSI;
  }
  return canonical_decimal(n, format);
}

// The pieces of a quantity's text: sign, digits before and after the point, suffix.
struct Pieces {
  bool negative = false;
  std::string_view number, fraction, suffix;
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::size_t skip_digits(std::string_view text, std::size_t pos) {
  while (pos < text.size() && is_digit(text[pos])) ++pos;
  return pos;
}

bool split(std::string_view text, Pieces& p) {
  std::size_t pos = 0;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) p.negative = text[pos++] == '-';
  while (pos < text.size() && text[pos] == '0') ++pos;
  std::size_t end = skip_digits(text, pos);
  p.number = end == pos ? "0" : text.substr(pos, end - pos);
  pos = end;
  if (pos < text.size() && text[pos] == '.') {
    end = skip_digits(text, ++pos);
    p.fraction = text.substr(pos, end - pos);
    pos = end;
  }
  const std::size_t suffix = pos;
  while (pos < text.size() && std::string_view("eEinumkKMGTP").find(text[pos]) != std::string_view::npos)
    ++pos;
  if (pos < text.size() && (text[pos] == '-' || text[pos] == '+')) ++pos;
  pos = skip_digits(text, pos);
  p.suffix = text.substr(suffix);
  return pos == text.size();
}

struct Parsed {
  Number number;
  Format format;
  bool keep_text;  // the text is taken for canonical
};

// The value of num.fraction as an integer of 10^-len(fraction); digits that matter no more only round up.
Number read_digits(const Pieces& p) {
  Number n;
  bool lost = false;
  for (char c : p.number) {
    Int next;
    if (!multiply(n.mantissa, 10, next) || __builtin_add_overflow(next, static_cast<Int>(c - '0'), &next))
      next = kMaxInt;
    n.mantissa = next;
  }
  for (char c : p.fraction) {
    Int next;
    if (lost || !multiply(n.mantissa, 10, next) || next > kMaxInt - 9) {
      lost = lost || c != '0';
      continue;
    }
    n.mantissa = next + (c - '0');
    --n.scale;
  }
  if (lost && n.mantissa < kMaxInt) ++n.mantissa;
  if (p.negative) n.mantissa = -n.mantissa;
  return n;
}

bool ends_with_zeros(const Pieces& p) {
  std::string shifted(p.number);
  shifted += p.fraction;
  return shifted.ends_with("000");
}

// Upstream's path for numbers that fit int64, which keeps texts that look canonical.
bool parse_fast(const Pieces& p, const Suffix& s, Parsed& out) {
  const int length = static_cast<int>(p.number.size() + p.fraction.size());
  const bool binary = s.format == Format::BinarySI;
  if (binary && !p.fraction.empty()) return false;
  const int precision =
      binary ? 15 - static_cast<int>(p.number.size()) - s.exponent * 3 / 10 - 1 : kMaxInt64Digits - length;
  if (precision < 0) return false;
  Number n = read_digits(p);
  if (!binary) n.scale += s.exponent;
  if (n.scale < Quantity::kNano) return false;
  const int64_t plain = static_cast<int64_t>(n.mantissa < 0 ? -n.mantissa : n.mantissa);
  if (binary) {
    n.mantissa *= static_cast<Int>(1) << s.exponent;
    if (n.mantissa != saturate(n.mantissa)) return false;
    out = {n, s.format, s.exponent % 10 == 0 && (plain & 7) != 0};
  } else {
    out = {n, s.format, n.scale % 3 == 0 && p.number[0] != '0' && !ends_with_zeros(p)};
  }
  return true;
}

Parsed parse_slow(const Pieces& p, const Suffix& s) {
  Number n = read_digits(p);
  const int sign = sign_of(n.mantissa);
  if (s.format == Format::BinarySI) {
    if (!multiply(n.mantissa, static_cast<Int>(1) << s.exponent, n.mantissa)) n.mantissa = sign * kMaxInt;
  } else {
    n.scale += s.exponent;
  }
  round_number(n, Quantity::kNano);
  Format format = s.format;
  const Number max{std::numeric_limits<int64_t>::max(), 0}, min{-std::numeric_limits<int64_t>::max(), 0};
  if (format == Format::BinarySI && compare(n, max) > 0) n = max;
  if (format == Format::BinarySI && compare(n, min) < 0) n = min;
  if (format == Format::BinarySI && sign != 0 && compare(n, {1, 0}) < 0 && compare(n, {-1, 0}) > 0)
    format = Format::DecimalSI;
  return {n, format, false};
}

Result<Parsed> parse_text(std::string_view text) {
  static constexpr const char* kWrong =
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
  if (text.empty()) return fail(errors::bad_request(kWrong));
  Pieces p;
  if (!split(text, p)) return fail(errors::bad_request(kWrong));
  const auto suffix = interpret(p.suffix);
  if (!suffix) return fail(errors::bad_request("unable to parse quantity's suffix"));
  Parsed out;
  if (!parse_fast(p, *suffix, out)) out = parse_slow(p, *suffix);
  return out;
}

}  // namespace

QuantityNumber QuantityNumber::of(const Quantity& q) {
  if (q.text_.empty()) return {};
  auto parsed = parse_text(q.text_);
  return parsed ? parsed->number : QuantityNumber{};
}

Quantity::Quantity(int64_t value, Format format) : text_(canonical({value, 0}, format)), format_(format) {}

Quantity Quantity::from_scaled(int64_t value, int scale, Format format) {
  Quantity q;
  q.format_ = format;
  q.text_ = canonical({value, scale}, format);
  return q;
}

Quantity Quantity::from_milli(int64_t milli, Format format) { return from_scaled(milli, kMilli, format); }

Result<Quantity> Quantity::parse(std::string_view text) {
  TRY(Parsed parsed, parse_text(text));
  Quantity q;
  q.format_ = parsed.format;
  q.text_ = parsed.keep_text ? std::string(text) : canonical(parsed.number, parsed.format);
  return q;
}

Quantity Quantity::must_parse(std::string_view text) {
  auto q = parse(text);
  if (!q) {
    std::fprintf(stderr, "invalid quantity constant '%.*s'\n", static_cast<int>(text.size()), text.data());
    std::abort();
  }
  return *std::move(q);
}

int64_t Quantity::scaled_value(int scale) const { return saturate(scaled(Number::of(*this), scale)); }

double Quantity::to_double() const {
  const Number n = Number::of(*this);
  return static_cast<double>(n.mantissa) * std::pow(10.0, n.scale);
}

int Quantity::sign() const { return sign_of(Number::of(*this).mantissa); }

int Quantity::cmp(const Quantity& other) const { return compare(Number::of(*this), Number::of(other)); }

void Quantity::add(const Quantity& other) {
  const Number a = Number::of(*this);
  if (a.mantissa == 0) format_ = other.format_;
  text_ = canonical(sum(a, Number::of(other)), format_);
}

void Quantity::sub(const Quantity& other) {
  const Number a = Number::of(*this);
  Number b = Number::of(other);
  if (a.mantissa == 0) format_ = other.format_;
  b.mantissa = -b.mantissa;
  text_ = canonical(sum(a, b), format_);
}

void Quantity::mul(int64_t factor) {
  Number n = Number::of(*this);
  const int sign = sign_of(n.mantissa) * sign_of(factor);
  if (!multiply(n.mantissa, factor, n.mantissa)) n.mantissa = sign * kMaxInt;
  text_ = canonical(n, format_);
}

void Quantity::neg() {
  Number n = Number::of(*this);
  n.mantissa = -n.mantissa;
  text_ = canonical(n, format_);
}

bool Quantity::round_up(int scale) {
  Number n = Number::of(*this);
  if (n.scale >= scale) return true;
  const bool exact = round_number(n, scale);
  text_ = canonical(n, format_);
  return exact;
}

void Quantity::set(int64_t value) { text_ = canonical({value, 0}, format_); }

void Quantity::set_milli(int64_t milli) { text_ = canonical({milli, kMilli}, format_); }

}  // namespace xebec::api
