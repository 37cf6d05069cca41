// nodes/proxy, pods/proxy and services/proxy: the request goes on to whatever stands behind the name, and its
// answer comes back with links and redirections that lead here again (k8s.io/apimachinery/pkg/util/proxy).
#include <fmt/format.h>

#include "apiserver/http/kubelet_proxy.h"
#include "apiserver/http/link_rewriter.h"
#include "apiserver/http/options.h"
#include "apiserver/http/proxy_target.h"
#include "apiserver/http/resource_call.h"
#include "apiserver/http/tunnel.h"

namespace xebec::apiserver {
namespace {

// Where in the path what is meant for the target begins; its size when not even a slash follows.
size_t rest_of_path(const http::Request& request, bool namespaced) {
  // api/v1/nodes/NAME/proxy or api/v1/namespaces/NS/pods/NAME/proxy, and the old forms
  // api/v1/proxy/nodes/NAME and api/v1/proxy/namespaces/NS/pods/NAME, which are as long.
  int slashes = namespaced ? 8 : 6;
  for (size_t i = 0; i < request.path.size(); ++i)
    if (request.path[i] == '/' && --slashes == 0) return i;
  return request.path.size();
}

// As a browser would be told: relative links below need the slash.
http::Response with_slash(const http::Request& request) {
  http::Response redirect;
  redirect.status = 301;
  const std::string query = request.query.empty() ? "" : "?" + request.query;
  redirect.headers.add("Location", fmt::format("{}/{}", request.path, query));
  return redirect;
}

std::string client_address(const http::Request& request) {
  if (!request.connection) return {};
  const std::string& remote = request.connection->remote_address;
  return remote.substr(0, remote.rfind(':'));
}

http::Request to_target(const http::Request& from, size_t rest, bool upgrades) {
  http::Request out = forwarded(from);
  out.path = rest < from.path.size() ? from.path.substr(rest) : "/";
  out.query = from.query;
  // The target is told what the client asked for.
  if (from.headers.has("Host")) out.headers.add("Host", from.headers.get("Host"));
  out.headers.erase("X-Forwarded-Uri");
  out.headers.add("X-Forwarded-Uri", from.path);
  if (const std::string client = client_address(from); !client.empty()) {
    const std::string before(from.headers.get("X-Forwarded-For"));
    out.headers.erase("X-Forwarded-For");
    out.headers.add("X-Forwarded-For", before.empty() ? client : before + ", " + client);
  }
  if (upgrades) return out;
  out.headers.erase("Connection");
  out.headers.erase("Upgrade");
  // Links are found in plain text.
  out.headers.erase("Accept-Encoding");
  return out;
}

void lead_back(http::Response& response, LinkRule rule) {
  for (std::string_view name : {"Access-Control-Allow-Credentials", "Access-Control-Allow-Headers",
                                "Access-Control-Allow-Methods", "Access-Control-Allow-Origin"})
    response.headers.erase(name);
  if (response.headers.has("Location")) {
    const std::string location = rule.rewritten(response.headers.get("Location"));
    response.headers.erase("Location");
    response.headers.add("Location", location);
    return;
  }
  std::string_view type = response.headers.get("Content-Type");
  type = type.substr(0, type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  if (type == "text/html" && !response.headers.has("Content-Encoding"))
    rewrite_links(response, std::move(rule));
}

}  // namespace

Answer handle_proxy(Context context, ResourceCall call) {
  CO_TRY_VOID(refuse_dry_run(call.request()));
  CO_TRY(ProxyTarget target, co_await find_proxy_target(context, call));
  const http::Request& from = call.request();
  const bool upgrades = from.headers.has("Upgrade");
  const bool reads = from.method == "GET" || from.method == "HEAD";
  const size_t rest = rest_of_path(from, call.resource->namespaced);
  if (rest == from.path.size() && reads && !upgrades) co_return with_slash(from);
  http::Request request = to_target(from, rest, upgrades);
  LinkRule rule;
  rule.source_host = target.host;
  rule.request_host = from.headers.get("Host");
  rule.prefix = from.path.substr(0, rest);
  if (upgrades) {
    Result<http::Response> tunnel =
        co_await open_tunnel(std::move(context), std::move(target.client), std::move(request));
    if (!tunnel && tunnel.error().code == 503)
      co_return fail(Status(500, reason::kUnknown, "error dialing backend: " + tunnel.error().message));
    co_return std::move(tunnel);
  }
  Result<http::Response> response = co_await target.client->send(std::move(context), std::move(request));
  if (!response)
    co_return fail(errors::service_unavailable(
        fmt::format("error trying to reach service: {}", response.error().message)));
  http::Response answer = pass_through(std::move(target.client), std::move(*response));
  lead_back(answer, std::move(rule));
  co_return answer;
}

}  // namespace xebec::apiserver
