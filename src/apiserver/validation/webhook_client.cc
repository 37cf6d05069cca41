// The address of a webhook (k8s.io/apiserver/pkg/util/webhook).
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "apiserver/validation/admission.h"

namespace xebec::apiserver::validation {
namespace {

constexpr std::string_view kForm = "; desired format: https://host[/path]";

struct Url {
  std::string scheme;
  std::optional<std::string_view> user;
  std::string_view host, query, fragment;
};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Takes the part before the first `c` from `text`, which keeps the part behind it.
std::optional<std::string_view> split_front(std::string_view& text, char c) {
  const size_t at = text.find(c);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view front = text.substr(0, at);
  text.remove_prefix(at + 1);
  return front;
}

// As Go's net/url, as far as the rules below can tell; what is wrong otherwise.
std::string parse_url(std::string_view text, Url& out) {
  const bool control = std::any_of(text.begin(), text.end(),
                                   [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  if (control) return "net/url: invalid control character in URL";
  std::string_view rest = text;
  if (const auto front = split_front(rest, '#')) {
    out.fragment = rest;
    rest = *front;
  }
  auto in_scheme = [](char c) { return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.'; };
  const auto end = std::find_if_not(rest.begin(), rest.end(), in_scheme);
  const auto length = static_cast<size_t>(end - rest.begin());
  if (end != rest.end() && *end == ':' && (length == 0 || is_letter(rest[0]))) {
    if (length == 0) return "missing protocol scheme";
    out.scheme = rest.substr(0, length);
    for (char& c : out.scheme)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    rest.remove_prefix(length + 1);
  }
  if (const auto front = split_front(rest, '?')) {
    out.query = rest;
    rest = *front;
  }
  if (!rest.starts_with('/')) {
    if (out.scheme.empty() && rest.substr(0, rest.find('/')).find(':') != std::string_view::npos)
      return "first path segment in URL cannot contain colon";
    return {};
  }
  if (!rest.starts_with("//") || (out.scheme.empty() && rest.starts_with("///"))) return {};
  rest.remove_prefix(2);
  rest = rest.substr(0, rest.find('/'));
  if (const size_t at = rest.rfind('@'); at != std::string_view::npos) {
    out.user = rest.substr(0, at);
    rest.remove_prefix(at + 1);
  }
  out.host = rest;
  const size_t bracket = rest.starts_with('[') ? rest.find(']') : 0;
  if (bracket == std::string_view::npos) return "missing ']' in host";
  const size_t colon = bracket > 0 ? bracket + 1 : rest.rfind(':');
  const std::string_view port = colon < rest.size() ? rest.substr(colon) : std::string_view();
  if (!port.empty() && (port[0] != ':' || !std::all_of(port.begin() + 1, port.end(), is_digit)))
    return fmt::format("invalid port {} after host", field::quote(port));
  if (rest.find(' ') != std::string_view::npos) return "invalid character \" \" in host name";
  return {};
}

}  // namespace

void check_webhook_url(Errors& errors, const Path& path, std::string_view text) {
  Url url;
  if (const std::string wrong = parse_url(text, url); !wrong.empty()) {
    errors.push_back(field::required(
        path, fmt::format("url must be a valid URL: parse {}: {}{}", field::quote(text), wrong, kForm)));
    return;
  }
  auto refuse = [&](std::string_view value, std::string_view detail) {
    errors.push_back(field::invalid_string(path, value, detail));
  };
  if (url.scheme != "https")
    refuse(url.scheme, fmt::format("'https' is the only allowed URL scheme{}", kForm));
  if (url.host.empty()) refuse(url.host, fmt::format("host must be specified{}", kForm));
  if (url.user) refuse(*url.user, "user information is not permitted in the URL");
  if (!url.fragment.empty()) refuse(url.fragment, "fragments are not permitted in the URL");
  if (!url.query.empty()) refuse(url.query, "query parameters are not permitted in the URL");
}

void check_webhook_service(Errors& errors, const Path& path,
                           const admissionregistrationv1::ServiceReference& service) {
  check_required(errors, path.child("name"), service.name);
  check_required(errors, path.child("namespace"), service.namespace_);
  const int32_t port = service.port.value_or(0);
  if (const api::Messages wrong = is_valid_port_number(port); !wrong.empty()) {
    errors.push_back(field::invalid_int(path.child("port"), port,
                                        fmt::format("port is not valid: {}", fmt::join(wrong, ", "))));
  }
  const std::string text = service.path.value_or("");
  if (text.empty() || text == "/") return;
  auto refuse = [&](std::string_view detail) {
    errors.push_back(field::invalid_string(path.child("path"), text, detail));
  };
  if (text == "//") return refuse("segment[0] may not be empty");
  if (!text.starts_with('/')) refuse("must start with a '/'");
  std::string_view rest = std::string_view(text).substr(1);
  if (rest.ends_with('/')) rest.remove_suffix(1);
  size_t i = 0;
  auto check_step = [&](std::string_view step) {
    if (step.empty())
      refuse(fmt::format("segment[{}] may not be empty", i));
    else
      for (const std::string& wrong : api::is_dns1123_subdomain(step))
        refuse(fmt::format("segment[{}]: {}", i, wrong));
    ++i;
  };
  while (const auto step = split_front(rest, '/')) check_step(*step);
  check_step(rest);
}

}  // namespace xebec::apiserver::validation
