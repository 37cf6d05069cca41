#include <fmt/format.h>

#include "apiserver/validation/object_meta.h"
#include "apiserver/validation/pod.h"

namespace xebec::apiserver::validation {
namespace {

void check_dns(Errors& errors, const Path& path, const corev1::PodSpec& spec) {
  check_enum(errors, path.child("dnsPolicy"), std::string_view(spec.dnsPolicy),
             {"ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"});
  Path config_path = path.child("dnsConfig");
  if (spec.dnsPolicy == "None") {
    if (!spec.dnsConfig) {
      errors.push_back(field::required(config_path, "must provide `dnsConfig` when `dnsPolicy` is None"));
      return;
    }
    if (spec.dnsConfig->nameservers.empty()) {
      errors.push_back(field::required(config_path.child("nameservers"),
                                       "must provide at least one DNS nameserver when `dnsPolicy` is None"));
      return;
    }
  }
  if (!spec.dnsConfig) return;
  const corev1::PodDNSConfig& config = *spec.dnsConfig;
  if (config.nameservers.size() > 3)
    errors.push_back(field::too_many(config_path.child("nameservers"), config.nameservers.size(), 3));
  for (size_t i = 0; i < config.nameservers.size(); ++i) {
    check_ip(errors, config_path.child("nameservers").index(i), config.nameservers[i]);
  }
  if (config.searches.size() > 32)
    errors.push_back(field::too_many(config_path.child("searches"), config.searches.size(), 32));
  for (size_t i = 0; i < config.searches.size(); ++i) {
    std::string_view search = config.searches[i];
    if (search == ".") continue;
    if (search.ends_with('.')) search.remove_suffix(1);
    check_dns_subdomain(errors, config_path.child("searches").index(i), search);
  }
  for (size_t i = 0; i < config.options.size(); ++i) {
    if (config.options[i].name.empty())
      errors.push_back(field::required(config_path.child("options").index(i), "must not be empty"));
  }
}

void check_host_aliases(Errors& errors, const Path& path, const std::vector<corev1::HostAlias>& aliases) {
  for (size_t i = 0; i < aliases.size(); ++i) {
    check_ip(errors, path.index(i).child("ip"), aliases[i].ip);
    for (size_t j = 0; j < aliases[i].hostnames.size(); ++j) {
      check_dns_subdomain(errors, path.index(i).child("hostnames").index(j), aliases[i].hostnames[j]);
    }
  }
}

void check_names(Errors& errors, const Path& path, const corev1::PodSpec& spec) {
  if (!spec.serviceAccountName.empty())
    check_dns_subdomain(errors, path.child("serviceAccountName"), spec.serviceAccountName);
  if (!spec.nodeName.empty()) check_dns_subdomain(errors, path.child("nodeName"), spec.nodeName);
  if (!spec.hostname.empty()) check_dns_label(errors, path.child("hostname"), spec.hostname);
  if (!spec.subdomain.empty()) check_dns_label(errors, path.child("subdomain"), spec.subdomain);
  if (!spec.priorityClassName.empty())
    check_dns_subdomain(errors, path.child("priorityClassName"), spec.priorityClassName);
  if (spec.runtimeClassName)
    check_dns_subdomain(errors, path.child("runtimeClassName"), *spec.runtimeClassName);
  for (size_t i = 0; i < spec.imagePullSecrets.size(); ++i) {
    check_required(errors, path.child("imagePullSecrets").index(i).child("name"),
                   spec.imagePullSecrets[i].name);
  }
}

void check_gates(Errors& errors, const Path& path, const corev1::PodSpec& spec) {
  for (size_t i = 0; i < spec.readinessGates.size(); ++i) {
    check_qualified_name(errors, path.child("readinessGates").index(i).child("conditionType"),
                         spec.readinessGates[i].conditionType);
  }
  std::set<std::string> seen;
  for (size_t i = 0; i < spec.schedulingGates.size(); ++i) {
    Path at = path.child("schedulingGates").index(i);
    check_qualified_name(errors, at, spec.schedulingGates[i].name);
    if (!seen.insert(spec.schedulingGates[i].name).second)
      errors.push_back(field::duplicate(at, spec.schedulingGates[i].name));
  }
}

void check_deadline(Errors& errors, const Path& path, const std::optional<int64_t>& seconds) {
  if (!seconds || (*seconds >= 1 && *seconds <= std::numeric_limits<int32_t>::max())) return;
  errors.push_back(field::invalid_int(path, *seconds, "must be between 1 and 2147483647, inclusive"));
}

}  // namespace

void check_pod_spec(Errors& errors, const Path& path, const corev1::PodSpec& spec) {
  check_volumes(errors, path.child("volumes"), spec.volumes);
  check_containers(errors, path, spec);
  if (spec.restartPolicy.empty()) {
    errors.push_back(field::required(path.child("restartPolicy")));
  } else {
    check_enum(errors, path.child("restartPolicy"), std::string_view(spec.restartPolicy),
               {"Always", "Never", "OnFailure"});
  }
  check_dns(errors, path, spec);
  field::append(errors, validate_labels(spec.nodeSelector, path.child("nodeSelector")));
  check_pod_security(errors, path.child("securityContext"), spec);
  if (spec.affinity) check_affinity(errors, path.child("affinity"), *spec.affinity);
  check_gates(errors, path, spec);
  check_spread_constraints(errors, path.child("topologySpreadConstraints"), spec.topologySpreadConstraints);
  check_names(errors, path, spec);
  check_tolerations(errors, path.child("tolerations"), spec.tolerations);
  check_host_aliases(errors, path.child("hostAliases"), spec.hostAliases);
  check_deadline(errors, path.child("activeDeadlineSeconds"), spec.activeDeadlineSeconds);
  check_enum(errors, path.child("preemptionPolicy"), spec.preemptionPolicy,
             {"Never", "PreemptLowerPriority"});
  if (spec.resources) check_resources(errors, path.child("resources"), *spec.resources);
  if (spec.os)
    check_enum(errors, path.child("os").child("name"), std::string_view(spec.os->name), {"linux", "windows"});
}

void check_pod_template(Errors& errors, const Path& path, const corev1::PodTemplateSpec& template_) {
  field::append(errors, validate_labels(template_.metadata.labels, path.child("labels")));
  field::append(errors, validate_annotations(template_.metadata.annotations, path.child("annotations")));
  check_pod_spec(errors, path.child("spec"), template_.spec);
  if (!template_.spec.ephemeralContainers.empty()) {
    errors.push_back(field::forbidden(path.child("spec").child("ephemeralContainers"),
                                      "ephemeral containers not allowed in pod template"));
  }
}

}  // namespace xebec::apiserver::validation
