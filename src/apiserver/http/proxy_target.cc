#include "apiserver/http/proxy_target.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "api/field_error.h"
#include "api/gen/corev1.h"
#include "apiserver/cache/entry.h"
#include "apiserver/http/kubelet_proxy.h"
#include "base/clock.h"

namespace xebec::apiserver {
namespace {

using ObjectPtr = std::shared_ptr<const api::Object>;

// [SCHEME:]NAME[:PORT]
struct TargetName {
  std::string scheme, name, port;
};

Result<TargetName> parse_target(const std::string& text, std::string_view what) {
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
  if (out.name.empty() || (!out.scheme.empty() && out.scheme != "http" && out.scheme != "https"))
    return fail(errors::bad_request(fmt::format("invalid {} request {}", what, field::quote(text))));
  return out;
}

std::string host_port(std::string_view host, std::string_view port) {
  std::string out = host.find(':') == std::string_view::npos ? std::string(host) : fmt::format("[{}]", host);
  if (!port.empty()) out += fmt::format(":{}", port);
  return out;
}

// Nothing of this machine, nor of its link (netip's IsGlobalUnicast): the API server is no way around a
// firewall.
bool is_allowed(const std::string& ip) {
  in_addr v4{};
  if (inet_pton(AF_INET, ip.c_str(), &v4) == 1) {
    const uint32_t a = ntohl(v4.s_addr);
    return a != 0 && a != UINT32_MAX && a >> 24 != 127 && a >> 16 != 0xa9fe && a >> 28 != 14;
  }
  in6_addr v6{};
  if (inet_pton(AF_INET6, ip.c_str(), &v6) != 1) return false;
  return !IN6_IS_ADDR_UNSPECIFIED(&v6) && !IN6_IS_ADDR_LOOPBACK(&v6) && !IN6_IS_ADDR_LINKLOCAL(&v6) &&
         !IN6_IS_ADDR_MULTICAST(&v6);
}

Task<Result<ObjectPtr>> object_of(Context context, const RegistryMap* registries, std::string resource,
                                  std::string ns, std::string name) {
  Registry* registry = registries->find("", resource);
  if (!registry) co_return fail(errors::internal(fmt::format("{} are not served", resource)));
  GetRequest get;
  get.namespace_ = std::move(ns);
  get.name = std::move(name);
  CO_TRY(std::shared_ptr<const Entry> entry, co_await registry->get(std::move(context), std::move(get)));
  co_return entry->object();
}

Result<ProxyTarget> target_at(const ResourceCall& call, std::string_view scheme, std::string host) {
  if (!call.deps->target_clients)
    return fail(errors::service_unavailable("this API server does not proxy to Pods and Services"));
  const std::string_view known = scheme.empty() ? "http" : scheme;
  // A client needs the port that is meant.
  const bool has_port = host.rfind(':') != std::string::npos && host.back() != ']';
  const std::string url = fmt::format("{}://{}{}", known, host,
                                      has_port           ? ""
                                      : known == "https" ? ":443"
                                                         : ":80");
  ProxyTarget out;
  TRY(out.client, call.deps->target_clients(url));
  out.host = std::move(host);
  return out;
}

Task<Result<ProxyTarget>> pod_target(Context context, ResourceCall call, TargetName target) {
  CO_TRY(ObjectPtr object,
         co_await object_of(std::move(context), call.deps->registries, "pods", call.namespace_, target.name));
  const corev1::Pod& pod = object->get<corev1::Pod>();
  for (const auto& container : pod.spec.containers) {
    if (target.port.empty() && !container.ports.empty())
      target.port = std::to_string(container.ports[0].containerPort);
  }
  const std::string& ip = pod.status.podIPs.empty() ? pod.status.podIP : pod.status.podIPs[0].ip;
  if (!is_allowed(ip)) co_return fail(errors::bad_request("address not allowed"));
  co_return target_at(call, target.scheme, host_port(ip, target.port));
}

std::optional<int64_t> number(const std::string& text) {
  int64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

// Who writes Endpoints does not get to other addresses by that: they must be those of Pods of the namespace.
Task<Result<bool>> is_of_pod(Context context, ResourceCall call, corev1::EndpointAddress address) {
  if (!address.targetRef || address.targetRef->namespace_ != call.namespace_) co_return false;
  Result<ObjectPtr> object = co_await object_of(std::move(context), call.deps->registries, "pods",
                                                call.namespace_, address.targetRef->name);
  if (!object) co_return false;
  const auto& ips = (*object)->get<corev1::Pod>().status.podIPs;
  co_return std::any_of(ips.begin(), ips.end(), [&](const auto& ip) { return ip.ip == address.ip; });
}

// Any of those that have the port, by its name.
Task<Result<ProxyTarget>> service_target(Context context, ResourceCall call, TargetName target) {
  const RegistryMap* registries = call.deps->registries;
  if (const std::optional<int64_t> wanted = number(target.port)) {
    CO_TRY(ObjectPtr service,
           co_await object_of(context, registries, "services", call.namespace_, target.name));
    const auto& ports = service->get<corev1::Service>().spec.ports;
    const auto found =
        std::find_if(ports.begin(), ports.end(), [&](const auto& port) { return port.port == *wanted; });
    if (found == ports.end())
      co_return fail(errors::service_unavailable(
          fmt::format("no service port {} found for service \"{}\"", *wanted, target.name)));
    target.port = found->name;
  }
  CO_TRY(ObjectPtr object,
         co_await object_of(context, registries, "endpoints", call.namespace_, target.name));
  const auto& subsets = object->get<corev1::Endpoints>().subsets;
  const std::string& asked = subsets.empty() ? target.name : call.name;
  const size_t first_subset = subsets.empty() ? 0 : call.deps->rng->below(subsets.size());
  for (size_t i = 0; i < subsets.size(); ++i) {
    const corev1::EndpointSubset& subset = subsets[(first_subset + i) % subsets.size()];
    for (const auto& port : subset.ports) {
      if (port.name != target.port || subset.addresses.empty()) continue;
      const size_t first = call.deps->rng->below(subset.addresses.size());
      for (size_t j = 0; j < subset.addresses.size(); ++j) {
        const corev1::EndpointAddress& address = subset.addresses[(first + j) % subset.addresses.size()];
        CO_TRY(const bool fine, co_await is_of_pod(context, call, address));
        if (fine) co_return target_at(call, target.scheme, host_port(address.ip, std::to_string(port.port)));
      }
    }
  }
  co_return fail(
      errors::service_unavailable(fmt::format("no endpoints available for service \"{}\"", asked)));
}

// The kubelet, or something else on its node.
Task<Result<ProxyTarget>> node_target(Context context, ResourceCall call, TargetName target) {
  if (!call.deps->kubelets)
    co_return fail(errors::service_unavailable("this API server has no connection to kubelets configured"));
  CO_TRY(KubeletAddress kubelet, co_await kubelet_of(std::move(context), call.deps->registries, target.name));
  const std::string kubelet_port = std::to_string(kubelet.port);
  if (!target.port.empty() && target.port != kubelet_port) {
    if (!is_allowed(kubelet.host)) co_return fail(errors::bad_request("address not allowed"));
    co_return target_at(call, target.scheme, host_port(kubelet.host, target.port));
  }
  ProxyTarget out;
  CO_TRY(out.client, call.deps->kubelets->client(kubelet.host, kubelet.port));
  out.host = host_port(kubelet.host, kubelet_port);
  co_return out;
}

}  // namespace

Task<Result<ProxyTarget>> find_proxy_target(Context context, ResourceCall call) {
  const std::string_view plural = call.resource->plural;
  const std::string_view what = plural == "pods" ? "pod" : plural == "services" ? "service" : "node";
  CO_TRY(TargetName target, parse_target(call.name, what));
  if (what == "pod") co_return co_await pod_target(std::move(context), std::move(call), std::move(target));
  if (what == "service")
    co_return co_await service_target(std::move(context), std::move(call), std::move(target));
  co_return co_await node_target(std::move(context), std::move(call), std::move(target));
}

}  // namespace xebec::apiserver
