#include <fmt/format.h>

#include "apiserver/validation/pod.h"

namespace xebec::apiserver::validation {
namespace {

using corev1::Container;
using Names = std::set<std::string>;

bool hugepages(std::string_view name) { return name.starts_with("hugepages-"); }

bool native(std::string_view name) {
  return name.find('/') == std::string_view::npos || name.find("kubernetes.io/") != std::string_view::npos;
}

// Extended resources and huge pages are counted in whole units and are not overcommitted.
bool overcommit_allowed(std::string_view name) { return native(name) && !hugepages(name); }

bool standard(std::string_view name) {
  return name == "cpu" || name == "memory" || name == "ephemeral-storage" || hugepages(name);
}

void check_resource_name(Errors& errors, const Path& path, std::string_view name) {
  api::Messages messages = api::is_qualified_name(name);
  check_messages(errors, path, name, messages);
  if (!messages.empty()) return;
  if (name.find('/') == std::string_view::npos && !standard(name)) {
    errors.push_back(field::invalid_string(path, name, "must be a standard resource for containers"));
    errors.push_back(
        field::invalid_string(path, name, "must be a standard resource type or fully qualified"));
  }
}

void check_quantity(Errors& errors, const Path& path, std::string_view name, const api::Quantity& quantity) {
  if (quantity.sign() < 0) errors.push_back(field::invalid(path, field::quote(quantity.str()), kNonNegative));
  if (!overcommit_allowed(name) && quantity.milli_value() % 1000 != 0) {
    errors.push_back(field::invalid(path, field::quote(quantity.str()), "must be an integer"));
  }
}

void check_request_within_limit(Errors& errors, const Path& path, std::string_view name,
                                const api::Quantity& request, const corev1::ResourceRequirements& resources) {
  const api::Quantity* limit = resources.limits.get(name);
  if (limit == nullptr) {
    if (!overcommit_allowed(name)) {
      errors.push_back(
          field::required(path.child("limits"), "Limit must be set for non overcommitable resources"));
    }
    return;
  }
  if (!overcommit_allowed(name) && request.cmp(*limit) != 0) {
    errors.push_back(field::invalid(path.child("requests"), field::quote(request.str()),
                                    fmt::format("must be equal to {} limit of {}", name, limit->str())));
  } else if (request.cmp(*limit) > 0) {
    errors.push_back(
        field::invalid(path.child("requests"), field::quote(request.str()),
                       fmt::format("must be less than or equal to {} limit of {}", name, limit->str())));
  }
}

void check_hugepages_company(Errors& errors, const Path& path,
                             const corev1::ResourceRequirements& resources) {
  bool cpu_or_memory = false;
  bool huge = false;
  for (const auto* list : {&resources.limits, &resources.requests}) {
    for (const auto& [name, quantity] : *list) {
      if (name == "cpu" || name == "memory") cpu_or_memory = true;
      if (hugepages(name)) huge = true;
    }
  }
  if (huge && !cpu_or_memory) errors.push_back(field::forbidden(path, "HugePages require cpu or memory"));
}

struct PortKey {
  std::string protocol, host_ip;
  int32_t port;
  auto operator<=>(const PortKey&) const = default;
};

void check_ports(Errors& errors, const Path& path, const std::vector<corev1::ContainerPort>& ports) {
  Names names;
  for (size_t i = 0; i < ports.size(); ++i) {
    const corev1::ContainerPort& port = ports[i];
    Path at = path.index(i);
    if (!port.name.empty()) {
      api::Messages messages = is_valid_port_name(port.name);
      check_messages(errors, at.child("name"), port.name, messages);
      if (messages.empty() && !names.insert(port.name).second)
        errors.push_back(field::duplicate(at.child("name"), port.name));
    }
    if (port.containerPort == 0) {
      errors.push_back(field::required(at.child("containerPort")));
    } else {
      check_port(errors, at.child("containerPort"), port.containerPort);
    }
    if (port.hostPort != 0) check_port(errors, at.child("hostPort"), port.hostPort);
    if (port.protocol.empty()) {
      errors.push_back(field::required(at.child("protocol")));
    } else {
      check_enum(errors, at.child("protocol"), std::string_view(port.protocol), {"SCTP", "TCP", "UDP"});
    }
  }
}

void check_mounts(Errors& errors, const Path& path, const Container& container, const Names& volumes) {
  Names points;
  for (size_t i = 0; i < container.volumeMounts.size(); ++i) {
    const corev1::VolumeMount& mount = container.volumeMounts[i];
    Path at = path.index(i);
    check_required(errors, at.child("name"), mount.name);
    if (!volumes.contains(mount.name)) errors.push_back(field::not_found(at.child("name"), mount.name));
    check_required(errors, at.child("mountPath"), mount.mountPath);
    if (!points.insert(mount.mountPath).second) {
      errors.push_back(field::invalid_string(at.child("mountPath"), mount.mountPath, "must be unique"));
    }
    if (!mount.subPath.empty()) check_local_path(errors, at.child("subPath"), mount.subPath);
    if (!mount.subPathExpr.empty()) {
      if (!mount.subPath.empty()) {
        errors.push_back(field::invalid_string(at.child("subPathExpr"), mount.subPathExpr,
                                               "subPathExpr and subPath are mutually exclusive"));
      }
      check_local_path(errors, at.child("subPathExpr"), mount.subPathExpr);
    }
    check_enum(errors, at.child("mountPropagation"), mount.mountPropagation,
               {"Bidirectional", "HostToContainer", "None"});
    bool privileged = container.securityContext && container.securityContext->privileged.value_or(false);
    if (mount.mountPropagation == "Bidirectional" && !privileged) {
      errors.push_back(
          field::forbidden(at.child("mountPropagation"),
                           "Bidirectional mount propagation is available only to privileged containers"));
    }
  }
}

void check_pull_policy(Errors& errors, const Path& path, std::string_view policy) {
  if (policy.empty()) {
    errors.push_back(field::required(path));
  } else {
    check_enum(errors, path, policy, {"Always", "IfNotPresent", "Never"});
  }
}

// What init, main and ephemeral containers have in common.
void check_container(Errors& errors, const Path& at, const Container& container, const Names& volumes) {
  if (container.name.empty()) {
    errors.push_back(field::required(at.child("name")));
  } else {
    check_dns_label(errors, at.child("name"), container.name);
  }
  if (container.image.empty()) {
    errors.push_back(field::required(at.child("image")));
  } else if (std::isspace(static_cast<unsigned char>(container.image.front())) ||
             std::isspace(static_cast<unsigned char>(container.image.back()))) {
    errors.push_back(field::invalid_string(at.child("image"), container.image,
                                           "must not have leading or trailing whitespace"));
  }
  if (container.terminationMessagePolicy.empty()) {
    errors.push_back(field::required(at.child("terminationMessagePolicy")));
  } else {
    check_enum(errors, at.child("terminationMessagePolicy"),
               std::string_view(container.terminationMessagePolicy), {"FallbackToLogsOnError", "File"});
  }
  check_ports(errors, at.child("ports"), container.ports);
  check_env(errors, at.child("env"), container.env);
  check_env_from(errors, at.child("envFrom"), container.envFrom);
  check_mounts(errors, at.child("volumeMounts"), container, volumes);
  check_pull_policy(errors, at.child("imagePullPolicy"), container.imagePullPolicy);
  check_resources(errors, at.child("resources"), container.resources);
  if (container.securityContext)
    check_container_security(errors, at.child("securityContext"), *container.securityContext);
}

void check_hooks_and_probes(Errors& errors, const Path& at, const Container& container, int64_t grace) {
  if (container.lifecycle) check_lifecycle(errors, at.child("lifecycle"), *container.lifecycle, grace);
  auto once = [&](const corev1::Probe& probe, std::string_view name) {
    if (probe.successThreshold != 1) {
      errors.push_back(
          field::invalid_int(at.child(name).child("successThreshold"), probe.successThreshold, "must be 1"));
    }
  };
  if (container.livenessProbe) {
    check_probe(errors, at.child("livenessProbe"), *container.livenessProbe);
    once(*container.livenessProbe, "livenessProbe");
  }
  if (container.readinessProbe) {
    check_probe(errors, at.child("readinessProbe"), *container.readinessProbe);
    if (container.readinessProbe->terminationGracePeriodSeconds) {
      errors.push_back(field::invalid_int(at.child("readinessProbe").child("terminationGracePeriodSeconds"),
                                          *container.readinessProbe->terminationGracePeriodSeconds,
                                          "must not be set for readinessProbes"));
    }
  }
  if (container.startupProbe) {
    check_probe(errors, at.child("startupProbe"), *container.startupProbe);
    once(*container.startupProbe, "startupProbe");
  }
}

void check_init_container(Errors& errors, const Path& at, const Container& container, int64_t grace) {
  bool sidecar = container.restartPolicy == "Always";
  check_enum(errors, at.child("restartPolicy"), container.restartPolicy, {"Always"});
  if (sidecar) return check_hooks_and_probes(errors, at, container, grace);
  auto refuse = [&](bool present, std::string_view name) {
    if (present)
      errors.push_back(field::forbidden(at.child(name),
                                        "may not be set for init containers without restartPolicy=Always"));
  };
  refuse(bool(container.lifecycle), "lifecycle");
  refuse(bool(container.livenessProbe), "livenessProbe");
  refuse(bool(container.readinessProbe), "readinessProbe");
  refuse(bool(container.startupProbe), "startupProbe");
}

// No two containers of a Pod may take the same port of the host.
void check_host_ports(Errors& errors, const Path& path, const std::vector<Container>& containers,
                      std::set<PortKey>& taken) {
  for (size_t i = 0; i < containers.size(); ++i) {
    for (size_t j = 0; j < containers[i].ports.size(); ++j) {
      const corev1::ContainerPort& port = containers[i].ports[j];
      if (port.hostPort == 0) continue;
      PortKey key{port.protocol, port.hostIP, port.hostPort};
      if (taken.insert(key).second) continue;
      errors.push_back(field::duplicate(path.index(i).child("ports").index(j).child("hostPort"),
                                        fmt::format("{}/{}/{}", port.protocol, port.hostIP, port.hostPort)));
    }
  }
}

void check_host_network_ports(Errors& errors, const Path& path, const std::vector<Container>& containers) {
  for (size_t i = 0; i < containers.size(); ++i) {
    for (size_t j = 0; j < containers[i].ports.size(); ++j) {
      const corev1::ContainerPort& port = containers[i].ports[j];
      if (port.hostPort == port.containerPort) continue;
      errors.push_back(field::invalid_int(path.index(i).child("ports").index(j).child("hostPort"),
                                          port.hostPort,
                                          "must match `containerPort` when `hostNetwork` is true"));
    }
  }
}

}  // namespace

void check_resources(Errors& errors, const Path& path, const corev1::ResourceRequirements& resources) {
  for (const auto& [name, limit] : resources.limits) {
    Path at = path.child("limits").key(name);
    check_resource_name(errors, at, name);
    check_quantity(errors, at, name, limit);
  }
  for (const auto& [name, request] : resources.requests) {
    Path at = path.child("requests").key(name);
    check_resource_name(errors, at, name);
    check_quantity(errors, at, name, request);
    check_request_within_limit(errors, path, name, request, resources);
  }
  check_hugepages_company(errors, path, resources);
}

void check_containers(Errors& errors, const Path& spec_path, const corev1::PodSpec& spec) {
  Names volumes;
  for (const corev1::Volume& volume : spec.volumes) volumes.insert(volume.name);
  Names names;
  int64_t grace = spec.terminationGracePeriodSeconds.value_or(30);

  Path path = spec_path.child("containers");
  if (spec.containers.empty()) errors.push_back(field::required(path));
  for (size_t i = 0; i < spec.containers.size(); ++i) {
    const Container& container = spec.containers[i];
    check_container(errors, path.index(i), container, volumes);
    if (!container.name.empty() && !names.insert(container.name).second) {
      errors.push_back(field::duplicate(path.index(i).child("name"), container.name));
    }
    check_hooks_and_probes(errors, path.index(i), container, grace);
    if (container.restartPolicy) {
      errors.push_back(
          field::forbidden(path.index(i).child("restartPolicy"), "may not be set for non-init containers"));
    }
  }

  Path init_path = spec_path.child("initContainers");
  for (size_t i = 0; i < spec.initContainers.size(); ++i) {
    const Container& container = spec.initContainers[i];
    check_container(errors, init_path.index(i), container, volumes);
    if (!container.name.empty() && !names.insert(container.name).second) {
      errors.push_back(field::duplicate(init_path.index(i).child("name"), container.name));
    }
    check_init_container(errors, init_path.index(i), container, grace);
  }

  std::set<PortKey> taken;
  check_host_ports(errors, path, spec.containers, taken);
  if (spec.hostNetwork) {
    check_host_network_ports(errors, path, spec.containers);
    check_host_network_ports(errors, init_path, spec.initContainers);
  }
}

}  // namespace xebec::apiserver::validation
