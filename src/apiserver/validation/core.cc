// Namespaces, Endpoints, ReplicationControllers, PodTemplates.
#include "apiserver/validation/core.h"

#include <fmt/format.h>

#include "apiserver/validation/object_meta.h"
#include "apiserver/validation/pod.h"
#include "apiserver/validation/workloads.h"

namespace xebec::apiserver::validation {
namespace {

void check_address(Errors& errors, const Path& path, const corev1::EndpointAddress& address) {
  check_ip(errors, path.child("ip"), address.ip);
  if (!address.hostname.empty()) check_dns_label(errors, path.child("hostname"), address.hostname);
  if (address.nodeName) check_dns_subdomain(errors, path.child("nodeName"), *address.nodeName);
  check_non_special_ip(errors, path.child("ip"), address.ip);
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
    check_required_enum(errors, at.child("protocol"), ports[i].protocol, {"SCTP", "TCP", "UDP"});
    if (ports[i].appProtocol) check_qualified_name(errors, at.child("appProtocol"), *ports[i].appProtocol);
  }
}

void check_namespace_finalizers(Errors& errors, const corev1::Namespace& ns, bool indexed) {
  const Path path = Path("spec").child("finalizers");
  for (size_t i = 0; i < ns.spec.finalizers.size(); ++i) {
    const Path at = indexed ? path.index(i) : path;
    check_qualified_name(errors, at, ns.spec.finalizers[i]);
    check_standard_finalizer(errors, at, ns.spec.finalizers[i]);
  }
}

}  // namespace

Errors validate_namespace(const corev1::Namespace& ns) {
  Errors errors;
  check_namespace_finalizers(errors, ns, false);
  return errors;
}

Errors validate_namespace_update(const corev1::Namespace&, const corev1::Namespace&) { return {}; }

Errors validate_namespace_status_update(const corev1::Namespace& ns, const corev1::Namespace&) {
  const Path path = Path("status").child("Phase");
  const bool deleting = ns.metadata.deletionTimestamp.has_value();
  if (!deleting && ns.status.phase != "Active") {
    return {
        field::invalid_string(path, ns.status.phase, "may only be 'Active' if `deletionTimestamp` is empty")};
  }
  if (deleting && ns.status.phase != "Terminating") {
    return {field::invalid_string(path, ns.status.phase,
                                  "may only be 'Terminating' if `deletionTimestamp` is not empty")};
  }
  return {};
}

Errors validate_namespace_finalize(const corev1::Namespace& ns) {
  Errors errors;
  check_namespace_finalizers(errors, ns, true);
  return errors;
}

Errors validate_endpoints(const corev1::Endpoints& endpoints) {
  Errors errors;
  for (size_t i = 0; i < endpoints.subsets.size(); ++i) {
    const corev1::EndpointSubset& subset = endpoints.subsets[i];
    Path at = Path("subsets").index(i);
    if (subset.addresses.empty() && subset.notReadyAddresses.empty()) {
      errors.push_back(field::required(at, "must specify `addresses` or `notReadyAddresses`"));
    }
    for (size_t j = 0; j < subset.addresses.size(); ++j)
      check_address(errors, at.child("addresses").index(j), subset.addresses[j]);
    for (size_t j = 0; j < subset.notReadyAddresses.size(); ++j)
      check_address(errors, at.child("notReadyAddresses").index(j), subset.notReadyAddresses[j]);
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
  if (rc.spec.selector.empty()) errors.push_back(field::required(spec.child("selector")));
  if (!rc.spec.replicas) errors.push_back(field::required(spec.child("replicas")));
  if (rc.spec.replicas) check_non_negative(errors, spec.child("replicas"), *rc.spec.replicas);
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
  check_running_template(errors, spec.child("template"), *rc.spec.template_, "ReplicationController");
  return errors;
}

Errors validate_replication_controller_update(const corev1::ReplicationController& rc,
                                              const corev1::ReplicationController&) {
  return validate_replication_controller(rc);
}

Errors validate_replication_controller_status_update(const corev1::ReplicationController& rc,
                                                     const corev1::ReplicationController&) {
  Errors errors;
  check_replica_status(errors, rc.status);
  return errors;
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
