#include <fmt/format.h>

#include "apiserver/validation/core.h"
#include "apiserver/validation/object_meta.h"

namespace xebec::apiserver::validation {
namespace {

using corev1::Service;
using corev1::ServicePort;
using corev1::ServiceSpec;

constexpr std::string_view kTopologyHints = "service.kubernetes.io/topology-aware-hints";
constexpr std::string_view kTopologyMode = "service.kubernetes.io/topology-mode";
constexpr std::string_view kSourceRanges = "service.beta.kubernetes.io/load-balancer-source-ranges";
constexpr std::string_view kOnlyBalancer = "may only be used when `type` is 'LoadBalancer'";

bool is_balancer(const ServiceSpec& spec) { return spec.type == "LoadBalancer"; }
bool is_external_name(const ServiceSpec& spec) { return spec.type == "ExternalName"; }

bool externally_accessible(const ServiceSpec& spec) {
  return is_balancer(spec) || spec.type == "NodePort" ||
         (spec.type == "ClusterIP" && !spec.externalIPs.empty());
}

bool needs_health_check(const ServiceSpec& spec) {
  return is_balancer(spec) && spec.externalTrafficPolicy == "Local";
}

void check_topology_annotations(Errors& errors, const Service& service) {
  const std::string* hints = service.metadata.annotations.get(kTopologyHints);
  const std::string* mode = service.metadata.annotations.get(kTopologyMode);
  if (hints == nullptr || mode == nullptr || *hints == *mode) return;
  errors.push_back(field::invalid_string(
      Path("metadata").child("annotations").key(kTopologyMode), *mode,
      fmt::format("must match annotations[{}] when both are specified", kTopologyHints)));
}

void check_external_name(Errors& errors, const Path& path, const ServiceSpec& spec) {
  constexpr std::string_view kText = "may not be set for ExternalName services";
  if (!spec.clusterIPs.empty()) errors.push_back(field::forbidden(path.child("clusterIPs"), kText));
  if (!spec.ipFamilies.empty()) errors.push_back(field::forbidden(path.child("ipFamilies"), kText));
  if (spec.ipFamilyPolicy) errors.push_back(field::forbidden(path.child("ipFamilyPolicy"), kText));
  std::string_view name = spec.externalName;
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.empty()) {
    errors.push_back(field::required(path.child("externalName")));
  } else {
    check_dns_subdomain(errors, path.child("externalName"), name);
  }
}

void check_shape(Errors& errors, const Path& path, const ServiceSpec& spec) {
  if (spec.ports.empty() && !is_headless(spec) && !is_external_name(spec))
    errors.push_back(field::required(path.child("ports")));
  if ((is_balancer(spec) || spec.type == "NodePort") && is_headless(spec)) {
    errors.push_back(
        field::invalid_string(path.child("clusterIPs").index(0), spec.clusterIPs[0],
                              fmt::format("may not be set to 'None' for {} services", spec.type)));
  }
  if (is_external_name(spec)) check_external_name(errors, path, spec);
}

void check_port_entry(Errors& errors, const Path& at, const ServicePort& port, bool require_name,
                      std::set<std::string>& names) {
  if (require_name && port.name.empty()) {
    errors.push_back(field::required(at.child("name")));
  } else if (!port.name.empty()) {
    check_dns_label(errors, at.child("name"), port.name);
    if (!names.insert(port.name).second) errors.push_back(field::duplicate(at.child("name"), port.name));
  }
  check_port(errors, at.child("port"), port.port);
  check_required_enum(errors, at.child("protocol"), port.protocol, {"SCTP", "TCP", "UDP"});
  check_port_or_name(errors, at.child("targetPort"), port.targetPort);
  if (port.appProtocol) check_qualified_name(errors, at.child("appProtocol"), *port.appProtocol);
}

void check_affinity_timeout(Errors& errors, const Path& path, const ServiceSpec& spec) {
  constexpr std::string_view kText = "when session affinity type is ClientIP";
  if (!spec.sessionAffinityConfig) return void(errors.push_back(field::required(path, kText)));
  const Path client = path.child("clientIP");
  if (!spec.sessionAffinityConfig->clientIP) return void(errors.push_back(field::required(client, kText)));
  const std::optional<int32_t>& seconds = spec.sessionAffinityConfig->clientIP->timeoutSeconds;
  if (!seconds) return void(errors.push_back(field::required(client.child("timeoutSeconds"), kText)));
  if (*seconds > 0 && *seconds <= 86400) return;
  errors.push_back(field::invalid_int(client.child("timeoutSeconds"), *seconds,
                                      "must be greater than 0 and less than 86400"));
}

void check_session_affinity(Errors& errors, const Path& path, const ServiceSpec& spec) {
  check_required_enum(errors, path.child("sessionAffinity"), spec.sessionAffinity, {"ClientIP", "None"});
  const Path config = path.child("sessionAffinityConfig");
  if (spec.sessionAffinity == "ClientIP") {
    check_affinity_timeout(errors, config, spec);
  } else if (spec.sessionAffinity == "None" && spec.sessionAffinityConfig) {
    errors.push_back(field::forbidden(config, "must not be set when session affinity is None"));
  }
}

bool has(const std::vector<std::string>& texts, std::string_view text) {
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

void check_external_ips(Errors& errors, const Path& path, const ServiceSpec& spec, const ServiceSpec& old) {
  for (size_t i = 0; i < spec.externalIPs.size(); ++i) {
    Errors found;
    if (!has(old.externalIPs, spec.externalIPs[i])) check_ip(found, path.index(i), spec.externalIPs[i]);
    if (found.empty()) check_non_special_ip(found, path.index(i), spec.externalIPs[i]);
    field::append(errors, std::move(found));
  }
}

field::Error duplicate_port(const Path& path, const ServicePort& port) {
  ServicePort key;
  key.protocol = port.protocol;
  key.port = port.port;
  field::Error error = field::duplicate(path, "");
  error.body = "Duplicate value: " + go_json(key);
  return error;
}

// No port twice, neither of the cluster IP nor of the nodes.
void check_port_collisions(Errors& errors, const Path& path, const ServiceSpec& spec) {
  if (spec.type == "ClusterIP") {
    for (size_t i = 0; i < spec.ports.size(); ++i) {
      if (spec.ports[i].nodePort == 0) continue;
      errors.push_back(
          field::forbidden(path.index(i).child("nodePort"), "may not be used when `type` is 'ClusterIP'"));
    }
  }
  std::set<std::pair<std::string, int32_t>> node_ports, ports;
  for (size_t i = 0; i < spec.ports.size(); ++i) {
    const ServicePort& port = spec.ports[i];
    if (port.nodePort == 0 || node_ports.insert({port.protocol, port.nodePort}).second) continue;
    field::Error error = field::duplicate(path.index(i).child("nodePort"), "");
    error.body = fmt::format("Duplicate value: {}", port.nodePort);
    errors.push_back(std::move(error));
  }
  for (size_t i = 0; i < spec.ports.size(); ++i) {
    if (!ports.insert({spec.ports[i].protocol, spec.ports[i].port}).second)
      errors.push_back(duplicate_port(path.index(i), spec.ports[i]));
  }
}

std::string_view trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\n\r\f\v");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\n\r\f\v") - begin + 1);
}

