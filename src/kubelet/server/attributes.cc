#include "kubelet/server/attributes.h"

namespace xebec::kubelet {
namespace {

bool below(std::string_view path, std::string_view root) {
  return path == root || (path.starts_with(root) && path[root.size()] == '/');
}

std::string verb_of(std::string_view method) {
  if (method == "POST") return "create";
  if (method == "GET" || method == "HEAD") return "get";
  if (method == "PUT") return "update";
  if (method == "PATCH") return "patch";
  if (method == "DELETE") return "delete";
  return {};
}

}  // namespace

NodeAttributes node_attributes(const http::Request& request) {
  NodeAttributes out;
  out.verb = verb_of(request.method);
  std::string path = http::percent_decode(request.path, false);
  for (std::string_view root : {"/exec", "/attach", "/portForward", "/run"}) {
    if (below(path, root)) out.verb = "create";
  }
  // These have a name of their own besides `proxy`.
  if (below(path, "/pods") || below(path, "/runningpods")) out.subresources.emplace_back("pods");
  if (below(path, "/healthz")) out.subresources.emplace_back("healthz");
  if (below(path, "/configz")) out.subresources.emplace_back("configz");
  if (below(path, "/stats")) {
    out.subresources.emplace_back("stats");
  } else if (below(path, "/metrics")) {
    out.subresources.emplace_back("metrics");
  } else if (below(path, "/logs")) {
    out.subresources.emplace_back("log");
  } else if (below(path, "/checkpoint")) {
    out.subresources.emplace_back("checkpoint");
  } else {
    out.subresources.emplace_back("proxy");
  }
  return out;
}

}  // namespace xebec::kubelet
