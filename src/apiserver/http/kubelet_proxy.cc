#include "apiserver/http/kubelet_proxy.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>

#include "api/gen/corev1.h"
#include "apiserver/cache/entry.h"
#include "apiserver/http/options.h"
#include "apiserver/http/pod_log_options.h"
#include "apiserver/http/respond.h"
#include "apiserver/http/tunnel.h"
#include "http/query_flag.h"

namespace xebec::apiserver {
namespace {

// Where a request goes: a kubelet, and the path there.
struct Location {
  std::string host;
  int port = 0;
  std::string path, query;
};

std::vector<std::string> container_names(const corev1::Pod& pod) {
  std::vector<std::string> names;
  names.reserve(pod.spec.containers.size());
  for (const auto& container : pod.spec.containers) names.push_back(container.name);
  return names;
}

bool has_container(const corev1::Pod& pod, std::string_view name) {
  auto in = [&](const auto& list) {
    return std::ranges::any_of(list, [&](const auto& c) { return c.name == name; });
  };
  return in(pod.spec.containers) || in(pod.spec.initContainers) || in(pod.spec.ephemeralContainers);
}

// The container that is asked for, or the only one there is.
Result<std::string> choose_container(const corev1::Pod& pod, std::string asked) {
  const std::string& name = pod.metadata.name;
  if (!asked.empty()) {
    if (has_container(pod, asked)) return asked;
    return fail(errors::bad_request(fmt::format("container {} is not valid for pod {}", asked, name)));
  }
  std::vector<std::string> names = container_names(pod);
  if (names.size() == 1) return names[0];
  if (names.empty())
    return fail(errors::bad_request(fmt::format("a container name must be specified for pod {}", name)));
  std::vector<std::string> init, ephemeral;
  for (const auto& container : pod.spec.initContainers) init.push_back(container.name);
  for (const auto& container : pod.spec.ephemeralContainers) ephemeral.push_back(container.name);
  std::string text = fmt::format("a container name must be specified for pod {}, choose one of: [{}]", name,
                                 fmt::join(names, " "));
  if (!init.empty()) text += fmt::format(" or one of the init containers: [{}]", fmt::join(init, " "));
  if (!ephemeral.empty())
    text += fmt::format(" or one of the ephemeral containers: [{}]", fmt::join(ephemeral, " "));
  return fail(errors::bad_request(text));
}

// The query a kubelet understands: exec's options have other names there.
std::string kubelet_query(const http::Request& request, std::string_view subresource) {
  std::string out;
  auto add = [&](std::string_view name, std::string_view value) {
    out += fmt::format("{}{}={}", out.empty() ? "" : "&", name, http::percent_encode(value));
  };
  auto flag = [&](std::string_view name, std::string_view kubelet_name) {
    if (http::query_flag(request, name)) add(kubelet_name, "1");
  };
  if (subresource == "log") {
    for (std::string_view name : {"follow", "limitBytes", "previous", "sinceSeconds", "sinceTime", "stream",
                                  "tailLines", "timestamps"}) {
      if (auto value = request.param(name); value && !value->empty()) add(name, *value);
    }
    return out;
  }
  if (subresource == "portforward") {
    for (const std::string& port : request.params("ports")) add("port", port);
    return out;
  }
  // Attach shows output unless told otherwise; exec is asked for each stream.
  flag("stdin", "input");
  flag("stdout", "output");
  flag("stderr", "error");
  flag("tty", "tty");
  for (const std::string& word : request.params("command")) add("command", word);
  return out;
}

Result<std::string> kubelet_path(const corev1::Pod& pod, std::string_view subresource,
                                 const http::Request& request) {
  const std::string& ns = pod.metadata.namespace_;
  const std::string& name = pod.metadata.name;
  if (subresource == "portforward") return fmt::format("/portForward/{}/{}", ns, name);
  TRY(std::string container, choose_container(pod, request.param("container").value_or("")));
  if (subresource == "log") return fmt::format("/containerLogs/{}/{}/{}", ns, name, container);
  return fmt::format("/{}/{}/{}/{}", subresource, ns, name, container);
}

Task<Result<Location>> locate(Context context, ResourceCall call) {
  GetRequest get;
  get.namespace_ = call.namespace_;
  get.name = call.name;
  CO_TRY(std::shared_ptr<const Entry> entry, co_await call.registry->get(context, std::move(get)));
  CO_TRY(std::shared_ptr<const api::Object> object, entry->object());
  const corev1::Pod& pod = object->get<corev1::Pod>();
  const std::string_view subresource = call.subresource->name;
  if (subresource == "log") {
    CO_TRY_VOID(check_log_options(call.request(), call.name));
  }
  CO_TRY(std::string path, kubelet_path(pod, subresource, call.request()));
  if (pod.spec.nodeName.empty()) {
    // A Pod that runs nowhere has said nothing yet; an empty host tells the caller.
    if (subresource == "log") co_return Location();
    co_return fail(
        errors::bad_request(fmt::format("pod {} does not have a host assigned", pod.metadata.name)));
  }
  CO_TRY(KubeletAddress kubelet,
         co_await kubelet_of(std::move(context), call.deps->registries, pod.spec.nodeName));
  Location location;
  location.host = std::move(kubelet.host);
  location.port = kubelet.port;
  location.path = std::move(path);
  location.query = kubelet_query(call.request(), subresource);
  co_return location;
}

}  // namespace

Task<Result<KubeletAddress>> kubelet_of(Context context, const RegistryMap* registries,
                                        std::string node_name) {
  Registry* nodes = registries->find("", "nodes");
  if (!nodes) co_return fail(errors::internal("nodes are not served"));
  GetRequest get;
  get.name = std::move(node_name);
  get.resource_version = std::string("0");
  CO_TRY(std::shared_ptr<const Entry> entry, co_await nodes->get(std::move(context), std::move(get)));
  CO_TRY(std::shared_ptr<const api::Object> object, entry->object());
  const corev1::Node& node = object->get<corev1::Node>();
  KubeletAddress out;
  out.port = node.status.daemonEndpoints.kubeletEndpoint.Port;
  if (out.port == 0) out.port = 10250;
  // Addresses before names: nothing here makes node names known to a resolver.
  for (std::string_view type : {"InternalIP", "InternalDNS", "ExternalIP", "ExternalDNS", "Hostname"}) {
    for (const auto& address : node.status.addresses) {
      if (out.host.empty() && address.type == type) out.host = address.address;
    }
  }
  if (out.host.empty()) {
    co_return fail(errors::internal("no preferred addresses found; known addresses: []"));
  }
  co_return out;
}

http::Request forwarded(const http::Request& request) {
  http::Request out;
  out.method = request.method;
  out.body = request.body;
  for (const auto& [name, value] : request.headers) {
    auto is = [&name](std::string_view other) {
      return std::ranges::equal(name, other,
                                [](char a, char b) { return std::tolower(a) == std::tolower(b); });
    };
    // Who the user is, is the API server's business; hop-by-hop fields are the transport's.
    if (is("authorization") || is("host") || is("content-length") || is("transfer-encoding") || is("te") ||
        is("keep-alive") || is("proxy-connection")) {
      continue;
    }
    out.headers.add(name, value);
  }
  return out;
}

bool is_kubelet_subresource(const api::Resource& resource, std::string_view subresource) {
  return resource.group.empty() && resource.plural == "pods" &&
         (subresource == "log" || subresource == "exec" || subresource == "attach" ||
          subresource == "portforward");
}

struct KubeletProxy::Clients {
  std::mutex mutex;
  std::map<std::pair<std::string, int>, std::shared_ptr<http::Client>> by_address;
};

KubeletProxy::KubeletProxy(ClientFactory factory)
    : factory_(std::move(factory)), clients_(std::make_unique<Clients>()) {}
KubeletProxy::~KubeletProxy() = default;

Result<std::shared_ptr<http::Client>> KubeletProxy::client(const std::string& host, int port) {
  std::lock_guard lock(clients_->mutex);
  std::shared_ptr<http::Client>& client = clients_->by_address[{host, port}];
  if (!client) {
    TRY(client, factory_(host, port));
  }
  return client;
}

Answer KubeletProxy::handle(Context context, ResourceCall call) {
  if (call.subresource->name != "log") {
    CO_TRY_VOID(refuse_dry_run(call.request()));
  }
  CO_TRY(Location location, co_await locate(context, call));
  if (location.host.empty()) co_return text_response(200, "");
  CO_TRY(std::shared_ptr<http::Client> kubelet, client(location.host, location.port));
  http::Request request = forwarded(call.request());
  request.path = location.path;
  request.query = location.query;
  if (call.request().headers.has("Upgrade"))
    co_return co_await open_tunnel(std::move(context), std::move(kubelet), std::move(request));
  if (call.subresource->name != "log") co_return fail(errors::bad_request("Upgrade request required"));
  Result<http::Response> response = co_await kubelet->send(std::move(context), std::move(request));
  if (!response) {
    co_return fail(errors::internal(fmt::format("Get \"https://{}:{}{}\": {}", location.host, location.port,
                                                location.path, response.error().message)));
  }
  co_return co_await pass_on(std::move(kubelet), std::move(*response));
}

}  // namespace xebec::apiserver