// Of the field, or of the annotation that was there before it.
void check_source_ranges(Errors& errors, const Service& service, const Service& old) {
  const ServiceSpec& spec = service.spec;
  if (!spec.loadBalancerSourceRanges.empty()) {
    const Path path = Path("spec").child("LoadBalancerSourceRanges");
    if (!is_balancer(spec)) errors.push_back(field::forbidden(path, kOnlyBalancer));
    std::vector<std::string> known;
    known.reserve(old.spec.loadBalancerSourceRanges.size());
    for (const std::string& range : old.spec.loadBalancerSourceRanges) known.emplace_back(trimmed(range));
    for (size_t i = 0; i < spec.loadBalancerSourceRanges.size(); ++i) {
      const std::string_view range = trimmed(spec.loadBalancerSourceRanges[i]);
      if (!has(known, range)) check_cidr(errors, path.index(i), range);
    }
    return;
  }
  const std::string* annotation = service.metadata.annotations.get(kSourceRanges);
  if (annotation == nullptr) return;
  const Path path = Path("metadata").child("annotations").key(kSourceRanges);
  if (!is_balancer(spec)) errors.push_back(field::forbidden(path, kOnlyBalancer));
  const std::string* before = old.metadata.annotations.get(kSourceRanges);
  if (before != nullptr && *before == *annotation) return;
  const std::string_view text = trimmed(*annotation);
  for (size_t begin = 0; !text.empty() && begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    check_cidr(errors, path, trimmed(text.substr(begin, end - begin)));
    begin = end + 1;
  }
}

void check_balancer(Errors& errors, const Path& path, const ServiceSpec& spec) {
  if (!is_balancer(spec) && spec.allocateLoadBalancerNodePorts)
    errors.push_back(field::forbidden(path.child("allocateLoadBalancerNodePorts"), kOnlyBalancer));
  if (is_balancer(spec) && !spec.allocateLoadBalancerNodePorts)
    errors.push_back(field::required(Path("allocateLoadBalancerNodePorts")));
  if (!spec.loadBalancerClass) return;
  const Path class_path = path.child("loadBalancerClass");
  if (is_balancer(spec)) {
    check_qualified_name(errors, class_path, *spec.loadBalancerClass);
  } else {
    errors.push_back(field::forbidden(class_path, kOnlyBalancer));
  }
}

