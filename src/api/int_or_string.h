// IntOrString (k8s.io/apimachinery/pkg/util/intstr): a number, or a text such as a port name or "25%".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace xebec::api {

struct IntOrString {
  enum class Type : uint8_t { Int = 0, String = 1 };
  Type type = Type::Int;
  int32_t int_val = 0;
  std::string str_val;

  IntOrString() = default;
  IntOrString(int32_t value) : int_val(value) {}
  IntOrString(std::string_view text) : type(Type::String), str_val(text) {}
  IntOrString(const char* text) : IntOrString(std::string_view(text)) {}

  bool is_int() const { return type == Type::Int; }
  bool is_string() const { return type == Type::String; }
  // The number as text, or the text.
  std::string str() const { return is_int() ? std::to_string(int_val) : str_val; }
  // The number; of a text its leading integer, 0 when it is none (intstr.IntValue).
  int32_t int_value() const;
  bool operator==(const IntOrString&) const = default;
};

// The number itself, or the percentage of `total` rounded up or down. Error: a text that is no percentage, in
// upstream's words (intstr.GetScaledValueFromIntOrPercent).
Result<int64_t> get_scaled_value(const IntOrString& value, int64_t total, bool round_up);

}  // namespace xebec::api
