#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "apiserver/validation/pod.h"

namespace xebec::apiserver::validation {
namespace {

using Statuses = std::vector<corev1::ContainerStatus>;

constexpr size_t kMaxMessage = 1024;  // of a resource's health

const corev1::Container* find_container(const std::vector<corev1::Container>& containers,
                                        std::string_view name) {
  for (const corev1::Container& container : containers)
    if (container.name == name) return &container;
  return nullptr;
}

constexpr std::string_view kOver = "may not be transitioned to non-terminated state";

bool matches(const corev1::ContainerRestartRule& rule, int32_t code) {
  if (!rule.exitCodes) return false;
  const std::vector<int32_t>& values = rule.exitCodes->values;
  const bool listed = std::find(values.begin(), values.end(), code) != values.end();
  return rule.exitCodes->operator_ == "NotIn" ? !listed : listed;
}

// Of its own rules, its own policy and its Pod's, the first that says something decides.
bool may_restart(const corev1::Container& container, const std::string& pod_policy, int32_t code) {
  if (container.restartPolicy) {
    for (const corev1::ContainerRestartRule& rule : container.restartPolicyRules)
      if (matches(rule, code)) return true;
  }
  const std::string& policy = container.restartPolicy ? *container.restartPolicy : pod_policy;
  if (policy == "OnFailure") return code != 0;
  return policy != "Never";
}

// A rule by which the end of one container restarts all of them.
bool all_may_restart(const corev1::PodSpec& spec) {
  auto restarts_all = [](const corev1::Container& container) {
    return std::any_of(container.restartPolicyRules.begin(), container.restartPolicyRules.end(),
                       [](const auto& rule) { return rule.action == "RestartAllContainers"; });
  };
  return std::any_of(spec.initContainers.begin(), spec.initContainers.end(), restarts_all) ||
         std::any_of(spec.containers.begin(), spec.containers.end(), restarts_all);
}

// A container that is over and may not restart stays over.
void check_transitions(Errors& errors, const Path& path, const Statuses& now, const Statuses& before,
                       const std::vector<corev1::Container>& containers, const corev1::PodSpec& spec) {
  if (all_may_restart(spec)) return;
  for (size_t i = 0; i < before.size(); ++i) {
    const corev1::ContainerStatus& old = before[i];
    const bool restarted = old.state.terminated &&
                           std::any_of(now.begin(), now.end(), [&](const corev1::ContainerStatus& status) {
                             return status.name == old.name && !status.state.terminated;
                           });
    if (!restarted) continue;
    const corev1::Container* container = find_container(containers, old.name);
    if (container != nullptr && may_restart(*container, spec.restartPolicy, old.state.terminated->exitCode))
      continue;
    errors.push_back(field::forbidden(path.index(i).child("state"), kOver));
  }
}

void check_ephemeral_transitions(Errors& errors, const Path& path, const Statuses& now,
                                 const Statuses& before) {
  for (size_t i = 0; i < before.size(); ++i) {
    if (!before[i].state.terminated) continue;
    for (const corev1::ContainerStatus& status : now)
      if (status.name == before[i].name && !status.state.terminated)
        errors.push_back(field::forbidden(path.index(i).child("state"), kOver));
  }
}

void check_generation(Errors& errors, const Path& at, int64_t generation) {
  if (generation < 0) {
    errors.push_back(
        field::invalid_int(at.child("observedGeneration"), generation, "must be a non-negative integer"));
  }
}

void check_conditions(Errors& errors, const Path& path, const std::vector<corev1::PodCondition>& conditions) {
  for (size_t i = 0; i < conditions.size(); ++i) {
    const corev1::PodCondition& condition = conditions[i];
    check_generation(errors, path.index(i), condition.observedGeneration);
    const std::string& type = condition.type;
    if (type == "PodScheduled" || type == "Ready" || type == "Initialized") continue;
    check_qualified_name(errors, path.index(i).child("Type"), type);
  }
}

template <class IP>  // PodIP or HostIP
void check_ips(Errors& errors, const Path& path, const std::vector<IP>& ips, const std::vector<IP>& before) {
  std::vector<std::string> texts;
  for (size_t i = 0; i < ips.size(); ++i) {
    const bool known =
        std::any_of(before.begin(), before.end(), [&](const IP& old) { return old.ip == ips[i].ip; });
    if (!known) check_ip(errors, path.index(i), ips[i].ip);
    texts.push_back(ips[i].ip);
  }
  if (ips.size() < 2) return;
  const auto bad =
      std::find_if_not(texts.begin(), texts.end(), [](const std::string& text) { return is_ip(text); });
  if (bad != texts.end()) {
    errors.push_back(
        field::internal(path, fmt::format("failed to check for dual stack with error:invalid IP[{}]: {}",
                                          bad - texts.begin(), *bad)));
  }
  if (!is_dual_stack(texts) || ips.size() > 2)
    errors.push_back(
        field::invalid(path, go_json(ips), "may specify no more than one IP for each IP family"));
}

void check_host_ips(Errors& errors, const Path& path, const corev1::PodStatus& status,
                    const corev1::PodStatus& before) {
  if (status.hostIPs.empty()) return;
  if (status.hostIP != status.hostIPs[0].ip) {
    errors.push_back(
        field::invalid_string(path.index(0).child("ip"), status.hostIPs[0].ip, "must be equal to `hostIP`"));
  }
  check_ips(errors, path, status.hostIPs, before.hostIPs);
}

void check_claim_statuses(Errors& errors, const Path& path, const corev1::Pod& pod) {
  std::set<std::string> seen;
  const auto& claims = pod.spec.resourceClaims;
  for (size_t i = 0; i < pod.status.resourceClaimStatuses.size(); ++i) {
    const auto& status = pod.status.resourceClaimStatuses[i];
    const Path at = path.index(i), name = at.child("name");
    const bool known =
        std::any_of(claims.begin(), claims.end(), [&](const auto& c) { return c.name == status.name; });
    if (!known) {
      errors.push_back(field::invalid_string(name, status.name,
                                             "must match the name of an entry in `spec.resourceClaims`"));
    }
    if (!seen.insert(status.name).second) errors.push_back(field::duplicate(name, status.name));
    if (status.resourceClaimName)
      check_dns_subdomain(errors, at.child("resourceClaimName"), *status.resourceClaimName);
  }
}

// The claim that was made for extended resources which containers ask for as they would for any other.
void check_extended_claim(Errors& errors, const Path& path, const corev1::Pod& pod) {
  if (!pod.status.extendedResourceClaimStatus) return;
  const corev1::PodExtendedResourceClaimStatus& status = *pod.status.extendedResourceClaimStatus;
  const Path mappings = path.child("requestMappings");
  if (status.requestMappings.empty())
    errors.push_back(field::required(mappings, "at least one request mapping is required"));
  std::set<std::tuple<std::string_view, std::string_view, std::string_view>> seen;
  for (size_t i = 0; i < status.requestMappings.size(); ++i) {
    const corev1::ContainerExtendedResourceRequest& request = status.requestMappings[i];
    const Path at = mappings.index(i);
    const corev1::Container* container = find_container(pod.spec.containers, request.containerName);
    if (container == nullptr) container = find_container(pod.spec.initContainers, request.containerName);
    if (container == nullptr) {
      errors.push_back(field::invalid_string(
          at.child("containerName"), request.containerName,
          "must match the name of an entry in spec.initContainers.name or spec.containers.name"));
    } else if (!container->resources.requests.contains(request.resourceName)) {
      errors.push_back(field::invalid_string(
          at.child("resourceName"), request.resourceName,
          "must match the extended resource name of an entry in spec.initContainers.resources.requests or "
          "spec.containers.resources.requests"));
    }
    check_dns_label(errors, path.child("requestName"), request.requestName);
    if (!seen.emplace(request.containerName, request.resourceName, request.requestName).second) {
      errors.push_back(field::duplicate(at.child("containerName"), request.containerName));
      errors.push_back(field::duplicate(at.child("resourceName"), request.resourceName));
      errors.push_back(field::duplicate(at.child("requestName"), request.requestName));
    }
  }
  if (status.resourceClaimName.empty()) {
    errors.push_back(field::required(path.child("resourceClaimName")));
  } else {
    check_dns_subdomain(errors, path.child("resourceClaimName"), status.resourceClaimName);
  }
}

void check_users(Errors& errors, const Path& path, const Statuses& statuses, const corev1::PodSpec& spec) {
  const bool windows = spec.os && spec.os->name == "windows";
  for (size_t i = 0; i < statuses.size(); ++i) {
    if (!statuses[i].user || !statuses[i].user->linux) continue;
    const Path at = path.index(i).child("user").child("linux");
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

void check_message(Errors& errors, const Path& path, const std::optional<std::string>& message) {
  if (!message) return;
  check_required(errors, path, *message, "must be non-empty if specified");
  if (message->size() > kMaxMessage) errors.push_back(field::too_long(path, kMaxMessage));
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
        check_message(errors, one.child("message"), resource.resources[k].message);
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
  check_conditions(errors, status.child("conditions"), pod.status.conditions);
  if (pod.spec.nodeName != old.spec.nodeName)
    errors.push_back(field::forbidden(status.child("nodeName"), "may not be changed directly"));
  const std::string& nominated = pod.status.nominatedNodeName;
  if (nominated != old.status.nominatedNodeName && !nominated.empty())
    check_dns_subdomain(errors, status.child("nominatedNodeName"), nominated);
  if (nominated != old.status.nominatedNodeName && !nominated.empty() && !old.spec.nodeName.empty()) {
    errors.push_back(field::forbidden(status.child("nominatedNodeName"),
                                      "may not be set on pods that are already bound to a node"));
  }
  check_generation(errors, status, pod.status.observedGeneration);
  check_immutable(errors, status.child("qosClass"), pod.status.qosClass == old.status.qosClass,
                  field::quote(pod.status.qosClass));
  check_transitions(errors, status.child("containerStatuses"), pod.status.containerStatuses,
                    old.status.containerStatuses, old.spec.containers, old.spec);
  check_transitions(errors, status.child("initContainerStatuses"), pod.status.initContainerStatuses,
                    old.status.initContainerStatuses, old.spec.initContainers, old.spec);
  check_ephemeral_transitions(errors, status.child("ephemeralContainerStatuses"),
                              pod.status.ephemeralContainerStatuses, old.status.ephemeralContainerStatuses);
  check_claim_statuses(errors, status.child("resourceClaimStatuses"), pod);
  check_extended_claim(errors, status.child("extendedResourceClaimStatus"), pod);
  check_ips(errors, status.child("podIPs"), pod.status.podIPs, old.status.podIPs);
  check_host_ips(errors, status.child("hostIPs"), pod.status, old.status);
  check_container_statuses(errors, status, pod);
  return errors;
}

}  // namespace xebec::apiserver::validation
