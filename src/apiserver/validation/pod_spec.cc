#include <fmt/format.h>

#include "apiserver/validation/object_meta.h"
#include "apiserver/validation/pod.h"
#include "apiserver/validation/ratchet.h"

namespace xebec::apiserver::validation {
namespace {

size_t joined_length(const std::vector<std::string>& texts) {
  size_t length = texts.empty() ? 0 : texts.size() - 1;
  for (const std::string& text : texts) length += text.size();
  return length;
}

void check_dns_config(Errors& errors, const Path& path, const corev1::PodSpec& spec) {
  if (spec.dnsPolicy == "None") {
    if (!spec.dnsConfig) {
      errors.push_back(field::required(path, "must provide `dnsConfig` when `dnsPolicy` is None"));
      return;
    }
    if (spec.dnsConfig->nameservers.empty()) {
      errors.push_back(field::required(path.child("nameservers"),
                                       "must provide at least one DNS nameserver when `dnsPolicy` is None"));
      return;
    }
  }
  if (!spec.dnsConfig) return;
  const corev1::PodDNSConfig& config = *spec.dnsConfig;
  const Path servers = path.child("nameservers"), searches = path.child("searches");
  if (config.nameservers.size() > 3) {
    errors.push_back(
        field::invalid(servers, go_json(config.nameservers), "must not have more than 3 nameservers"));
  }
  for (size_t i = 0; i < config.nameservers.size(); ++i)
    check_ip(errors, servers.index(i), config.nameservers[i]);
  if (config.searches.size() > 32) {
    errors.push_back(
        field::invalid(searches, go_json(config.searches), "must not have more than 32 search paths"));
  }
  if (joined_length(config.searches) > 2048) {
    errors.push_back(
        field::invalid(searches, go_json(config.searches),
                       "must not have more than 2048 characters (including spaces) in the search "
                       "list"));
  }
  for (size_t i = 0; i < config.searches.size(); ++i) {
    std::string_view search = config.searches[i];
    if (search == ".") continue;
    if (search.ends_with('.')) search.remove_suffix(1);
    check_relaxed_subdomain(errors, searches.index(i), search);
  }
  for (size_t i = 0; i < config.options.size(); ++i) {
    if (config.options[i].name.empty())
      errors.push_back(field::required(path.child("options").index(i), "must not be empty"));
  }
}

void check_host_aliases(Errors& errors, const Path& path, const std::vector<corev1::HostAlias>& aliases) {
  for (size_t i = 0; i < aliases.size(); ++i) {
    check_ip(errors, path.index(i).child("ip"), aliases[i].ip);
    for (size_t j = 0; j < aliases[i].hostnames.size(); ++j)
      check_dns_subdomain(errors, path.index(i).child("hostnames").index(j), aliases[i].hostnames[j]);
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

// In a template the port of the host may be left open: it is set when the Pod is made.
void check_host_network_ports(Errors& errors, const Path& path, const corev1::PodSpec& spec, bool is_pod) {
  if (!spec.hostNetwork) return;
  for (size_t i = 0; i < spec.containers.size(); ++i) {
    for (size_t j = 0; j < spec.containers[i].ports.size(); ++j) {
      const corev1::ContainerPort& port = spec.containers[i].ports[j];
      if ((!is_pod && port.hostPort == 0) || port.hostPort == port.containerPort) continue;
      errors.push_back(field::invalid_int(path.index(i).child("ports").index(j).child("hostPort"),
                                          port.hostPort,
                                          "must match `containerPort` when `hostNetwork` is true"));
    }
  }
}

void check_host_users(Errors& errors, const Path& path, const corev1::PodSpec& spec) {
  if (spec.hostUsers.value_or(true)) return;
  auto refuse = [&](bool bad, std::string_view name) {
    if (bad) errors.push_back(field::forbidden(path.child(name), "when `hostUsers` is false"));
  };
  refuse(spec.hostNetwork, "hostNetwork");
  refuse(spec.hostPID, "HostPID");
  refuse(spec.hostIPC, "HostIPC");
  visit_containers(spec, path, [&](const corev1::Container& container, const Path& at) {
    if (!container.volumeDevices.empty())
      errors.push_back(field::forbidden(at.child("volumeDevices"), "when `hostUsers` is false"));
  });
}

void check_host_name_override(Errors& errors, const Path& path, const corev1::PodSpec& spec) {
  if (!spec.hostnameOverride) return;
  const Path at = path.child("hostnameOverride");
  if (spec.setHostnameAsFQDN.value_or(false))
    errors.push_back(field::forbidden(at, "may not be specified when setHostnameAsFQDN is true"));
  if (spec.hostNetwork)
    errors.push_back(field::forbidden(at, "may not be specified when hostNetwork is true"));
  if (spec.hostnameOverride->size() > 64) errors.push_back(field::too_long(at, 64));
  check_dns_subdomain(errors, at, *spec.hostnameOverride);
}

void check_names(Errors& errors, const Path& path, const corev1::PodSpec& spec) {
  if (!spec.serviceAccountName.empty())
    check_dns_subdomain(errors, path.child("serviceAccountName"), spec.serviceAccountName);
  if (!spec.nodeName.empty()) check_dns_subdomain(errors, path.child("nodeName"), spec.nodeName);
  if (spec.activeDeadlineSeconds && (*spec.activeDeadlineSeconds < 1 ||
                                     *spec.activeDeadlineSeconds > std::numeric_limits<int32_t>::max())) {
    errors.push_back(field::invalid_int(path.child("activeDeadlineSeconds"), *spec.activeDeadlineSeconds,
                                        "must be between 1 and 2147483647, inclusive"));
  }
  if (!spec.hostname.empty()) check_dns_label(errors, path.child("hostname"), spec.hostname);
  if (!spec.subdomain.empty()) check_dns_label(errors, path.child("subdomain"), spec.subdomain);
}

void check_classes(Errors& errors, const Path& path, const corev1::PodSpec& spec) {
  if (!spec.priorityClassName.empty())
    check_dns_subdomain(errors, path.child("priorityClassName"), spec.priorityClassName);
  if (spec.runtimeClassName)
    check_dns_subdomain(errors, path.child("runtimeClassName"), *spec.runtimeClassName);
  if (spec.preemptionPolicy) {
    check_required_enum(errors, path.child("preemptionPolicy"), *spec.preemptionPolicy,
                        {"PreemptLowerPriority", "Never"});
  }
  corev1::ResourceRequirements overhead;
  overhead.limits = spec.overhead;
  if (!spec.overhead.empty()) check_container_resources(errors, path.child("overhead"), overhead, {});
}

// A token without an account to be of.
void check_tokens(Errors& errors, const Path& path, const corev1::PodSpec& spec) {
  if (!spec.serviceAccountName.empty()) return;
  for (size_t i = 0; i < spec.volumes.size(); ++i) {
    if (!spec.volumes[i].projected) continue;
    const auto& sources = spec.volumes[i].projected->sources;
    for (size_t j = 0; j < sources.size(); ++j) {
      if (!sources[j].serviceAccountToken) continue;
      errors.push_back(field::forbidden(path.child("volumes")
                                            .index(i)
                                            .child("projected")
                                            .child("sources")
                                            .index(j)
                                            .child("serviceAccountToken"),
                                        "must not be specified when serviceAccountName is not set"));
    }
  }
}

}  // namespace

void check_pod_spec(Errors& errors, const Path& path, const corev1::PodSpec& spec,
                    const metav1::ObjectMeta* pod) {
  PodContext context{spec, pod, {}, {}};
  if (!spec.terminationGracePeriodSeconds)
    errors.push_back(field::required(path.child("terminationGracePeriodSeconds")));
  check_volumes(errors, path.child("volumes"), context);
  for (const corev1::PodResourceClaim& claim : spec.resourceClaims)
    if (!claim.name.empty()) context.claims.insert(claim.name);
  check_resource_claims(errors, path.child("resourceClaims"), context);
  check_containers(errors, path, context);
  check_pod_resources(errors, path.child("resources"), context);
  check_host_network_ports(errors, path.child("containers"), spec, pod != nullptr);
  check_required_enum(errors, path.child("restartPolicy"), spec.restartPolicy,
                      {"Always", "OnFailure", "Never"});
  check_required_enum(errors, path.child("dnsPolicy"), spec.dnsPolicy,
                      {"ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"});
  field::append(errors, validate_labels(spec.nodeSelector, path.child("nodeSelector")));
  check_pod_security(errors, path.child("securityContext"), spec);
  if (spec.affinity) check_affinity(errors, path.child("affinity"), *spec.affinity);
  check_dns_config(errors, path.child("dnsConfig"), spec);
  check_gates(errors, path, spec);
  check_spread_constraints(errors, path.child("topologySpreadConstraints"), spec.topologySpreadConstraints);
  check_host_process(errors, path, spec);
  check_host_users(errors, path, spec);
  check_host_name_override(errors, path, spec);
  check_names(errors, path, spec);
  check_tolerations(errors, path.child("tolerations"), spec.tolerations);
  check_host_aliases(errors, path.child("hostAliases"), spec.hostAliases);
  check_classes(errors, path, spec);
  check_os(errors, path, spec);
  check_env_files(errors, path, spec);
}

void check_pod_template(Errors& errors, const Path& path, const corev1::PodTemplateSpec& template_) {
  const Path spec = path.child("spec"), annotations = path.child("annotations");
  field::append(errors, validate_labels(template_.metadata.labels, path.child("labels")));
  field::append(errors, validate_annotations(template_.metadata.annotations, annotations));
  check_pod_annotations(errors, annotations, template_.metadata.annotations, template_.spec);
  check_pod_spec(errors, spec, template_.spec, nullptr);
  check_profile_annotations(errors, spec, template_.metadata.annotations, template_.spec);
  if (!template_.spec.ephemeralContainers.empty()) {
    errors.push_back(field::forbidden(spec.child("ephemeralContainers"),
                                      "ephemeral containers not allowed in pod template"));
  }
}

void check_changed_pod(Errors& errors, const corev1::Pod& pod, const corev1::Pod& old) {
  check_pod(errors, pod);
  if (errors.empty()) return;
  Errors stored;
  check_pod(stored, old);
  forgive_younger_rules(errors, stored);
}

void check_pod(Errors& errors, const corev1::Pod& pod) {
  const Path spec("spec");
  check_pod_annotations(errors, Path("metadata").child("annotations"), pod.metadata.annotations, pod.spec);
  check_pod_spec(errors, spec, pod.spec, &pod.metadata);
  check_tokens(errors, spec, pod.spec);
  for (size_t i = 0; i < pod.spec.containers.size(); ++i)
    check_image_text(errors, spec.child("containers").index(i), pod.spec.containers[i].image);
  for (size_t i = 0; i < pod.spec.initContainers.size(); ++i)
    check_image_text(errors, spec.child("initContainers").index(i), pod.spec.initContainers[i].image);
}

Errors validate_pod(const corev1::Pod& pod) {
  Errors errors;
  const Path spec("spec");
  check_pod(errors, pod);
  if (!pod.spec.ephemeralContainers.empty())
    errors.push_back(field::forbidden(spec.child("ephemeralContainers"), "cannot be set on create"));
  if (!pod.spec.schedulingGates.empty() && !pod.spec.nodeName.empty()) {
    errors.push_back(field::forbidden(spec.child("nodeName"),
                                      "cannot be set until all schedulingGates have been cleared"));
  }
  check_profile_annotations(errors, spec, pod.metadata.annotations, pod.spec);
  return errors;
}

}  // namespace xebec::apiserver::validation