void check_external_traffic(Errors& errors, const Path& path, const ServiceSpec& spec) {
  const Path policy = path.child("externalTrafficPolicy"), health = path.child("healthCheckNodePort");
  if (externally_accessible(spec)) {
    check_required_enum(errors, policy, spec.externalTrafficPolicy, {"Cluster", "Local"});
  } else if (!spec.externalTrafficPolicy.empty()) {
    errors.push_back(field::invalid_string(policy, spec.externalTrafficPolicy,
                                           "may only be set for externally-accessible services"));
  }
  if (needs_health_check(spec)) {
    if (spec.healthCheckNodePort == 0) return void(errors.push_back(field::required(health)));
    check_port(errors, health, spec.healthCheckNodePort);
  } else if (spec.healthCheckNodePort != 0) {
    errors.push_back(field::invalid_int(
        health, spec.healthCheckNodePort,
        "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"));
  }
}

void check_internal_traffic(Errors& errors, const Path& path, const ServiceSpec& spec) {
  const bool has_ip = spec.type == "ClusterIP" || spec.type == "NodePort" || is_balancer(spec);
  if (!spec.internalTrafficPolicy && has_ip)
    errors.push_back(field::required(path.child("internalTrafficPolicy")));
  check_enum(errors, path.child("internalTrafficPolicy"), spec.internalTrafficPolicy, {"Cluster", "Local"});
  check_enum(errors, path.child("trafficDistribution"), spec.trafficDistribution,
             {"PreferClose", "PreferSameNode", "PreferSameZone"});
}

void check_ingress(Errors& errors, const Path& path, const corev1::LoadBalancerIngress& ingress,
                   const std::vector<std::string>& known) {
  const Path mode = path.child("ipMode");
  if (!ingress.ip.empty() && !has(known, ingress.ip)) check_ip(errors, path.child("ip"), ingress.ip);
  if (!ingress.ipMode) {
    if (!ingress.ip.empty()) errors.push_back(field::required(mode, "must be specified when `ip` is set"));
  } else if (ingress.ip.empty()) {
    errors.push_back(field::forbidden(mode, "may not be specified when `ip` is not set"));
  } else {
    check_enum(errors, mode, ingress.ipMode, {"Proxy", "VIP"});
  }
  if (ingress.hostname.empty()) return;
  check_dns_subdomain(errors, path.child("hostname"), ingress.hostname);
  if (is_ip(ingress.hostname)) {
    errors.push_back(field::invalid_string(path.child("hostname"), ingress.hostname,
                                           "must be a DNS name, not an IP address"));
  }
}

// `old` is what it was: addresses and ranges that were there are not looked at again.
Errors validate(const Service& service, const Service& old) {
  Errors errors;
  const Path path("spec");
  const ServiceSpec& spec = service.spec;
  check_topology_annotations(errors, service);
  check_shape(errors, path, spec);
  std::set<std::string> names;
  for (size_t i = 0; i < spec.ports.size(); ++i)
    check_port_entry(errors, path.child("ports").index(i), spec.ports[i], spec.ports.size() > 1, names);
  field::append(errors, validate_labels(spec.selector, path.child("selector")));
  check_session_affinity(errors, path, spec);
  check_service_ips(errors, spec, &old.spec);
  check_external_ips(errors, path.child("externalIPs"), spec, old.spec);
  check_required_enum(errors, path.child("type"), spec.type,
                      {"ClusterIP", "ExternalName", "LoadBalancer", "NodePort"});
  check_port_collisions(errors, path.child("ports"), spec);
  check_source_ranges(errors, service, old);
  check_balancer(errors, path, spec);
  check_external_traffic(errors, path, spec);
  check_internal_traffic(errors, path, spec);
  return errors;
}

}  // namespace

Errors validate_service(const Service& service) { return validate(service, Service()); }

Errors validate_service_update(const Service& service, const Service& old) {
  Errors errors;
  const Path path("spec");
  check_service_ip_changes(errors, service.spec, old.spec);
  if (is_balancer(service.spec) && is_balancer(old.spec) &&
      service.spec.loadBalancerClass != old.spec.loadBalancerClass) {
    errors.push_back(field::invalid_string(path.child("loadBalancerClass"),
                                           service.spec.loadBalancerClass.value_or("null"),
                                           "may not change once set"));
  }
  if (needs_health_check(service.spec) && needs_health_check(old.spec) &&
      service.spec.healthCheckNodePort != old.spec.healthCheckNodePort)
    errors.push_back(field::forbidden(path.child("healthCheckNodePort"), kImmutable));
  field::append(errors, validate(service, old));
  return errors;
}

Errors validate_service_status_update(const Service& service, const Service& old) {
  Errors errors;
  const Path path = Path("status").child("loadBalancer").child("ingress");
  const auto& ingress = service.status.loadBalancer.ingress;
  if (!is_balancer(service.spec) && !ingress.empty())
    return {field::forbidden(path, "may only be used when `spec.type` is 'LoadBalancer'")};
  std::vector<std::string> known;
  known.reserve(old.status.loadBalancer.ingress.size());
  for (const auto& point : old.status.loadBalancer.ingress) known.push_back(point.ip);
  for (size_t i = 0; i < ingress.size(); ++i) check_ingress(errors, path.index(i), ingress[i], known);
  return errors;
}

}  // namespace xebec::apiserver::validation
