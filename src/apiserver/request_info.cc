#include "apiserver/request_info.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "http/query_flag.h"

namespace xebec::apiserver {
namespace {

std::vector<std::string> split_path(std::string_view path) {
  while (!path.empty() && path.front() == '/') path.remove_prefix(1);
  while (!path.empty() && path.back() == '/') path.remove_suffix(1);
  std::vector<std::string> parts;
  if (path.empty()) return parts;
  for (;;) {
    size_t slash = path.find('/');
    parts.emplace_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return parts;
    path.remove_prefix(slash + 1);
  }
}

void drop_front(std::vector<std::string>& parts, size_t n) { parts.erase(parts.begin(), parts.begin() + n); }

std::string_view verb_of(std::string_view method) {
  if (method == "POST") return "create";
  if (method == "GET" || method == "HEAD") return "get";
  if (method == "PUT") return "update";
  if (method == "PATCH") return "patch";
  if (method == "DELETE") return "delete";
  return "";
}

// The name a field selector asks for, if it asks for exactly one.
std::string selected_name(std::string_view selector) {
  std::string found;
  while (!selector.empty()) {
    size_t comma = selector.find(',');
    std::string_view term = selector.substr(0, comma);
    for (std::string_view prefix : {"metadata.name==", "metadata.name="}) {
      if (!term.starts_with(prefix)) continue;
      found = term.substr(prefix.size());
      break;
    }
    if (comma == std::string_view::npos) break;
    selector.remove_prefix(comma + 1);
  }
  bool segment = found != "." && found != ".." && found.find_first_of("/%") == std::string::npos;
  return segment ? found : std::string();
}

// The rest of a resource path, after the version.
void parse_resource(const http::Request& request, std::vector<std::string> parts, RequestInfo& info) {
  if (parts[0] == "watch" || parts[0] == "proxy") {
    info.verb = parts[0];
    drop_front(parts, 1);
  } else {
    info.verb = verb_of(request.method);
  }
  if (!parts.empty() && parts[0] == "namespaces" && parts.size() > 1) {
    info.namespace_ = parts[1];
    bool own_subresource = parts.size() > 2 && (parts[2] == "status" || parts[2] == "finalize");
    if (parts.size() > 2 && !own_subresource) drop_front(parts, 2);
  }
  info.parts = parts;
  if (parts.size() >= 3 && info.verb != "proxy") info.subresource = parts[2];
  if (parts.size() >= 2) info.name = parts[1];
  if (!parts.empty()) info.resource = parts[0];

  if (info.name.empty() && info.verb == "get") {
    info.verb = http::query_flag(request, "watch") ? "watch" : "list";
    info.name = selected_name(request.param("fieldSelector").value_or(""));
  }
  if (info.name.empty() && info.verb == "delete") info.verb = "deletecollection";
  if (info.verb == "list" || info.verb == "watch" || info.verb == "deletecollection") {
    info.field_selector = request.param("fieldSelector").value_or("");
    info.label_selector = request.param("labelSelector").value_or("");
  }
}

}  // namespace

RequestInfo parse_request_info(const http::Request& request) {
  RequestInfo info;
  info.path = http::percent_decode(request.path, false);
  info.verb = request.method;
  std::ranges::transform(info.verb, info.verb.begin(), [](unsigned char c) { return std::tolower(c); });

  std::vector<std::string> parts = split_path(info.path);
  if (parts.size() < 3 || (parts[0] != "api" && parts[0] != "apis")) return info;
  bool has_group = parts[0] == "apis";
  if (has_group && parts.size() < 4) return info;
  info.api_prefix = parts[0];
  if (has_group) info.group = parts[1];
  drop_front(parts, has_group ? 2 : 1);
  info.version = parts[0];
  drop_front(parts, 1);
  // A special verb needs something to work on.
  if ((parts[0] == "watch" || parts[0] == "proxy") && parts.size() < 2) return info;
  info.is_resource = true;
  parse_resource(request, std::move(parts), info);
  return info;
}

}  // namespace xebec::apiserver
