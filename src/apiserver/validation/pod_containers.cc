#include <fmt/format.h>

#include "apiserver/validation/pod.h"

namespace xebec::apiserver::validation {
namespace {

using corev1::Container;

constexpr std::string_view kNoPolicy = "must specify restartPolicy when restart rules are used";

void check_ports(Errors& errors, const Path& path, const std::vector<corev1::ContainerPort>& ports) {
  std::set<std::string> names;
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
    check_required_enum(errors, at.child("protocol"), port.protocol, {"SCTP", "TCP", "UDP"});
  }
}

// No two of these containers may take the same port of the host.
void check_host_ports(Errors& errors, const Path& path, std::span<const Container> containers) {
  std::set<std::string> taken;
  for (size_t i = 0; i < containers.size(); ++i) {
    for (size_t j = 0; j < containers[i].ports.size(); ++j) {
      const corev1::ContainerPort& port = containers[i].ports[j];
      if (port.hostPort == 0) continue;
      std::string key = fmt::format("{}/{}/{}", port.protocol, port.hostIP, port.hostPort);
      if (taken.insert(key).second) continue;
      errors.push_back(field::duplicate(path.index(i).child("ports").index(j).child("hostPort"), key));
    }
  }
}

void check_resize_policy(Errors& errors, const Path& path, const Container& container,
                         std::string_view pod_restart_policy) {
  std::set<std::string> seen;
  for (size_t i = 0; i < container.resizePolicy.size(); ++i) {
    const corev1::ContainerResizePolicy& policy = container.resizePolicy[i];
    if (!seen.insert(policy.resourceName).second)
      errors.push_back(field::duplicate(path.index(i), policy.resourceName));
    check_required_enum(errors, path, policy.resourceName, {"cpu", "memory"});
    check_required_enum(errors, path, policy.restartPolicy, {"NotRequired", "RestartContainer"});
    if (pod_restart_policy == "Never" && policy.restartPolicy != "NotRequired") {
      errors.push_back(field::invalid_string(path, policy.restartPolicy,
                                             "must be 'NotRequired' when pod `restartPolicy` is 'Never'"));
    }
  }
}

// What init, main and ephemeral containers have in common.
void check_container(Errors& errors, const Path& at, const Container& container, const PodContext& context) {
  if (container.name.empty()) {
    errors.push_back(field::required(at.child("name")));
  } else {
    check_dns_label(errors, at.child("name"), container.name);
  }
  check_required(errors, at.child("image"), container.image);
  check_required_enum(errors, at.child("terminationMessagePolicy"), container.terminationMessagePolicy,
                      {"File", "FallbackToLogsOnError"});
  check_ports(errors, at.child("ports"), container.ports);
  check_env(errors, at.child("env"), container.env);
  check_env_from(errors, at.child("envFrom"), container.envFrom);
  check_mounts(errors, at, container, context);
  check_required_enum(errors, at.child("imagePullPolicy"), container.imagePullPolicy,
                      {"Always", "IfNotPresent", "Never"});
  check_container_resources(errors, at.child("resources"), container.resources, context.claims);
  check_resize_policy(errors, at.child("resizePolicy"), container, context.spec.restartPolicy);
  if (container.securityContext)
    check_container_security(errors, at.child("securityContext"), *container.securityContext,
                             context.host_users());
}

void check_hooks_and_probes(Errors& errors, const Path& at, const Container& container,
                            const std::optional<int64_t>& grace) {
  if (container.lifecycle) check_lifecycle(errors, at.child("lifecycle"), *container.lifecycle, grace);
  auto once = [&](const corev1::Probe& probe, const Path& path) {
    check_probe(errors, path, probe);
    if (probe.successThreshold != 1)
      errors.push_back(
          field::invalid_int(path.child("successThreshold"), probe.successThreshold, "must be 1"));
  };
  if (container.livenessProbe) once(*container.livenessProbe, at.child("livenessProbe"));
  if (container.readinessProbe) {
    const corev1::Probe& probe = *container.readinessProbe;
    check_probe(errors, at.child("readinessProbe"), probe);
    if (probe.terminationGracePeriodSeconds) {
      errors.push_back(field::invalid_int(at.child("readinessProbe").child("terminationGracePeriodSeconds"),
                                          *probe.terminationGracePeriodSeconds,
                                          "must not be set for readinessProbes"));
    }
  }
  if (container.startupProbe) once(*container.startupProbe, at.child("startupProbe"));
}

// A container's own restart policy, with rules by exit code.
void check_restart_policy(Errors& errors, const Path& at, const Container& container) {
  const Path policy_path = at.child("restartPolicy"), rules_path = at.child("restartPolicyRules");
  const auto& rules = container.restartPolicyRules;
  if (!container.restartPolicy) {
    if (!rules.empty()) errors.push_back(field::required(policy_path, kNoPolicy));
  } else {
    check_enum(errors, policy_path, container.restartPolicy, {"Always", "Never", "OnFailure"});
  }
  if (rules.size() > 20)
    errors.push_back(field::too_many(rules_path, static_cast<int64_t>(rules.size()), 20));
  for (size_t i = 0; i < rules.size(); ++i) {
    const Path rule = rules_path.index(i);
    check_enum(errors, rule.child("action"), std::string_view(rules[i].action),
               {"Restart", "RestartAllContainers"});
    if (!rules[i].exitCodes) {
      errors.push_back(field::required(rule.child("exitCodes"), "must be specified"));
      continue;
    }
    const Path codes = rule.child("exitCodes");
    check_enum(errors, codes.child("operator"), std::string_view(rules[i].exitCodes->operator_),
               {"In", "NotIn"});
    const size_t count = rules[i].exitCodes->values.size();
    if (count > 255)
      errors.push_back(field::too_many(codes.child("values"), static_cast<int64_t>(count), 255));
  }
}

void check_init_container(Errors& errors, const Path& at, const Container& container,
                          const std::optional<int64_t>& grace) {
  if (is_sidecar(container)) return check_hooks_and_probes(errors, at, container, grace);
  auto refuse = [&](bool present, std::string_view name) {
    if (present)
      errors.push_back(field::forbidden(at.child(name),
                                        "may not be set for init containers without restartPolicy=Always"));
  };
  refuse(bool(container.lifecycle), "lifecycle");
  refuse(bool(container.livenessProbe), "livenessProbe");
  refuse(bool(container.readinessProbe), "readinessProbe");
  refuse(bool(container.startupProbe), "startupProbe");
  for (size_t i = 0; i < container.resizePolicy.size(); ++i) {
    const std::string& policy = container.resizePolicy[i].restartPolicy;
    if (policy != "RestartContainer") continue;
    errors.push_back(field::invalid_string(at.child("resizePolicy").index(i).child("restartPolicy"), policy,
                                           "must not be set to 'RestartContainer' for non-sidecar "
                                           "initContainers"));
  }
}

void check_init_containers(Errors& errors, const Path& path, const PodContext& context) {
  std::set<std::string> names;
  for (const Container& container : context.spec.containers) names.insert(container.name);
  for (size_t i = 0; i < context.spec.initContainers.size(); ++i) {
    const Container& container = context.spec.initContainers[i];
    const Path at = path.index(i);
    check_container(errors, at, container, context);
    if (container.restartPolicy || container.restartPolicyRules.empty()) {
      check_restart_policy(errors, at, container);
    } else {
      errors.push_back(field::required(at.child("restartPolicy"), kNoPolicy));
    }
    if (names.contains(container.name)) {
      errors.push_back(field::duplicate(at.child("name"), container.name));
    } else if (!container.name.empty()) {
      names.insert(container.name);
    }
    check_host_ports(errors, path, std::span(&container, 1));
    check_init_container(errors, at, container, context.spec.terminationGracePeriodSeconds);
  }
}

// Not for the basic work of a Pod: whatever it relies on is refused.
void refuse_for_ephemeral(Errors& errors, const Path& at, const Container& container) {
  auto refuse = [&](bool present, std::string_view name) {
    if (present)
      errors.push_back(field::forbidden(at.child(name), "cannot be set for an Ephemeral Container"));
  };
  const corev1::ResourceRequirements& resources = container.resources;
  refuse(!container.ports.empty(), "ports");
  refuse(!resources.limits.empty() || !resources.requests.empty() || !resources.claims.empty(), "resources");
  refuse(!container.resizePolicy.empty(), "resizePolicy");
  refuse(container.restartPolicy.has_value(), "restartPolicy");
  refuse(!container.restartPolicyRules.empty(), "restartPolicyRules");
  refuse(bool(container.livenessProbe), "livenessProbe");
  refuse(bool(container.readinessProbe), "readinessProbe");
  refuse(bool(container.startupProbe), "startupProbe");
  refuse(bool(container.lifecycle), "lifecycle");
  for (size_t i = 0; i < container.volumeMounts.size(); ++i) {
    const Path mount = at.child("volumeMounts").index(i);
    if (!container.volumeMounts[i].subPath.empty())
      errors.push_back(field::forbidden(mount.child("subPath"), "cannot be set for an Ephemeral Container"));
    if (!container.volumeMounts[i].subPathExpr.empty())
      errors.push_back(
          field::forbidden(mount.child("subPathExpr"), "cannot be set for an Ephemeral Container"));
  }
}

void check_ephemeral_containers(Errors& errors, const Path& path, const PodContext& context) {
  std::set<std::string> others;
  for (const Container& container : context.spec.containers) others.insert(container.name);
  for (const Container& container : context.spec.initContainers) others.insert(container.name);
  std::set<std::string> names = others;
  for (size_t i = 0; i < context.spec.ephemeralContainers.size(); ++i) {
    const corev1::EphemeralContainer& ephemeral = context.spec.ephemeralContainers[i];
    const Container container = as_container(ephemeral);
    const Path at = path.index(i);
    check_container(errors, at, container, context);
    check_image_text(errors, at, container.image);
    if (!names.insert(container.name).second)
      errors.push_back(field::duplicate(at.child("name"), container.name));
    if (!ephemeral.targetContainerName.empty() && !others.contains(ephemeral.targetContainerName))
      errors.push_back(field::not_found(at.child("targetContainerName"), ephemeral.targetContainerName));
    refuse_for_ephemeral(errors, at, container);
  }
}

}  // namespace

