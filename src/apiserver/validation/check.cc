#include "apiserver/validation/check.h"

#include <fmt/format.h>

#include "api/gen/metav1.h"
#include "apiserver/validation/object_meta.h"

namespace xebec::apiserver::validation {
namespace {

bool is_alnum(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool only_of(std::string_view text, bool (*allowed)(char)) {
  return std::all_of(text.begin(), text.end(), allowed);
}

bool config_key_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
         c == '.';
}

api::Messages port_name_messages(std::string_view name) {
  api::Messages out;
  if (name.size() > 15) out.push_back(api::max_length_error(15));
  bool charset = !name.empty() && only_of(name, [](char c) { return is_alnum(c) || c == '-'; });
  if (!charset) out.emplace_back("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
  bool letter = std::any_of(name.begin(), name.end(), [](char c) { return c >= 'a' && c <= 'z'; });
  if (!letter) out.emplace_back("must contain at least one letter (a-z)");
  if (name.find("--") != std::string_view::npos) out.emplace_back("must not contain consecutive hyphens");
  if (!name.empty() && (name.front() == '-' || name.back() == '-')) {
    out.emplace_back("must not begin or end with a hyphen");
  }
  return out;
}

}  // namespace

void check_messages(Errors& errors, const Path& path, std::string_view value, const api::Messages& messages) {
  for (const std::string& message : messages) errors.push_back(field::invalid_string(path, value, message));
}

void check_non_negative(Errors& errors, const Path& path, int64_t value) {
  if (value < 0) errors.push_back(field::invalid_int(path, value, kNonNegative));
}

void check_positive(Errors& errors, const Path& path, int64_t value) {
  if (value <= 0) errors.push_back(field::invalid_int(path, value, "must be greater than zero"));
}

void check_required(Errors& errors, const Path& path, std::string_view value, std::string_view detail) {
  if (value.empty()) errors.push_back(field::required(path, detail));
}

void check_enum(Errors& errors, const Path& path, std::string_view value,
                std::initializer_list<std::string_view> supported) {
  if (std::find(supported.begin(), supported.end(), value) != supported.end()) return;
  errors.push_back(field::not_supported(path, value, std::span(supported.begin(), supported.size())));
}

field::Error not_supported_value(const Path& path, std::string_view rendered_value,
                                 std::initializer_list<std::string_view> supported) {
  field::Error error = field::not_supported(path, "", std::span(supported.begin(), supported.size()));
  error.body.replace(error.body.find("\"\""), 2, rendered_value);
  return error;
}

void check_enum(Errors& errors, const Path& path, const std::optional<std::string>& value,
                std::initializer_list<std::string_view> supported) {
  if (value) check_enum(errors, path, std::string_view(*value), supported);
}

void check_required_enum(Errors& errors, const Path& path, std::string_view value,
                         std::initializer_list<std::string_view> supported) {
  if (value.empty()) return void(errors.push_back(field::required(path)));
  check_enum(errors, path, value, supported);
}

api::Messages is_valid_port_number(int64_t port) {
  if (port >= 1 && port <= 65535) return {};
  return {"must be between 1 and 65535, inclusive"};
}

api::Messages is_valid_port_name(std::string_view name) { return port_name_messages(name); }

void check_port(Errors& errors, const Path& path, int64_t port) {
  for (const std::string& message : is_valid_port_number(port))
    errors.push_back(field::invalid_int(path, port, message));
}

void check_port_or_name(Errors& errors, const Path& path, const api::IntOrString& port) {
  if (port.is_int()) {
    check_port(errors, path, port.int_val);
  } else {
    check_messages(errors, path, port.str_val, is_valid_port_name(port.str_val));
  }
}

void check_dns_label(Errors& errors, const Path& path, std::string_view value) {
  check_messages(errors, path, value, api::is_dns1123_label(value));
}

void check_dns_subdomain(Errors& errors, const Path& path, std::string_view value) {
  check_messages(errors, path, value, api::is_dns1123_subdomain(value));
}

void check_relaxed_subdomain(Errors& errors, const Path& path, std::string_view value) {
  if (value.size() > 253) errors.push_back(field::invalid_string(path, value, api::max_length_error(253)));
  bool fine = true;
  for (std::string_view rest = value; fine;) {
    const size_t dot = rest.find('.');
    std::string_view label = rest.substr(0, dot);
    if (label.starts_with('_')) label.remove_prefix(1);
    fine = !label.empty() && is_alnum(label.front()) && is_alnum(label.back()) &&
           only_of(label, [](char c) { return is_alnum(c) || c == '-' || c == '_'; });
    if (dot == std::string_view::npos) break;
    rest.remove_prefix(dot + 1);
  }
  if (fine) return;
  errors.push_back(field::invalid_string(
      path, value,
      api::regex_error(
          "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' "
          "or '.', and must start and end with an alphanumeric character",
          "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*", {"example.com"})));
}

void check_wildcard_subdomain(Errors& errors, const Path& path, std::string_view value) {
  if (value.size() > 253) errors.push_back(field::invalid_string(path, value, api::max_length_error(253)));
  const std::string_view rest = value.starts_with("*.") ? value.substr(2) : "";
  // What is too long has been said.
  const bool fine = value.size() > 253 ? !rest.empty() && rest.find('*') == std::string_view::npos
                                       : api::is_dns1123_subdomain(rest).empty();
  if (fine) return;
  errors.push_back(field::invalid_string(
      path, value,
      api::regex_error("a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS "
                       "subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and "
                       "end with an alphanumeric character",
                       "\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*",
                       {"*.example.com"})));
}

void check_full_domain(Errors& errors, const Path& path, std::string_view value) {
  if (value.empty()) return void(errors.push_back(field::required(path)));
  if (value.ends_with('.')) value.remove_suffix(1);
  auto refuse = [&](std::string_view part, const api::Messages& messages) {
    if (!messages.empty())
      errors.push_back(field::invalid_string(path, part, fmt::format("{}", fmt::join(messages, ","))));
    return !messages.empty();
  };
  if (refuse(value, api::is_dns1123_subdomain(value))) return;
  if (value.find('.') == std::string_view::npos) {
    errors.push_back(field::invalid_string(
        path, value, "should be a domain with at least two segments separated by dots"));
    return;
  }
  for (size_t begin = 0; begin <= value.size();) {
    const size_t end = std::min(value.find('.', begin), value.size());
    const std::string_view label = value.substr(begin, end - begin);
    if (refuse(label, api::is_dns1123_label(label))) return;
    begin = end + 1;
  }
}

void check_path_segment(Errors& errors, const Path& path, std::string_view value, std::string_view missing) {
  if (value.empty()) return void(errors.push_back(field::required(path, missing)));
  check_messages(errors, path, value, api::is_valid_path_segment_name(value));
}

void check_label_value(Errors& errors, const Path& path, std::string_view value) {
  check_messages(errors, path, value, api::is_valid_label_value(value));
}

void check_qualified_name(Errors& errors, const Path& path, std::string_view value) {
  check_messages(errors, path, value, api::is_qualified_name(value));
}

void check_domain_prefixed_path(Errors& errors, const Path& path, std::string_view value) {
  if (value.empty()) return void(errors.push_back(field::required(path)));
  const size_t slash = value.find('/');
  if (slash == 0 || slash == std::string_view::npos || slash + 1 == value.size()) {
    return void(errors.push_back(
        field::invalid_string(path, value, R"(must be a domain-prefixed path (such as "acme.io/foo"))")));
  }
  check_dns_subdomain(errors, path, value.substr(0, slash));
  const std::string_view rest = value.substr(slash + 1);
  constexpr std::string_view kSigns = "/-._~%!$&'()*+,;=:";
  const bool fine = std::all_of(rest.begin(), rest.end(), [&](char c) {
    return is_alnum(c) || (c >= 'A' && c <= 'Z') || kSigns.find(c) != std::string_view::npos;
  });
  if (fine) return;
  errors.push_back(field::invalid_string(
      path, rest, api::regex_error("Invalid path", R"([A-Za-z0-9/\-._~%!$&'()*+,;=:]+)", {})));
}

void check_immutable(Errors& errors, const Path& path, bool same, std::string_view rendered_value) {
  if (!same) errors.push_back(field::invalid(path, rendered_value, kImmutable));
}

void check_id(Errors& errors, const Path& path, int64_t id) {
  if (id >= 0 && id <= std::numeric_limits<int32_t>::max()) return;
  errors.push_back(field::invalid_int(path, id, "must be between 0 and 2147483647, inclusive"));
}

bool check_operator_values(Errors& errors, const Path& path, std::string_view op,
                           const std::vector<std::string>& values) {
  if (op == "In" || op == "NotIn") {
    if (values.empty()) {
      errors.push_back(
          field::required(path.child("values"), "must be specified when `operator` is 'In' or 'NotIn'"));
    }
    return true;
  }
  if (op != "Exists" && op != "DoesNotExist") return false;
  if (!values.empty()) {
    errors.push_back(field::forbidden(path.child("values"),
                                      "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
  }
  return true;
}

void check_label_requirement(Errors& errors, const Path& path, const metav1::LabelSelectorRequirement& r,
                             SelectorValues values, SelectorOperators operators) {
  if (!check_operator_values(errors, path, r.operator_, r.values) && operators == SelectorOperators::kKnown) {
    errors.push_back(
        field::invalid_string(path.child("operator"), r.operator_, "not a valid selector operator"));
  }
  check_qualified_name(errors, path.child("key"), r.key);
  for (size_t i = 0; i < r.values.size() && values == SelectorValues::kChecked; ++i)
    check_label_value(errors, path.child("values").index(i), r.values[i]);
}

void check_label_selector(Errors& errors, const Path& path, const metav1::LabelSelector& selector,
                          SelectorValues values) {
  field::append(errors, validate_labels(selector.matchLabels, path.child("matchLabels")));
  for (size_t i = 0; i < selector.matchExpressions.size(); ++i) {
    check_label_requirement(errors, path.child("matchExpressions").index(i), selector.matchExpressions[i],
                            values);
  }
}

SelectorValues values_after(const metav1::LabelSelector* old) {
  Errors wrong;
  if (old != nullptr) check_label_selector(wrong, Path("old"), *old);
  return wrong.empty() ? SelectorValues::kChecked : SelectorValues::kAny;
}

void check_no_backsteps(Errors& errors, const Path& path, std::string_view value) {
  size_t begin = 0;
  while (begin <= value.size()) {
    size_t end = std::min(value.find('/', begin), value.size());
    if (value.substr(begin, end - begin) == "..") {
      errors.push_back(field::invalid_string(path, value, "must not contain '..'"));
      return;
    }
    begin = end + 1;
  }
}

void check_local_path(Errors& errors, const Path& path, std::string_view value) {
  if (value.starts_with('/')) errors.push_back(field::invalid_string(path, value, "must be a relative path"));
  check_no_backsteps(errors, path, value);
}

void check_unreserved_path(Errors& errors, const Path& path, std::string_view value) {
  check_local_path(errors, path, value);
  const bool reported = value == ".." || value.starts_with("../");
  if (value.starts_with("..") && !reported)
    errors.push_back(field::invalid_string(path, value, "must not start with '..'"));
}

api::Messages name_is_config_key(std::string_view key, bool) {
  api::Messages out;
  if (key.size() > 253) out.push_back(api::max_length_error(253));
  if (key.empty() || !only_of(key, config_key_char)) {
    out.push_back(
        api::regex_error("a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
                         "[-._a-zA-Z0-9]+", {"key.name", "KEY_NAME", "key-name"}));
  }
  if (key == ".") out.emplace_back("must not be '.'");
  if (key == "..") {
    out.emplace_back("must not be '..'");
  } else if (key.starts_with("..")) {
    out.emplace_back("must not start with '..'");
  }
  return out;
}

void check_config_key(Errors& errors, const Path& path, std::string_view key) {
  check_messages(errors, path, key, name_is_config_key(key, false));
}

void check_env_name(Errors& errors, const Path& path, std::string_view name) {
  // Relaxed names: any printable ASCII but '='.
  bool fine = !name.empty() && only_of(name, [](char c) { return c >= ' ' && c <= '~' && c != '='; });
  if (fine) return;
  errors.push_back(field::invalid_string(
      path, name,
      "a valid environment variable name must consist only of printable ASCII characters other than '='"));
}

bool is_percent(std::string_view text) {
  if (text.size() < 2 || !text.ends_with('%')) return false;
  return only_of(text.substr(0, text.size() - 1), [](char c) { return c >= '0' && c <= '9'; });
}

void check_int_or_percent(Errors& errors, const Path& path, const api::IntOrString& value) {
  if (value.is_int()) return check_non_negative(errors, path, value.int_val);
  if (is_percent(value.str_val)) return;
  errors.push_back(field::invalid_string(
      path, value.str_val,
      api::regex_error("a valid percent string must be a numeric string followed by an ending '%'", "[0-9]+%",
                       {"1%", "93%"})));
}

void check_not_over_100_percent(Errors& errors, const Path& path, const api::IntOrString& value) {
  if (value.is_int() || !is_percent(value.str_val)) return;
  if (api::get_scaled_value(value, 100, false).value_or(0) > 100) {
    errors.push_back(field::invalid_string(path, value.str_val, "must not be greater than 100%"));
  }
}

}  // namespace xebec::apiserver::validation
