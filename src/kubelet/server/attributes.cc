#include "kubelet/server/attributes.h"

namespace xebec::kubelet {
namespace {

std::string verb_of(std::string_view method) {
  if (method == "POST") return "create";
  if (method == "GET" || method == "HEAD") return "get";
  if (method == "PUT") return "update";
  if (method == "PATCH") return "patch";
  if (method == "DELETE") return "delete";
  return {};
}

}  // namespace

std::vector<std::string> path_segments(std::string_view path) {
  std::vector<std::string> segments;
  while (!path.empty()) {
    size_t slash = path.find('/');
    std::string_view segment = path.substr(0, slash);
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
    if (!segment.empty()) segments.push_back(http::percent_decode(segment, false));
  }
  return segments;
}

NodeAttributes node_attributes(const http::Request& request) {
  NodeAttributes out;
  std::vector<std::string> segments = path_segments(request.path);
  std::string root = segments.empty() ? std::string() : segments[0];
  bool runs = root == "exec" || root == "attach" || root == "portForward" || root == "run";
  out.verb = runs ? "create" : verb_of(request.method);
  // Some have a name of their own besides `proxy`, others one instead of it.
  if (root == "pods" || root == "runningpods") out.subresources.emplace_back("pods");
  if (root == "healthz" || root == "configz") out.subresources.push_back(root);
  if (root == "stats" || root == "metrics" || root == "checkpoint") {
    out.subresources.push_back(root);
  } else {
    out.subresources.emplace_back(root == "logs" ? "log" : "proxy");
  }
  return out;
}

}  // namespace xebec::kubelet
