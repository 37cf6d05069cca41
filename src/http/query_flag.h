// Boolean parameters of queries, as apimachinery reads them (runtime.Convert_Slice_string_To_bool): any value
// is true, the empty one too, except 0 and false, which is written in any case: Python's clients send False.
#pragma once

#include <algorithm>
#include <string_view>

#include "http/message.h"

namespace xebec::http {

inline bool is_true(std::string_view value) {
  const auto same_letter = [](char letter, char lower) { return letter == lower || letter == lower - 32; };
  return value != "0" && !std::ranges::equal(value, std::string_view("false"), same_letter);
}

// Whether the parameter is there and true.
inline bool query_flag(const Request& request, std::string_view name) {
  const std::optional<std::string> value = request.param(name);
  return value && is_true(*value);
}

}  // namespace xebec::http
