#include "apiserver/bootstrap/cluster.h"

#include <fmt/format.h>

#include "api/gen/corev1.h"
#include "api/gen/discoveryv1.h"
#include "api/gen/networkingv1.h"
#include "api/gen/schedulingv1.h"
#include "api/scheme.h"
#include "apiserver/allocators/ip_range.h"
#include "apiserver/bootstrap/reconcile.h"
#include "base/all_of.h"
#include "base/clock.h"
#include "base/sync.h"

namespace xebec::apiserver {
namespace {

corev1::Service kubernetes_service(const ClusterFacts& facts, const std::string& address) {
  corev1::Service service;
  service.metadata.name = "kubernetes";
  service.metadata.namespace_ = "default";
  service.metadata.labels["component"] = "apiserver";
  service.metadata.labels["provider"] = "kubernetes";
  service.spec.clusterIP = address;
  service.spec.clusterIPs = {address};
  service.spec.type = "ClusterIP";
  service.spec.sessionAffinity = "None";
  corev1::ServicePort& port = service.spec.ports.emplace_back();
  port.name = "https";
  port.protocol = "TCP";
  port.port = 443;
  port.targetPort = api::IntOrString(facts.secure_port);
  return service;
}

std::vector<std::string> servers_of(const ClusterFacts& facts) {
  if (facts.server_addresses.empty()) return {facts.advertise_address};
  return facts.server_addresses;
}

corev1::Endpoints kubernetes_endpoints(const ClusterFacts& facts) {
  corev1::Endpoints endpoints;
  endpoints.metadata.name = "kubernetes";
  endpoints.metadata.namespace_ = "default";
  endpoints.metadata.labels["endpointslice.kubernetes.io/skip-mirror"] = "true";
  corev1::EndpointSubset& subset = endpoints.subsets.emplace_back();
  for (const std::string& server : servers_of(facts)) subset.addresses.emplace_back().ip = server;
  corev1::EndpointPort& port = subset.ports.emplace_back();
  port.name = "https";
  port.port = facts.secure_port;
  port.protocol = "TCP";
  return endpoints;
}

discoveryv1::EndpointSlice kubernetes_slice(const ClusterFacts& facts) {
  discoveryv1::EndpointSlice slice;
  slice.metadata.name = "kubernetes";
  slice.metadata.namespace_ = "default";
  slice.metadata.labels["kubernetes.io/service-name"] = "kubernetes";
  slice.addressType = facts.advertise_address.find(':') == std::string::npos ? "IPv4" : "IPv6";
  for (const std::string& server : servers_of(facts)) {
    discoveryv1::Endpoint& endpoint = slice.endpoints.emplace_back();
    endpoint.addresses = {server};
    endpoint.conditions.ready = true;
  }
  discoveryv1::EndpointPort& port = slice.ports.emplace_back();
  port.name = "https";
  port.port = facts.secure_port;
  port.protocol = "TCP";
  return slice;
}

template <class T>
void add_labels(const T& wanted, T& stored) {
  for (const auto& [key, value] : wanted.metadata.labels) stored.metadata.labels[key] = value;
}

void settle_service(const corev1::Service& wanted, corev1::Service& stored) {
  stored.spec.ports = wanted.spec.ports;
}

void settle_endpoints(const corev1::Endpoints& wanted, corev1::Endpoints& stored) {
  stored.subsets = wanted.subsets;
  add_labels(wanted, stored);
}

void settle_slice(const discoveryv1::EndpointSlice& wanted, discoveryv1::EndpointSlice& stored) {
  stored.endpoints = wanted.endpoints;
  stored.ports = wanted.ports;
  add_labels(wanted, stored);
}

// A second family may come; anything else stays as it is, whatever the flags say.
void grow_range(const networkingv1::ServiceCIDR& wanted, networkingv1::ServiceCIDR& stored) {
  const std::vector<std::string>&now = wanted.spec.cidrs, &before = stored.spec.cidrs;
  if (now.size() == 2 && before.size() == 1 && now[0] == before[0]) stored.spec.cidrs = now;
}

// Only what nobody has said anything about, and is as the flags have it, is ready.
void settle_range(const networkingv1::ServiceCIDR& wanted, networkingv1::ServiceCIDR& stored) {
  if (stored.metadata.deletionTimestamp || stored.spec.cidrs != wanted.spec.cidrs) return;
  for (const auto& condition : stored.status.conditions) {
    if (condition.type == "Ready" && condition.status != "Unknown") return;
  }
  stored.status.conditions = wanted.status.conditions;
}

void settle_map(const corev1::ConfigMap& wanted, corev1::ConfigMap& stored) {
  for (const auto& [key, value] : wanted.data) stored.data[key] = value;
}

}  // namespace

Result<std::string> first_service_address(std::string_view cidr) {
  TRY(std::vector<IpRange> ranges, IpRange::parse_list(cidr));
  return ranges[0].first().str();
}

Task<Result<void>> ensure_system_namespaces(const RegistryMap* registries) {
  CO_TRY(Registry * namespaces, registry_of(registries, "", "namespaces"));
  std::vector<Task<Result<void>>> all;
  for (std::string_view name : {"kube-system", "kube-public", "kube-node-lease", "default"}) {
    corev1::Namespace object;
    object.metadata.name = name;
    all.push_back(ensure(namespaces, api::Object::of(std::move(object))));
  }
  co_return co_await all_of(std::move(all));
}

Task<Result<void>> ensure_system_priority_classes(const RegistryMap* registries) {
  CO_TRY(Registry * classes, registry_of(registries, "scheduling.k8s.io", "priorityclasses"));
  struct Class {
    std::string_view name;
    int32_t value;
    std::string_view description;
  };
  static constexpr Class kClasses[] = {
      {"system-node-critical", 2000001000,
       "Used for system critical pods that must not be moved from their current node."},
      {"system-cluster-critical", 2000000000,
       "Used for system critical pods that must run in the cluster, but can be moved to another node if "
       "necessary."}};
  std::vector<Task<Result<void>>> all;
  for (const Class& c : kClasses) {
    schedulingv1::PriorityClass object;
    object.metadata.name = c.name;
    object.value = c.value;
    object.description = c.description;
    all.push_back(ensure(classes, api::Object::of(std::move(object))));
  }
  co_return co_await all_of(std::move(all));
}

Task<Result<void>> ensure_kubernetes_service(const RegistryMap* registries, ClusterFacts facts) {
  CO_TRY(std::string address, first_service_address(facts.service_cidr));
  CO_TRY(Registry * services, registry_of(registries, "", "services"));
  corev1::Service service = kubernetes_service(facts, address);
  CO_TRY_VOID(co_await reconcile<corev1::Service>(services, std::move(service), settle_service));
  // Endpoints cannot hold loopback addresses: a server that only its own machine reaches has none.
  if (facts.advertise_address.starts_with("127.") || facts.advertise_address == "::1")
    co_return Result<void>();
  CO_TRY(Registry * endpoints, registry_of(registries, "", "endpoints"));
  corev1::Endpoints addresses = kubernetes_endpoints(facts);
  CO_TRY_VOID(co_await reconcile<corev1::Endpoints>(endpoints, std::move(addresses), settle_endpoints));
  CO_TRY(Registry * slices, registry_of(registries, "discovery.k8s.io", "endpointslices"));
  discoveryv1::EndpointSlice slice = kubernetes_slice(facts);
  co_return co_await reconcile<discoveryv1::EndpointSlice>(slices, std::move(slice), settle_slice);
}

Task<Result<void>> ensure_service_cidr(const RegistryMap* registries, ClusterFacts facts,
                                       const Clock* clock) {
  CO_TRY(Registry * ranges, registry_of(registries, "networking.k8s.io", "servicecidrs"));
  networkingv1::ServiceCIDR range;
  range.metadata.name = "kubernetes";
  CO_TRY(std::vector<IpRange> parsed, IpRange::parse_list(facts.service_cidr));
  for (const IpRange& one : parsed) range.spec.cidrs.push_back(one.cidr());
  networkingv1::ServiceCIDR whole = range;
  CO_TRY_VOID(co_await reconcile<networkingv1::ServiceCIDR>(ranges, std::move(whole), grow_range));
  metav1::Condition& ready = range.status.conditions.emplace_back();
  ready.type = "Ready";
  ready.status = "True";
  const auto now = std::chrono::floor<std::chrono::seconds>(clock->now());
  ready.lastTransitionTime = api::Time::from_unix(now.time_since_epoch().count());
  ready.message = "Kubernetes default Service CIDR is ready";
  std::string subresource = "status";
  co_return co_await reconcile<networkingv1::ServiceCIDR>(ranges, std::move(range), settle_range,
                                                          std::move(subresource));
}

Task<void> keep_service_cidr(const RegistryMap* registries, ClusterFacts facts, const Clock* clock,
                             CancelToken cancel) {
  for (;;) {
    const bool go_on = co_await sleep_for(std::chrono::seconds(10), cancel);
    if (!go_on) co_return;
    // Whatever is in the way now is tried again.
    Result<void> kept = co_await ensure_service_cidr(registries, facts, clock);
    static_cast<void>(kept);
  }
}

Task<Result<void>> ensure_authentication_info(const RegistryMap* registries, ClusterFacts facts) {
  if (facts.client_ca_pem.empty()) co_return Result<void>();
  CO_TRY(Registry * maps, registry_of(registries, "", "configmaps"));
  corev1::ConfigMap map;
  map.metadata.name = "extension-apiserver-authentication";
  map.metadata.namespace_ = "kube-system";
  map.data["client-ca-file"] = facts.client_ca_pem;
  co_return co_await reconcile<corev1::ConfigMap>(maps, std::move(map), settle_map);
}

}  // namespace xebec::apiserver
