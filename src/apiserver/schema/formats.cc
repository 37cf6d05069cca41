#include "apiserver/schema/formats.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <string>

#include "apiserver/schema/go_regexp.h"

namespace xebec::apiserver::schema {
namespace {

bool parses(int family, std::string_view text) {
  unsigned char address[sizeof(in6_addr)];
  return text.find('\0') == std::string_view::npos &&
         inet_pton(family, std::string(text).c_str(), address) == 1;
}

bool is_cidr(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos) return false;
  const std::string_view address = text.substr(0, slash), bits = text.substr(slash + 1);
  const bool v6 = address.find(':') != std::string_view::npos;
  unsigned length = 0;
  const auto [end, error] = std::from_chars(bits.data(), bits.data() + bits.size(), length);
  const bool number = error == std::errc() && end == bits.data() + bits.size();
  return number && length <= (v6 ? 128u : 32u) && parses(v6 ? AF_INET6 : AF_INET, address);
}

// Neither the 30th of February.
bool is_date(std::string_view text) {
  static const GoRegexp form("^[0-9]{4}-[0-9]{2}-[0-9]{2}$");
  if (!form.matches(text)) return false;
  const auto number = [&](size_t at, size_t size) {
    int out = 0;
    std::from_chars(text.data() + at, text.data() + at + size, out);
    return out;
  };
  return std::chrono::year_month_day(std::chrono::year(number(0, 4)), std::chrono::month(number(5, 2)),
                                     std::chrono::day(number(8, 2)))
      .ok();
}

bool is_hostname(std::string_view text) {
  static const GoRegexp form(
      R"(^([a-zA-Z0-9\p{S}\p{L}]((-?[a-zA-Z0-9\p{S}\p{L}]{0,62})?)|([a-zA-Z0-9\p{S}\p{L}](([a-zA-Z0-9-\p{S}\p{L}]{0,61}[a-zA-Z0-9\p{S}\p{L}])?)(\.)){1,}([a-zA-Z0-9\p{S}\p{L}])(-?[a-zA-Z0-9\p{S}\p{L}]){1,62})$)");
  if (text.size() > 255 || !form.matches(text)) return false;
  for (size_t at = 0; at <= text.size();) {
    const size_t dot = std::min(text.find('.', at), text.size());
    if (dot - at > 63) return false;
    at = dot + 1;
  }
  return true;
}

struct Pattern {
  std::string_view format;
  GoRegexp pattern;
};

const Pattern* pattern_of(std::string_view format) {
  static const Pattern patterns[] = {
      {"bsonobjectid", GoRegexp("^[0-9a-fA-F]{24}$")},
      {"mac", GoRegexp("^([0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}|[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){7}|"
                       "[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){19}|[0-9a-fA-F]{2}(-[0-9a-fA-F]{2}){5}|"
                       "[0-9a-fA-F]{2}(-[0-9a-fA-F]{2}){7}|[0-9a-fA-F]{2}(-[0-9a-fA-F]{2}){19}|"
                       "[0-9a-fA-F]{4}(\\.[0-9a-fA-F]{4}){2}|[0-9a-fA-F]{4}(\\.[0-9a-fA-F]{4}){3}|"
                       "[0-9a-fA-F]{4}(\\.[0-9a-fA-F]{4}){9})$")},
      {"uuid", GoRegexp("(?i)^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$")},
      {"uuid3", GoRegexp("(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?3[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}$")},
      {"uuid4", GoRegexp("(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?4[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$")},
      {"uuid5", GoRegexp("(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?5[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$")},
      {"ssn", GoRegexp("^[0-9]{3}[- ]?[0-9]{2}[- ]?[0-9]{4}$")},
      {"hexcolor", GoRegexp("^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$")},
      {"byte", GoRegexp("^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$")},
      {"k8sshortname", GoRegexp("^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")},
      {"k8slongname", GoRegexp("^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")}};
  const auto* found = std::ranges::find(patterns, format, &Pattern::format);
  return found == std::end(patterns) ? nullptr : found;
}

}  // namespace

bool has_format(std::string_view format, std::string_view text) {
  std::string name(format);
  std::erase(name, '-');
  if (name == "ipv4") return parses(AF_INET, text);
  if (name == "ipv6") return parses(AF_INET6, text);
  if (name == "cidr") return is_cidr(text);
  if (name == "date") return is_date(text);
  if (name == "hostname") return is_hostname(text);
  if (name == "ssn" && text.size() != 11) return false;
  if (name == "k8slongname" && text.size() > 253) return false;
  const Pattern* pattern = pattern_of(name);
  return pattern == nullptr || pattern->pattern.matches(text);
}

}  // namespace xebec::apiserver::schema