bool is_sidecar(const Container& container) { return container.restartPolicy == "Always"; }

corev1::Container as_container(const corev1::EphemeralContainer& ephemeral) {
  Container out;
  const api::Message &from = api::type_of<corev1::EphemeralContainer>(), &to = api::type_of<Container>();
  for (const api::Field& field : to.fields) {
    const api::Field* same = from.find(field.name);
    if (same == nullptr) continue;
    if (field.rep == api::Rep::List) {
      const size_t n = same->size(&ephemeral);
      field.list->resize(field.ptr(&out), n);
      for (size_t i = 0; i < n; ++i)
        api::assign_value(field.kind, field.message, field.list->at(field.ptr(&out), i),
                          same->list->at(same->ptr(&ephemeral), i));
    } else if (const void* value = same->get(&ephemeral)) {
      api::assign_value(field.kind, field.message, field.ensure(&out), value);
    }
  }
  return out;
}

void check_image_text(Errors& errors, const Path& container, std::string_view image) {
  auto space = [](char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; };
  if (image.empty() || (!space(image.front()) && !space(image.back()))) return;
  errors.push_back(
      field::invalid_string(container.child("image"), image, "must not have leading or trailing whitespace"));
}

void check_containers(Errors& errors, const Path& spec_path, const PodContext& context) {
  const Path path = spec_path.child("containers");
  if (context.spec.containers.empty()) errors.push_back(field::required(path));
  std::set<std::string> names;
  for (size_t i = 0; i < context.spec.containers.size(); ++i) {
    const Container& container = context.spec.containers[i];
    const Path at = path.index(i);
    check_container(errors, at, container, context);
    if (!names.insert(container.name).second)
      errors.push_back(field::duplicate(at.child("name"), container.name));
    check_hooks_and_probes(errors, at, container, context.spec.terminationGracePeriodSeconds);
    check_restart_policy(errors, at, container);
  }
  check_host_ports(errors, path, context.spec.containers);
  check_init_containers(errors, spec_path.child("initContainers"), context);
  check_ephemeral_containers(errors, spec_path.child("ephemeralContainers"), context);
}

}  // namespace xebec::apiserver::validation
