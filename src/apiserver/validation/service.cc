#include <arpa/inet.h>
#include <fmt/format.h>

#include "apiserver/validation/core.h"

namespace xebec::apiserver::validation {
namespace {

using corev1::ServicePort;
using corev1::ServiceSpec;

bool headless(const ServiceSpec& spec) { return spec.clusterIP == "None"; }
bool external_name(const ServiceSpec& spec) { return spec.type == "ExternalName"; }

bool needs_cluster_ip(const ServiceSpec& spec) {
  return spec.type == "ClusterIP" || spec.type == "NodePort" || spec.type == "LoadBalancer";
}

void check_type(Errors& errors, const Path& spec_path, const ServiceSpec& spec) {
  if (spec.type.empty()) {
    errors.push_back(field::required(spec_path.child("type")));
  } else {
    check_enum(errors, spec_path.child("type"), std::string_view(spec.type),
               {"ClusterIP", "ExternalName", "LoadBalancer", "NodePort"});
  }
  if (spec.type == "LoadBalancer" || spec.type == "NodePort") {
    if (headless(spec)) {
      errors.push_back(
          field::invalid_string(spec_path.child("clusterIPs").index(0), "None",
                                fmt::format("may not be set to 'None' for {} services", spec.type)));
    }
  }
  if (!external_name(spec)) return;
  if (!spec.clusterIPs.empty() || !spec.clusterIP.empty()) {
    errors.push_back(
        field::forbidden(spec_path.child("clusterIPs"), "may not be set for ExternalName services"));
  }
  std::string_view name = spec.externalName;
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.empty()) {
    errors.push_back(field::required(spec_path.child("externalName")));
  } else {
    check_dns_subdomain(errors, spec_path.child("externalName"), name);
  }
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
  if (port.protocol.empty()) {
    errors.push_back(field::required(at.child("protocol")));
  } else {
    check_enum(errors, at.child("protocol"), std::string_view(port.protocol), {"SCTP", "TCP", "UDP"});
  }
  check_port_or_name(errors, at.child("targetPort"), port.targetPort);
  if (port.appProtocol) check_qualified_name(errors, at.child("appProtocol"), *port.appProtocol);
}

void check_ports(Errors& errors, const Path& spec_path, const ServiceSpec& spec) {
  Path path = spec_path.child("ports");
  if (spec.ports.empty() && !headless(spec) && !external_name(spec)) errors.push_back(field::required(path));
  std::set<std::string> names;
  std::set<std::pair<std::string, int32_t>> seen, node_ports;
  for (size_t i = 0; i < spec.ports.size(); ++i) {
    const ServicePort& port = spec.ports[i];
    Path at = path.index(i);
    check_port_entry(errors, at, port, spec.ports.size() > 1, names);
    if (!seen.insert({port.protocol, port.port}).second) {
      errors.push_back(
          field::duplicate(at, fmt::format("{{\"\" {} <nil> {} {{0 0 }} 0}}", port.protocol, port.port)));
    }
    if (port.nodePort == 0) continue;
    if (spec.type == "ClusterIP" || external_name(spec)) {
      errors.push_back(
          field::forbidden(at.child("nodePort"), "may not be used when `type` is '" + spec.type + "'"));
    }
    if (!node_ports.insert({port.protocol, port.nodePort}).second) {
      errors.push_back(field::duplicate(at.child("nodePort"), std::to_string(port.nodePort)));
    }
  }
}

void check_affinity_config(Errors& errors, const Path& spec_path, const ServiceSpec& spec) {
  if (spec.sessionAffinity.empty()) {
    errors.push_back(field::required(spec_path.child("sessionAffinity")));
  } else {
    check_enum(errors, spec_path.child("sessionAffinity"), std::string_view(spec.sessionAffinity),
               {"ClientIP", "None"});
  }
  Path path = spec_path.child("sessionAffinityConfig");
  if (spec.sessionAffinity == "None" && spec.sessionAffinityConfig) {
    errors.push_back(field::forbidden(path, "must not be set when session affinity is None"));
  }
  if (spec.sessionAffinity != "ClientIP" || !spec.sessionAffinityConfig ||
      !spec.sessionAffinityConfig->clientIP)
    return;
  int64_t seconds = spec.sessionAffinityConfig->clientIP->timeoutSeconds.value_or(0);
  if (seconds <= 0 || seconds > 86400) {
    errors.push_back(field::invalid_int(path.child("clientIP").child("timeoutSeconds"), seconds,
                                        "must be greater than 0 and less than 86400"));
  }
}

bool bad_external_ip(std::string_view text, std::string& why) {
  in_addr v4{};
  std::string copy(text);
  if (inet_pton(AF_INET, copy.c_str(), &v4) == 1) {
    uint32_t ip = ntohl(v4.s_addr);
    if (ip == 0)
      why = "may not be unspecified (0.0.0.0 or ::)";
    else if (ip >> 24 == 127)
      why = "may not be in the loopback range (127.0.0.0/8, ::1/128)";
    else if (ip >> 16 == 0xA9FE)
      why = "may not be in the link-local range (169.254.0.0/16, fe80::/10)";
    else if (ip >> 8 == 0xE00000)
      why = "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)";
  }
  return !why.empty();
}

void check_external(Errors& errors, const Path& spec_path, const ServiceSpec& spec) {
  for (size_t i = 0; i < spec.externalIPs.size(); ++i) {
    Path at = spec_path.child("externalIPs").index(i);
    check_ip(errors, at, spec.externalIPs[i]);
    std::string why;
    if (bad_external_ip(spec.externalIPs[i], why))
      errors.push_back(field::invalid_string(at, spec.externalIPs[i], why));
  }
  bool balancer = spec.type == "LoadBalancer";
  for (size_t i = 0; i < spec.loadBalancerSourceRanges.size(); ++i) {
    Path at = spec_path.child("loadBalancerSourceRanges").index(i);
    if (!balancer) {
      errors.push_back(field::forbidden(spec_path.child("loadBalancerSourceRanges"),
                                        "may only be used when `type` is 'LoadBalancer'"));
      break;
    }
    if (!is_cidr(spec.loadBalancerSourceRanges[i])) {
      errors.push_back(
          field::invalid_string(at, spec.loadBalancerSourceRanges[i],
                                "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"));
    }
  }
  if (spec.loadBalancerClass) {
    if (!balancer)
      errors.push_back(field::forbidden(spec_path.child("loadBalancerClass"),
                                        "may only be used when `type` is 'LoadBalancer'"));
    check_qualified_name(errors, spec_path.child("loadBalancerClass"), *spec.loadBalancerClass);
  }
}

void check_traffic(Errors& errors, const Path& spec_path, const ServiceSpec& spec) {
  bool external = spec.type == "LoadBalancer" || spec.type == "NodePort" ||
                  (spec.type == "ClusterIP" && !spec.externalIPs.empty());
  if (!spec.externalTrafficPolicy.empty() && !external) {
    errors.push_back(field::invalid_string(spec_path.child("externalTrafficPolicy"),
                                           spec.externalTrafficPolicy,
                                           "may only be set for externally-accessible services"));
  } else if (external) {
    check_enum(errors, spec_path.child("externalTrafficPolicy"), std::string_view(spec.externalTrafficPolicy),
               {"Cluster", "Local"});
  }
  bool health = spec.type == "LoadBalancer" && spec.externalTrafficPolicy == "Local";
  if (spec.healthCheckNodePort != 0 && !health) {
    errors.push_back(field::invalid_int(
        spec_path.child("healthCheckNodePort"), spec.healthCheckNodePort,
        "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"));
  }
  if (needs_cluster_ip(spec)) {
    if (!spec.internalTrafficPolicy) {
      errors.push_back(field::required(spec_path.child("internalTrafficPolicy")));
    } else {
      check_enum(errors, spec_path.child("internalTrafficPolicy"), spec.internalTrafficPolicy,
                 {"Cluster", "Local"});
    }
  }
  check_enum(errors, spec_path.child("trafficDistribution"), spec.trafficDistribution,
             {"PreferClose", "PreferSameNode", "PreferSameZone"});
}

void check_cluster_ips(Errors& errors, const Path& spec_path, const ServiceSpec& spec) {
  if (external_name(spec)) return;
  Path path = spec_path.child("clusterIPs");
  if (spec.clusterIPs.size() > 2) {
    errors.push_back(field::invalid(path, fmt::format("[\"{}\"]", fmt::join(spec.clusterIPs, "\",\"")),
                                    "may only hold up to 2 values"));
  }
  if (!spec.clusterIPs.empty() && spec.clusterIPs[0] != spec.clusterIP) {
    errors.push_back(field::invalid(path, fmt::format("[\"{}\"]", fmt::join(spec.clusterIPs, "\",\"")),
                                    "first value must match `clusterIP`"));
  }
  for (size_t i = 0; i < spec.clusterIPs.size(); ++i) {
    if (spec.clusterIPs[i] == "None" && i == 0) continue;
    check_ip(errors, path.index(i), spec.clusterIPs[i]);
  }
  std::set<std::string> families;
  for (size_t i = 0; i < spec.ipFamilies.size(); ++i) {
    Path at = spec_path.child("ipFamilies").index(i);
    check_enum(errors, at, std::string_view(spec.ipFamilies[i]), {"IPv4", "IPv6"});
    if (!families.insert(spec.ipFamilies[i]).second)
      errors.push_back(field::duplicate(at, spec.ipFamilies[i]));
  }
  check_enum(errors, spec_path.child("ipFamilyPolicy"), spec.ipFamilyPolicy,
             {"PreferDualStack", "RequireDualStack", "SingleStack"});
}

}  // namespace

