#include "api/names.h"

#include <algorithm>

namespace xebec::api {
namespace {

constexpr std::string_view kLabelRegex = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
constexpr std::string_view kSubdomainRegex =
    "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
constexpr std::string_view kDns1035Regex = "[a-z]([-a-z0-9]*[a-z0-9])?";
constexpr std::string_view kQualifiedRegex = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";

bool lower(char c) { return c >= 'a' && c <= 'z'; }
bool digit(char c) { return c >= '0' && c <= '9'; }
bool lower_or_digit(char c) { return lower(c) || digit(c); }
bool alphanumeric(char c) { return lower_or_digit(c) || (c >= 'A' && c <= 'Z'); }

bool matches_label(std::string_view s) {
  return !s.empty() && lower_or_digit(s.front()) && lower_or_digit(s.back()) &&
         std::all_of(s.begin(), s.end(), [](char c) { return lower_or_digit(c) || c == '-'; });
}

bool matches_qualified(std::string_view s) {
  return !s.empty() && alphanumeric(s.front()) && alphanumeric(s.back()) &&
         std::all_of(s.begin(), s.end(),
                     [](char c) { return alphanumeric(c) || c == '-' || c == '_' || c == '.'; });
}

std::string qualified_error() {
  return regex_error(
      "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
      "character",
      kQualifiedRegex, {"MyName", "my.name", "123-abc"});
}

// A prefix that ends in '-' will go on with a character of the suffix.
std::string mask_trailing_dash(std::string_view name) {
  std::string out(name);
  if (out.size() > 1 && out.back() == '-') {
    out.pop_back();
    out.back() = 'a';
  }
  return out;
}

}  // namespace

std::string max_length_error(int length) {
  return "must be no more than " + std::to_string(length) + " characters";
}

std::string regex_error(std::string_view message, std::string_view regex,
                        std::initializer_list<std::string_view> examples) {
  std::string out(message);
  out += examples.size() == 0 ? " (" : " (e.g. ";
  bool first = true;
  for (std::string_view example : examples) {
    out += first ? "'" : " or '";
    out.append(example).append("', ");
    first = false;
  }
  return out.append("regex used for validation is '").append(regex).append("')");
}

Messages is_dns1123_label(std::string_view value) {
  Messages out;
  if (value.size() > 63) out.push_back(max_length_error(63));
  if (!matches_label(value)) {
    out.push_back(regex_error(
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must "
        "start and end with an alphanumeric character",
        kLabelRegex, {"my-name", "123-abc"}));
  }
  return out;
}

Messages is_dns1123_subdomain(std::string_view value) {
  Messages out;
  if (value.size() > 253) out.push_back(max_length_error(253));
  bool ok = true;
  for (std::string_view rest = value; ok;) {
    const size_t dot = rest.find('.');
    ok = matches_label(rest.substr(0, dot));
    if (dot == std::string_view::npos) break;
    rest.remove_prefix(dot + 1);
  }
  if (!ok) {
    out.push_back(regex_error(
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', "
        "and must start and end with an alphanumeric character",
        kSubdomainRegex, {"example.com"}));
  }
  return out;
}

Messages is_dns1035_label(std::string_view value) {
  Messages out;
  if (value.size() > 63) out.push_back(max_length_error(63));
  if (!matches_label(value) || !lower(value.front())) {
    out.push_back(regex_error(
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an "
        "alphabetic character, and end with an alphanumeric character",
        kDns1035Regex, {"my-name", "abc-123"}));
  }
  return out;
}

Messages is_qualified_name(std::string_view value) {
  Messages out;
  const size_t slash = value.find('/');
  std::string_view name = value;
  if (slash != std::string_view::npos) {
    if (value.find('/', slash + 1) != std::string_view::npos) {
      out.push_back("a qualified name " + qualified_error() +
                    " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')");
      return out;
    }
    const std::string_view prefix = value.substr(0, slash);
    name = value.substr(slash + 1);
    if (prefix.empty()) {
      out.push_back("prefix part must be non-empty");
    } else {
      for (const std::string& message : is_dns1123_subdomain(prefix)) out.push_back("prefix part " + message);
    }
  }
  if (name.empty()) {
    out.push_back("name part must be non-empty");
  } else if (name.size() > 63) {
    out.push_back("name part " + max_length_error(63));
  }
  if (!matches_qualified(name)) out.push_back("name part " + qualified_error());
  return out;
}

Messages is_valid_label_value(std::string_view value) {
  Messages out;
  if (value.size() > 63) out.push_back(max_length_error(63));
  if (!value.empty() && !matches_qualified(value)) {
    out.push_back(regex_error(
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', "
        "and must start and end with an alphanumeric character",
        std::string("(").append(kQualifiedRegex).append(")?"), {"MyValue", "my_value", "12345"}));
  }
  return out;
}

Messages is_valid_path_segment_prefix(std::string_view value) {
  Messages out;
  if (value.find('/') != std::string_view::npos) out.push_back("may not contain '/'");
  if (value.find('%') != std::string_view::npos) out.push_back("may not contain '%'");
  return out;
}

Messages is_valid_path_segment_name(std::string_view value) {
  if (value == "." || value == "..") return {"may not be '" + std::string(value) + "'"};
  return is_valid_path_segment_prefix(value);
}

Messages name_is_dns_subdomain(std::string_view name, bool prefix) {
  return is_dns1123_subdomain(prefix ? mask_trailing_dash(name) : std::string(name));
}
Messages name_is_dns_label(std::string_view name, bool prefix) {
  return is_dns1123_label(prefix ? mask_trailing_dash(name) : std::string(name));
}
Messages name_is_dns1035_label(std::string_view name, bool prefix) {
  return is_dns1035_label(prefix ? mask_trailing_dash(name) : std::string(name));
}
Messages name_is_path_segment(std::string_view name, bool prefix) {
  return prefix ? is_valid_path_segment_prefix(name) : is_valid_path_segment_name(name);
}

}  // namespace xebec::api
