#include <fmt/format.h>

#include <set>

#include "api/gen/corev1.h"
#include "api/gen/discoveryv1.h"
#include "api/gen/networkingv1.h"
#include "apiserver/printers/printer.h"
#include "apiserver/printers/selector_text.h"

namespace xebec::apiserver {
namespace {

template <class Ingresses>
std::string load_balancer_addresses(const Ingresses& ingresses) {
  std::set<std::string> out;
  for (const auto& ingress : ingresses) {
    const std::string& address = ingress.ip.empty() ? ingress.hostname : ingress.ip;
    if (!address.empty()) out.insert(address);
  }
  return cells::join({out.begin(), out.end()});
}

std::string external_addresses(const corev1::Service& service) {
  const std::string given = cells::join(service.spec.externalIPs);
  if (service.spec.type == "ExternalName") return service.spec.externalName;
  if (service.spec.type != "LoadBalancer") return cells::or_none(given);
  std::string balanced = load_balancer_addresses(service.status.loadBalancer.ingress);
  if (!given.empty()) balanced += (balanced.empty() ? "" : ",") + given;
  return balanced.empty() ? "<pending>" : balanced;
}

void print(const corev1::Service& service, Row& row) {
  std::vector<std::string> ports;
  for (const corev1::ServicePort& port : service.spec.ports) {
    ports.push_back(port.nodePort > 0 ? fmt::format("{}:{}/{}", port.port, port.nodePort, port.protocol)
                                      : fmt::format("{}/{}", port.port, port.protocol));
  }
  row.set("Type", service.spec.type);
  row.set("Cluster-IP", cells::or_none(service.spec.clusterIPs.empty() ? service.spec.clusterIP
                                                                       : service.spec.clusterIPs[0]));
  row.set("External-IP", external_addresses(service));
  row.set("Port(s)", cells::or_none(cells::join(ports)));
  row.set("Selector", cells::labels(service.spec.selector));
}

std::string host_port(const std::string& ip, int64_t port) {
  return ip.find(':') == std::string::npos ? fmt::format("{}:{}", ip, port)
                                           : fmt::format("[{}]:{}", ip, port);
}

void print(const corev1::Endpoints& object, Row& row) {
  std::vector<std::string> list;
  for (const corev1::EndpointSubset& subset : object.subsets) {
    if (subset.ports.empty()) {
      for (const auto& address : subset.addresses) list.push_back(address.ip);
    }
    for (const auto& port : subset.ports) {
      for (const auto& address : subset.addresses) list.push_back(host_port(address.ip, port.port));
    }
  }
  row.set("Endpoints", cells::or_none(cells::join_some(list, 3)));
}

void print(const discoveryv1::EndpointSlice& object, Row& row) {
  std::vector<std::string> ports, addresses;
  for (const auto& port : object.ports)
    ports.push_back(port.port ? std::to_string(*port.port) : port.name.value_or("*"));
  for (const auto& endpoint : object.endpoints) {
    addresses.insert(addresses.end(), endpoint.addresses.begin(), endpoint.addresses.end());
  }
  row.set("AddressType", object.addressType);
  row.set("Ports", ports.empty() ? "<unset>" : cells::join_some(ports, 3));
  row.set("Endpoints", addresses.empty() ? "<unset>" : cells::join_some(addresses, 3));
}

// The first three hosts; what is more is counted in rules, as upstream does.
std::string hosts_text(const std::vector<networkingv1::IngressRule>& rules) {
  constexpr size_t kMost = 3;
  std::vector<std::string> hosts;
  bool more = false;
  for (const auto& rule : rules) {
    more = more || hosts.size() == kMost;
    if (!more && !rule.host.empty()) hosts.push_back(rule.host);
  }
  if (hosts.empty()) return "*";
  return cells::join(hosts) + (more ? fmt::format(" + {} more...", rules.size() - kMost) : "");
}

void print(const networkingv1::Ingress& object, Row& row) {
  row.set("Class", object.spec.ingressClassName.value_or("<none>"));
  row.set("Hosts", hosts_text(object.spec.rules));
  row.set("Address", load_balancer_addresses(object.status.loadBalancer.ingress));
  row.set("Ports", object.spec.tls.empty() ? "80" : "80, 443");
}

void print(const networkingv1::IngressClass& object, Row& row) {
  std::string parameters = "<none>";
  if (const auto& p = object.spec.parameters) {
    std::string group = p->apiGroup ? "." + *p->apiGroup : "";
    parameters = fmt::format("{}{}/{}", p->kind, group, p->name);
  }
  row.set("Controller", object.spec.controller);
  row.set("Parameters", std::move(parameters));
}

void print(const networkingv1::NetworkPolicy& object, Row& row) {
  row.set("Pod-Selector", selector_text(object.spec.podSelector));
}

void print(const networkingv1::ServiceCIDR& object, Row& row) {
  row.set("CIDRs", cells::join(object.spec.cidrs));
}

void print(const networkingv1::IPAddress& object, Row& row) {
  std::string parent = "<none>";
  if (const auto& ref = object.spec.parentRef) {
    std::vector<std::string> parts;
    std::string resource = ref->group.empty() ? ref->resource : ref->resource + "." + ref->group;
    for (const std::string& part : {resource, ref->namespace_, ref->name}) {
      if (!part.empty()) parts.push_back(part);
    }
    parent = cells::join(parts, "/");
  }
  row.set("ParentRef", std::move(parent));
}

}  // namespace

std::span<const PrinterEntry> network_printers() {
  static const PrinterEntry kTable[] = {XEBEC_PRINTER(corev1::Service),
                                        XEBEC_PRINTER(corev1::Endpoints),
                                        XEBEC_PRINTER(discoveryv1::EndpointSlice),
                                        XEBEC_PRINTER(networkingv1::Ingress),
                                        XEBEC_PRINTER(networkingv1::IngressClass),
                                        XEBEC_PRINTER(networkingv1::NetworkPolicy),
                                        XEBEC_PRINTER(networkingv1::ServiceCIDR),
                                        XEBEC_PRINTER(networkingv1::IPAddress)};
  return kTable;
}

}  // namespace xebec::apiserver