Errors validate_service(const corev1::Service& service) {
  Errors errors;
  Path spec("spec");
  check_ports(errors, spec, service.spec);
  check_type(errors, spec, service.spec);
  check_affinity_config(errors, spec, service.spec);
  if (!service.spec.selector.empty()) {
    for (const auto& [key, value] : service.spec.selector) {
      check_qualified_name(errors, spec.child("selector"), key);
      check_messages(errors, spec.child("selector"), value, api::is_valid_label_value(value));
    }
  }
  check_external(errors, spec, service.spec);
  check_traffic(errors, spec, service.spec);
  check_cluster_ips(errors, spec, service.spec);
  return errors;
}

Errors validate_service_update(const corev1::Service& service, const corev1::Service& old) {
  Errors errors;
  Path spec("spec");
  // A cluster IP stays, unless the service stops or begins to have one.
  bool both = needs_cluster_ip(service.spec) && needs_cluster_ip(old.spec);
  if (both && !old.spec.clusterIP.empty() && service.spec.clusterIP != old.spec.clusterIP) {
    errors.push_back(
        field::invalid(spec.child("clusterIPs").index(0),
                       service.spec.clusterIPs.empty() ? "null" : field::quote(service.spec.clusterIP),
                       "may not change once set"));
  }
  if (service.spec.loadBalancerClass != old.spec.loadBalancerClass && service.spec.type == "LoadBalancer" &&
      old.spec.type == "LoadBalancer") {
    errors.push_back(field::invalid(spec.child("loadBalancerClass"),
                                    field::quote(service.spec.loadBalancerClass.value_or("")),
                                    "may not change once set"));
  }
  field::append(errors, validate_service(service));
  return errors;
}

}  // namespace xebec::apiserver::validation
