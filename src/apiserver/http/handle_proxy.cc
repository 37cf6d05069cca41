// nodes/proxy, pods/proxy and services/proxy: the request goes on to whatever stands behind the name, which
// may be SCHEME:NAME:PORT (k8s.io/kubernetes ResourceLocation of pods, services and nodes).
#include <fmt/format.h>

#include <charconv>

#include "api/gen/corev1.h"
#include "apiserver/cache/entry.h"
#include "apiserver/http/kubelet_proxy.h"
#include "apiserver/http/resource_call.h"
#include "apiserver/http/tunnel.h"

namespace xebec::apiserver {
namespace {

// [SCHEME:]NAME[:PORT]
struct TargetName {
  std::string scheme, name, port;
};

Result<TargetName> parse_target(const std::string& text) {
  std::vector<std::string> parts;
  for (size_t at = 0;;) {
    size_t colon = text.find(':', at);
    parts.push_back(text.substr(at, colon - at));
    if (colon == std::string::npos) break;
    at = colon + 1;
  }
  TargetName out;
  if (parts.size() == 1) out.name = parts[0];
  if (parts.size() == 2) out = {"", parts[0], parts[1]};
  if (parts.size() == 3) out = {parts[0], parts[1], parts[2]};
  if (out.name.empty() || (!out.scheme.empty() && out.scheme != "http" && out.scheme != "https")) {
    return fail(errors::bad_request(fmt::format("invalid proxy request \"{}\"", text)));
  }
  return out;
}

std::string url_of(std::string_view scheme, std::string_view host, std::string_view port) {
  std::string bracketed =
      host.find(':') == std::string_view::npos ? std::string(host) : fmt::format("[{}]", host);
  return fmt::format("{}://{}:{}", scheme.empty() ? "http" : scheme, bracketed, port);
}

// What follows `/proxy` in the path as it was sent; nothing when not even a slash follows.
std::optional<std::string> rest_of_path(const http::Request& request, bool namespaced) {
  // api/v1/nodes/NAME/proxy or api/v1/namespaces/NS/pods/NAME/proxy
  int slashes = namespaced ? 8 : 6;
  size_t at = std::string::npos;
  for (size_t i = 0; i < request.path.size(); ++i) {
    if (request.path[i] == '/' && --slashes == 0) {
      at = i;
      break;
    }
  }
  if (at == std::string::npos) return std::nullopt;
  return request.path.substr(at);
}

Task<Result<std::shared_ptr<const api::Object>>> object_of(Context context, const RegistryMap* registries,
                                                           std::string resource, std::string ns,
                                                           std::string name) {
  Registry* registry = registries->find("", resource);
  if (!registry) co_return fail(errors::internal(fmt::format("{} are not served", resource)));
  GetRequest get;
  get.namespace_ = std::move(ns);
  get.name = std::move(name);
  CO_TRY(std::shared_ptr<const Entry> entry, co_await registry->get(std::move(context), std::move(get)));
  co_return entry->object();
}

Result<std::string> pod_url(const corev1::Pod& pod, const TargetName& target) {
  std::string port = target.port;
  for (const auto& container : pod.spec.containers) {
    if (port.empty() && !container.ports.empty()) port = std::to_string(container.ports[0].containerPort);
  }
  const std::string& ip = pod.status.podIPs.empty() ? pod.status.podIP : pod.status.podIPs[0].ip;
  if (ip.empty())
    return fail(
        errors::service_unavailable(fmt::format("address not allowed: pod {} has no address", target.name)));
  if (port.empty()) return url_of(target.scheme, ip, target.scheme == "https" ? "443" : "80");
  return url_of(target.scheme, ip, port);
}

// The name of a Service's port: given by name or number, or the only one.
Result<std::string> port_name(const corev1::Service& service, const TargetName& target) {
  const auto& ports = service.spec.ports;
  if (target.port.empty()) {
    if (ports.size() == 1) return ports[0].name;
    for (const auto& port : ports) {
      if (port.name.empty()) return std::string();
    }
  }
  for (const auto& port : ports) {
    if (port.name == target.port || std::to_string(port.port) == target.port) return port.name;
  }
  return fail(errors::service_unavailable(
      fmt::format("no service port \"{}\" found for service \"{}\"", target.port, target.name)));
}

// Any ready address; `turn` chooses.
Result<std::string> endpoint_url(const corev1::Endpoints& endpoints, const std::string& port,
                                 const TargetName& target, Rng& rng) {
  std::vector<std::string> urls;
  for (const auto& subset : endpoints.subsets) {
    for (const auto& p : subset.ports) {
      if (p.name != port) continue;
      for (const auto& address : subset.addresses)
        urls.push_back(url_of(target.scheme, address.ip, std::to_string(p.port)));
    }
  }
  if (urls.empty())
    return fail(
        errors::service_unavailable(fmt::format("no endpoints available for service \"{}\"", target.name)));
  return urls[rng.below(urls.size())];
}

Task<Result<std::string>> locate(Context context, ResourceCall call, TargetName target) {
  const RegistryMap* registries = call.deps->registries;
  if (call.resource->plural == "pods") {
    CO_TRY(auto object,
           co_await object_of(std::move(context), registries, "pods", call.namespace_, target.name));
    co_return pod_url(object->get<corev1::Pod>(), target);
  }
  CO_TRY(auto service, co_await object_of(context, registries, "services", call.namespace_, target.name));
  CO_TRY(std::string port, port_name(service->get<corev1::Service>(), target));
  CO_TRY(auto endpoints,
         co_await object_of(std::move(context), registries, "endpoints", call.namespace_, target.name));
  co_return endpoint_url(endpoints->get<corev1::Endpoints>(), port, target, *call.deps->rng);
}

Task<Result<std::shared_ptr<http::Client>>> client_of(Context context, ResourceCall call, TargetName target) {
  if (call.resource->plural == "nodes") {
    if (!call.deps->kubelets)
      co_return fail(errors::service_unavailable("this API server has no connection to kubelets configured"));
    CO_TRY(KubeletAddress kubelet,
           co_await kubelet_of(std::move(context), call.deps->registries, target.name));
    const std::string& port = target.port;
    if (!port.empty()) std::from_chars(port.data(), port.data() + port.size(), kubelet.port);
    co_return call.deps->kubelets->client(kubelet.host, kubelet.port);
  }
  if (!call.deps->target_clients)
    co_return fail(errors::service_unavailable("this API server does not proxy to Pods and Services"));
  CO_TRY(std::string url, co_await locate(std::move(context), call, target));
  co_return call.deps->target_clients(url);
}

// As a browser would be told: relative links below need the slash.
http::Response with_slash(const http::Request& request) {
  http::Response redirect;
  redirect.status = 301;
  const std::string query = request.query.empty() ? "" : "?" + request.query;
  redirect.headers.add("Location", fmt::format("{}/{}", request.path, query));
  return redirect;
}

}  // namespace

Answer handle_proxy(Context context, ResourceCall call) {
  CO_TRY(TargetName target, parse_target(call.name));
  CO_TRY(std::shared_ptr<http::Client> client, co_await client_of(context, call, std::move(target)));
  const bool upgrades = call.request().headers.has("Upgrade");
  const bool reads = call.request().method == "GET" || call.request().method == "HEAD";
  std::optional<std::string> rest = rest_of_path(call.request(), call.resource->namespaced);
  if (!rest && reads && !upgrades) co_return with_slash(call.request());
  http::Request request = forwarded(call.request());
  request.path = rest.value_or("/");
  request.query = call.request().query;
  if (upgrades) co_return co_await open_tunnel(std::move(context), std::move(client), std::move(request));
  Result<http::Response> response = co_await client->send(std::move(context), std::move(request));
  if (!response)
    co_return fail(errors::service_unavailable(
        fmt::format("error trying to reach service: {}", response.error().message)));
  co_return pass_through(std::move(client), std::move(*response));
}

}  // namespace xebec::apiserver
