// Namespaces, Nodes, Events, Endpoints, ReplicationControllers, PodTemplates.
#include "apiserver/validation/core.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include "apiserver/validation/object_meta.h"
#include "apiserver/validation/pod.h"
#include "apiserver/validation/workloads.h"

namespace xebec::apiserver::validation {
namespace {

void check_taints(Errors& errors, const Path& path, const std::vector<corev1::Taint>& taints) {
  std::set<std::pair<std::string, std::string>> seen;
  for (size_t i = 0; i < taints.size(); ++i) {
    const corev1::Taint& taint = taints[i];
    Path at = path.index(i);
    check_qualified_name(errors, at.child("key"), taint.key);
    check_messages(errors, at.child("value"), taint.value, api::is_valid_label_value(taint.value));
    if (taint.effect.empty()) {
      errors.push_back(field::required(at.child("effect")));
    } else {
      check_enum(errors, at.child("effect"), std::string_view(taint.effect),
                 {"NoExecute", "NoSchedule", "PreferNoSchedule"});
    }
    if (!seen.insert({taint.key, taint.effect}).second) {
      field::Error error = field::duplicate(at, taint.key);
      error.body += ": taints must be unique by key and effect pair";
      errors.push_back(std::move(error));
    }
  }
}

void check_pod_cidrs(Errors& errors, const corev1::NodeSpec& spec) {
  Path path = Path("spec").child("podCIDRs");
  for (size_t i = 0; i < spec.podCIDRs.size(); ++i) {
    if (!is_cidr(spec.podCIDRs[i])) {
      errors.push_back(
          field::invalid_string(path.index(i), spec.podCIDRs[i],
                                "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"));
    }
  }
  if (spec.podCIDRs.size() > 2) {
    errors.push_back(field::invalid(path, "", "may specify no more than one CIDR for each IP family"));
  }
}

bool cluster_scoped(const corev1::Event& event) { return event.involvedObject.namespace_.empty(); }

void check_endpoint_ip(Errors& errors, const Path& path, std::string_view ip) {
  check_ip(errors, path, ip);
  in_addr v4{};
  if (inet_pton(AF_INET, std::string(ip).c_str(), &v4) != 1) return;
  uint32_t number = ntohl(v4.s_addr);
  if (number == 0)
    errors.push_back(field::invalid_string(path, ip, "may not be unspecified (0.0.0.0 or ::)"));
  if (number >> 24 == 127)
    errors.push_back(
        field::invalid_string(path, ip, "may not be in the loopback range (127.0.0.0/8, ::1/128)"));
  if (number >> 16 == 0xA9FE)
    errors.push_back(
        field::invalid_string(path, ip, "may not be in the link-local range (169.254.0.0/16, fe80::/10)"));
}

void check_addresses(Errors& errors, const Path& path,
                     const std::vector<corev1::EndpointAddress>& addresses) {
  for (size_t i = 0; i < addresses.size(); ++i)
    check_endpoint_ip(errors, path.index(i).child("ip"), addresses[i].ip);
}

void check_endpoint_ports(Errors& errors, const Path& path, const std::vector<corev1::EndpointPort>& ports) {
  for (size_t i = 0; i < ports.size(); ++i) {
    Path at = path.index(i);
    if (ports.size() > 1 && ports[i].name.empty()) {
      errors.push_back(field::required(at.child("name")));
    } else if (!ports[i].name.empty()) {
      check_dns_label(errors, at.child("name"), ports[i].name);
    }
    check_port(errors, at.child("port"), ports[i].port);
    check_enum(errors, at.child("protocol"), std::string_view(ports[i].protocol), {"SCTP", "TCP", "UDP"});
  }
}

}  // namespace

Errors validate_namespace(const corev1::Namespace& ns) {
  Errors errors;
  for (const std::string& finalizer : ns.spec.finalizers) {
    Path path = Path("spec").child("finalizers");
    check_qualified_name(errors, path, finalizer);
    if (finalizer.find('/') == std::string::npos && finalizer != "kubernetes") {
      errors.push_back(field::invalid_string(
          path, finalizer, "name is neither a standard finalizer name nor is it fully qualified"));
    }
  }
  return errors;
}

Errors validate_namespace_update(const corev1::Namespace&, const corev1::Namespace&) { return {}; }

Errors validate_node(const corev1::Node& node) {
  Errors errors;
  check_taints(errors, Path("spec").child("taints"), node.spec.taints);
  check_pod_cidrs(errors, node.spec);
  return errors;
}

Errors validate_node_update(const corev1::Node& node, const corev1::Node& old) {
  Errors errors;
  Path spec("spec");
  check_taints(errors, spec.child("taints"), node.spec.taints);
  check_pod_cidrs(errors, node.spec);
  if (!old.spec.podCIDRs.empty() && node.spec.podCIDRs != old.spec.podCIDRs) {
    errors.push_back(field::forbidden(spec.child("podCIDRs"),
                                      "node updates may not change podCIDR except from \"\" to valid"));
  }
  if (!old.spec.providerID.empty() && node.spec.providerID != old.spec.providerID) {
    errors.push_back(field::forbidden(spec.child("providerID"),
                                      "node updates may not change providerID except from \"\" to valid"));
  }
  return errors;
}

Errors validate_event(const corev1::Event& event) {
  Errors errors;
  if (cluster_scoped(event)) {
    bool fine = event.metadata.namespace_.empty() || event.metadata.namespace_ == "default" ||
                event.metadata.namespace_ == "kube-system";
    if (!fine) {
      errors.push_back(field::invalid_string(Path("involvedObject").child("namespace"),
                                             event.involvedObject.namespace_,
                                             "does not match event.namespace"));
    }
  } else if (event.involvedObject.namespace_ != event.metadata.namespace_) {
    errors.push_back(field::invalid_string(Path("involvedObject").child("namespace"),
                                           event.involvedObject.namespace_,
                                           "does not match event.namespace"));
  }
  return errors;
}

Errors validate_event_update(const corev1::Event& event, const corev1::Event&) {
  return validate_event(event);
}

Errors validate_endpoints(const corev1::Endpoints& endpoints) {
  Errors errors;
  for (size_t i = 0; i < endpoints.subsets.size(); ++i) {
    const corev1::EndpointSubset& subset = endpoints.subsets[i];
    Path at = Path("subsets").index(i);
    if (subset.addresses.empty() && subset.notReadyAddresses.empty()) {
      errors.push_back(field::required(at, "must specify `addresses` or `notReadyAddresses`"));
    }
    check_addresses(errors, at.child("addresses"), subset.addresses);
    check_addresses(errors, at.child("notReadyAddresses"), subset.notReadyAddresses);
    check_endpoint_ports(errors, at.child("ports"), subset.ports);
  }
  return errors;
}

Errors validate_endpoints_update(const corev1::Endpoints& endpoints, const corev1::Endpoints&) {
  return validate_endpoints(endpoints);
}

Errors validate_replication_controller(const corev1::ReplicationController& rc) {
  Errors errors;
  Path spec("spec");
  check_non_negative(errors, spec.child("minReadySeconds"), rc.spec.minReadySeconds);
  if (!rc.spec.replicas) errors.push_back(field::required(spec.child("replicas")));
  if (rc.spec.replicas) check_non_negative(errors, spec.child("replicas"), *rc.spec.replicas);
  if (rc.spec.selector.empty()) errors.push_back(field::required(spec.child("selector")));
  if (!rc.spec.template_) {
    errors.push_back(field::required(spec.child("template")));
    return errors;
  }
  bool matches = std::all_of(rc.spec.selector.begin(), rc.spec.selector.end(), [&](const auto& term) {
    const std::string* label = rc.spec.template_->metadata.labels.get(term.first);
    return label != nullptr && *label == term.second;
  });
  if (!matches) {
    errors.push_back(field::invalid(spec.child("template").child("metadata").child("labels"),
                                    rendered_labels(rc.spec.template_->metadata.labels),
                                    "`selector` does not match template `labels`"));
  }
  check_workload_template(errors, spec.child("template"), *rc.spec.template_);
  return errors;
}

Errors validate_replication_controller_update(const corev1::ReplicationController& rc,
                                              const corev1::ReplicationController&) {
  return validate_replication_controller(rc);
}

Errors validate_pod_template(const corev1::PodTemplate& template_) {
  Errors errors;
  check_pod_template(errors, Path("template"), template_.template_);
  return errors;
}

Errors validate_pod_template_update(const corev1::PodTemplate& template_, const corev1::PodTemplate&) {
  return validate_pod_template(template_);
}

}  // namespace xebec::apiserver::validation
