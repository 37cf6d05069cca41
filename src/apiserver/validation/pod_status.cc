#include <fmt/format.h>

#include "apiserver/validation/pod.h"

namespace xebec::apiserver::validation {
namespace {

using Statuses = std::vector<corev1::ContainerStatus>;

bool is_sidecar_named(const corev1::PodSpec& spec, std::string_view name) {
  return std::any_of(spec.initContainers.begin(), spec.initContainers.end(),
                     [&](const corev1::Container& c) { return c.name == name && is_sidecar(c); });
}

const corev1::Container* find_container(const std::vector<corev1::Container>& containers,
                                        std::string_view name) {
  for (const corev1::Container& container : containers)
    if (container.name == name) return &container;
  return nullptr;
}

// A container that is over and may not restart stays over. `own` is its own restart policy, if it has one.
void check_transitions(Errors& errors, const Path& path, const Statuses& now, const Statuses& before,
                       const std::string& policy, const corev1::PodSpec& spec) {
  if (policy == "Always") return;
  for (size_t i = 0; i < before.size(); ++i) {
    const corev1::ContainerStatus& old = before[i];
    if (!old.state.terminated) continue;
    if (old.state.terminated->exitCode != 0 && policy == "OnFailure") continue;
    if (is_sidecar_named(spec, old.name)) continue;
    const corev1::Container* container = find_container(spec.containers, old.name);
    if (container == nullptr) container = find_container(spec.initContainers, old.name);
    if (container != nullptr && container->restartPolicy && *container->restartPolicy != "Never") continue;
    if (container != nullptr && !container->restartPolicyRules.empty()) continue;
    for (const corev1::ContainerStatus& status : now) {
      if (status.name == old.name && !status.state.terminated) {
        errors.push_back(field::forbidden(path.index(i).child("state"),
                                          "may not be transitioned to non-terminated state"));
      }
    }
  }
}

void check_conditions(Errors& errors, const Path& path, const std::vector<corev1::PodCondition>& conditions) {
  for (size_t i = 0; i < conditions.size(); ++i) {
    const corev1::PodCondition& condition = conditions[i];
    if (condition.observedGeneration < 0) {
      errors.push_back(field::invalid_int(path.index(i).child("observedGeneration"),
                                          condition.observedGeneration, kNonNegative));
    }
    const std::string& type = condition.type;
    if (type == "PodScheduled" || type == "Ready" || type == "Initialized") continue;
    check_qualified_name(errors, path.index(i).child("Type"), type);
  }
}

template <class IP>  // PodIP or HostIP
void check_ips(Errors& errors, const Path& path, const std::vector<IP>& ips) {
  std::vector<std::string> texts;
  for (size_t i = 0; i < ips.size(); ++i) {
    check_ip(errors, path.index(i), ips[i].ip);
    texts.push_back(ips[i].ip);
  }
  if (ips.size() < 2) return;
  if (!is_dual_stack(texts) || ips.size() > 2)
    errors.push_back(
        field::invalid(path, go_json(ips), "may specify no more than one IP for each IP family"));
  std::set<std::string> seen;
  for (size_t i = 0; i < ips.size(); ++i) {
    if (seen.insert(ips[i].ip).second) continue;
    field::Error error = field::duplicate(path.index(i), "");
    error.body = "Duplicate value: " + go_json(ips[i]);
    errors.push_back(std::move(error));
  }
}

void check_host_ips(Errors& errors, const Path& path, const corev1::PodStatus& status) {
  if (status.hostIPs.empty()) return;
  if (status.hostIP != status.hostIPs[0].ip) {
    errors.push_back(
        field::invalid_string(path.index(0).child("ip"), status.hostIPs[0].ip, "must be equal to `hostIP`"));
  }
  check_ips(errors, path, status.hostIPs);
}

void check_claim_statuses(Errors& errors, const Path& path, const corev1::Pod& pod) {
  std::set<std::string> seen;
  const auto& claims = pod.spec.resourceClaims;
  for (size_t i = 0; i < pod.status.resourceClaimStatuses.size(); ++i) {
    const auto& status = pod.status.resourceClaimStatuses[i];
    const Path name = path.index(i).child("name");
    const bool known =
        std::any_of(claims.begin(), claims.end(), [&](const auto& c) { return c.name == status.name; });
    if (!known) {
      errors.push_back(field::invalid_string(name, status.name,
                                             "must match the name of an entry in `spec.resourceClaims`"));
    }
    if (!seen.insert(status.name).second) errors.push_back(field::duplicate(name, status.name));
    if (status.resourceClaimName) check_dns_subdomain(errors, name, *status.resourceClaimName);
  }
}

void check_users(Errors& errors, const Path& path, const Statuses& statuses, const corev1::PodSpec& spec) {
  const bool windows = spec.os && spec.os->name == "windows";
  for (size_t i = 0; i < statuses.size(); ++i) {
    if (!statuses[i].user || !statuses[i].user->linux) continue;
    const Path at = path.index(i).child("linux");
    if (windows) {
      errors.push_back(field::forbidden(at, "cannot be set for a windows pod"));
      continue;
    }
    const corev1::LinuxContainerUser& user = *statuses[i].user->linux;
    check_id(errors, at.child("uid"), user.uid);
    check_id(errors, at.child("gid"), user.gid);
    for (size_t g = 0; g < user.supplementalGroups.size(); ++g)
      check_id(errors, at.child("supplementalGroups").index(g), user.supplementalGroups[g]);
  }
}

bool requests(const corev1::Container& container, std::string_view name) {
  if (!name.starts_with("claim:")) return container.resources.requests.contains(name);
  return std::any_of(container.resources.claims.begin(), container.resources.claims.end(),
                     [&](const corev1::ResourceClaim& claim) {
                       std::string full = "claim:" + claim.name;
                       if (!claim.request.empty()) full += "/" + claim.request;
                       return full == name;
                     });
}

void check_health(Errors& errors, const Path& path, const Statuses& statuses,
                  const std::vector<corev1::Container>& containers) {
  for (size_t i = 0; i < statuses.size(); ++i) {
    const corev1::Container* container = find_container(containers, statuses[i].name);
    for (size_t j = 0; j < statuses[i].allocatedResourcesStatus.size(); ++j) {
      const corev1::ResourceStatus& resource = statuses[i].allocatedResourcesStatus[j];
      const Path at = path.index(i).child("allocatedResourcesStatus").index(j);
      if (container != nullptr && !requests(*container, resource.name)) {
        errors.push_back(field::invalid_string(at.child("name"), resource.name,
                                               resource.name.starts_with("claim:")
                                                   ? "must match one of the container's resource claims in a "
                                                     "format 'claim:<claimName>/<request>' or "
                                                     "'claim:<claimName>' if request is empty"
                                                   : "must match one of the container's resource requests"));
      }
      std::set<std::string> ids;
      for (size_t k = 0; k < resource.resources.size(); ++k) {
        const Path one = at.child("resources").index(k);
        check_enum(errors, one.child("health"), std::string_view(resource.resources[k].health),
                   {"Healthy", "Unhealthy", "Unknown"});
        if (!ids.insert(resource.resources[k].resourceID).second)
          errors.push_back(field::duplicate(one.child("resourceID"), resource.resources[k].resourceID));
      }
    }
  }
}

void check_container_statuses(Errors& errors, const Path& status, const corev1::Pod& pod) {
  const Path mains = status.child("containerStatuses"), inits = status.child("initContainerStatuses"),
             ephemerals = status.child("ephemeralContainerStatuses");
  check_users(errors, mains, pod.status.containerStatuses, pod.spec);
  check_users(errors, inits, pod.status.initContainerStatuses, pod.spec);
  check_users(errors, ephemerals, pod.status.ephemeralContainerStatuses, pod.spec);
  check_health(errors, mains, pod.status.containerStatuses, pod.spec.containers);
  check_health(errors, inits, pod.status.initContainerStatuses, pod.spec.initContainers);
  for (size_t i = 0; i < pod.status.ephemeralContainerStatuses.size(); ++i) {
    if (pod.status.ephemeralContainerStatuses[i].allocatedResourcesStatus.empty()) continue;
    errors.push_back(field::forbidden(ephemerals.index(i).child("allocatedResourcesStatus"),
                                      "must not be specified in container status"));
  }
}

}  // namespace

Errors validate_pod_status_update(const corev1::Pod& pod, const corev1::Pod& old) {
  Errors errors;
  const Path metadata("metadata"), status("status");
  check_pod_annotation_changes(errors, metadata.child("annotations"), pod, old);
  check_conditions(errors, metadata.child("conditions"), pod.status.conditions);
  if (pod.spec.nodeName != old.spec.nodeName)
    errors.push_back(field::forbidden(status.child("nodeName"), "may not be changed directly"));
  const std::string& nominated = pod.status.nominatedNodeName;
  if (nominated != old.status.nominatedNodeName && !nominated.empty())
    check_dns_subdomain(errors, status.child("nominatedNodeName"), nominated);
  if (pod.status.observedGeneration < 0) {
    errors.push_back(
        field::invalid_int(status.child("observedGeneration"), pod.status.observedGeneration, kNonNegative));
  }
  check_immutable(errors, status.child("qosClass"), pod.status.qosClass == old.status.qosClass,
                  field::quote(pod.status.qosClass));
  check_transitions(errors, status.child("containerStatuses"), pod.status.containerStatuses,
                    old.status.containerStatuses, old.spec.restartPolicy, old.spec);
  check_transitions(errors, status.child("initContainerStatuses"), pod.status.initContainerStatuses,
                    old.status.initContainerStatuses, old.spec.restartPolicy, old.spec);
  check_transitions(errors, status.child("ephemeralContainerStatuses"), pod.status.ephemeralContainerStatuses,
                    old.status.ephemeralContainerStatuses, "Never", old.spec);
  check_claim_statuses(errors, status.child("resourceClaimStatuses"), pod);
  check_ips(errors, status.child("podIPs"), pod.status.podIPs);
  check_host_ips(errors, status.child("hostIPs"), pod.status);
  check_container_statuses(errors, status, pod);
  return errors;
}

}  // namespace xebec::apiserver::validation
