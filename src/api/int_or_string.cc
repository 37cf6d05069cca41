#include "api/int_or_string.h"

#include <charconv>

namespace xebec::api {

int32_t IntOrString::int_value() const {
  if (is_int()) return int_val;
  int32_t value = 0;
  const char* end = str_val.data() + str_val.size();
  const char* begin = str_val.data() + (!str_val.empty() && str_val[0] == '+' ? 1 : 0);
  auto [at, error] = std::from_chars(begin, end, value);
  return error == std::errc() && at == end ? value : 0;
}

Result<int64_t> get_scaled_value(const IntOrString& value, int64_t total, bool round_up) {
  if (value.is_int()) return value.int_val;
  const std::string& s = value.str_val;
  auto invalid = [&](const std::string& why) {
    return fail(errors::bad_request("invalid value for IntOrString: invalid type: " + why));
  };
  if (s.empty() || s.back() != '%') return invalid("string is not a percentage");
  int64_t percent = 0;
  const char* end = s.data() + s.size() - 1;
  auto [at, error] = std::from_chars(s.data(), end, percent);
  if (error != std::errc() || at != end)
    return fail(errors::bad_request("invalid value for IntOrString: invalid value \"" + s +
                                    "\": strconv.Atoi: parsing \"" + s.substr(0, s.size() - 1) +
                                    "\": invalid syntax"));
  const __int128 scaled = static_cast<__int128>(percent) * total;
  __int128 quotient = scaled / 100;
  const __int128 rest = scaled % 100;
  if (round_up && rest > 0) ++quotient;
  if (!round_up && rest < 0) --quotient;
  return static_cast<int64_t>(quotient);
}

}  // namespace xebec::api
