#include "apiserver/registry/strategies/pod_warnings.h"

#include <fmt/format.h>

#include <map>
#include <set>

#include "api/names.h"
#include "apiserver/validation/pod.h"

namespace xebec::apiserver {
namespace {

using field::Path;

template <class... Args>
void warn(Warnings& warnings, const Path& path, fmt::format_string<Args...> text, Args&&... args) {
  warnings.push_back(path.text() + ": " + fmt::format(text, std::forward<Args>(args)...));
}

// Empty when the label of a node is not deprecated.
std::string_view deprecated_label(std::string_view key) {
  static constexpr std::pair<std::string_view, std::string_view> kTexts[] = {
      {"beta.kubernetes.io/arch", R"(deprecated since v1.14; use "kubernetes.io/arch" instead)"},
      {"beta.kubernetes.io/os", R"(deprecated since v1.14; use "kubernetes.io/os" instead)"},
      {"failure-domain.beta.kubernetes.io/region",
       R"(deprecated since v1.17; use "topology.kubernetes.io/region" instead)"},
      {"failure-domain.beta.kubernetes.io/zone",
       R"(deprecated since v1.17; use "topology.kubernetes.io/zone" instead)"},
      {"beta.kubernetes.io/instance-type",
       R"(deprecated since v1.17; use "node.kubernetes.io/instance-type" instead)"}};
  for (const auto& [label, text] : kTexts)
    if (label == key) return text;
  return {};
}

void warn_of_term(Warnings& warnings, const Path& path, const corev1::NodeSelectorTerm& term) {
  for (size_t i = 0; i < term.matchExpressions.size(); ++i) {
    const std::string& key = term.matchExpressions[i].key;
    const std::string_view text = deprecated_label(key);
    if (!text.empty())
      warn(warnings, path.child("matchExpressions").index(i).child("key"), "{} is {}", key, text);
  }
}

template <class Affinity>  // PodAffinity or PodAntiAffinity
void warn_of_pod_terms(Warnings& warnings, const Path& path, const api::Box<Affinity>& affinity) {
  if (!affinity) return;
  auto missing = [&](const corev1::PodAffinityTerm& term, const Path& at) {
    if (!term.labelSelector)
      warn(warnings, at.child("labelSelector"), "a null labelSelector results in matching no pod");
  };
  const auto& required = affinity->requiredDuringSchedulingIgnoredDuringExecution;
  for (size_t i = 0; i < required.size(); ++i)
    missing(required[i], path.child("requiredDuringSchedulingIgnoredDuringExecution").index(i));
  const auto& preferred = affinity->preferredDuringSchedulingIgnoredDuringExecution;
  for (size_t i = 0; i < preferred.size(); ++i) {
    missing(preferred[i].podAffinityTerm,
            path.child("preferredDuringSchedulingIgnoredDuringExecution").index(i).child("podAffinityTerm"));
  }
}

void warn_of_nodes(Warnings& warnings, const Path& spec_path, const corev1::PodSpec& spec) {
  for (const auto& [key, value] : spec.nodeSelector) {
    const std::string_view text = deprecated_label(key);
    if (!text.empty()) warn(warnings, spec_path.child("nodeSelector").key(key), "{}", text);
  }
  if (spec.affinity && spec.affinity->nodeAffinity) {
    const Path path = spec_path.child("affinity").child("nodeAffinity");
    const corev1::NodeAffinity& affinity = *spec.affinity->nodeAffinity;
    const Path terms =
        path.child("requiredDuringSchedulingIgnoredDuringExecution").child("nodeSelectorTerms");
    if (affinity.requiredDuringSchedulingIgnoredDuringExecution) {
      const auto& required = affinity.requiredDuringSchedulingIgnoredDuringExecution->nodeSelectorTerms;
      for (size_t i = 0; i < required.size(); ++i) warn_of_term(warnings, terms.index(i), required[i]);
    }
    const auto& preferred = affinity.preferredDuringSchedulingIgnoredDuringExecution;
    for (size_t i = 0; i < preferred.size(); ++i) {
      warn_of_term(warnings,
                   path.child("preferredDuringSchedulingIgnoredDuringExecution").index(i).child("preference"),
                   preferred[i].preference);
    }
  }
  for (size_t i = 0; i < spec.topologySpreadConstraints.size(); ++i) {
    const corev1::TopologySpreadConstraint& constraint = spec.topologySpreadConstraints[i];
    const Path path = spec_path.child("topologySpreadConstraints").index(i);
    const std::string_view text = deprecated_label(constraint.topologyKey);
    if (!text.empty()) warn(warnings, path.child("topologyKey"), "{} is {}", constraint.topologyKey, text);
    if (!constraint.labelSelector)
      warn(warnings, path.child("labelSelector"), "a null labelSelector results in matching no pod");
  }
}

void warn_of_annotations(Warnings& warnings, const Path& path, const api::FlatMap<std::string>& annotations) {
  for (const auto& [key, value] : annotations) {
    const Path at = path.key(key);
    if (key == "scheduler.alpha.kubernetes.io/critical-pod") {
      warn(warnings, at, R"(non-functional in v1.16+; use the "priorityClassName" field instead)");
    } else if (key == "seccomp.security.alpha.kubernetes.io/pod" ||
               key.starts_with("container.seccomp.security.alpha.kubernetes.io/")) {
      warn(warnings, at, R"(non-functional in v1.27+; use the "seccompProfile" field instead)");
    } else if (key.starts_with("container.apparmor.security.beta.kubernetes.io/")) {
      warn(warnings, at, R"(deprecated since v1.30; use the "appArmorProfile" field instead)");
    }
  }
}

void warn_of_volumes(Warnings& warnings, const Path& path, const std::vector<corev1::Volume>& volumes) {
  for (size_t i = 0; i < volumes.size(); ++i) {
    const corev1::Volume& volume = volumes[i];
    auto over = [&](bool set, std::string_view name, std::string_view text) {
      if (set) warn(warnings, path.index(i).child(name), "{}", text);
    };
    over(bool(volume.photonPersistentDisk), "photonPersistentDisk",
         "deprecated in v1.11, non-functional in v1.16+");
    over(bool(volume.gitRepo), "gitRepo", "deprecated in v1.11, and disabled by default in v1.33+");
    over(bool(volume.scaleIO), "scaleIO", "deprecated in v1.16, non-functional in v1.22+");
    over(bool(volume.flocker), "flocker", "deprecated in v1.22, non-functional in v1.25+");
    over(bool(volume.storageos), "storageOS", "deprecated in v1.22, non-functional in v1.25+");
    over(bool(volume.quobyte), "quobyte", "deprecated in v1.22, non-functional in v1.25+");
    over(bool(volume.glusterfs), "glusterfs", "deprecated in v1.25, non-functional in v1.26+");
    over(bool(volume.cephfs), "cephfs", "deprecated in v1.28, non-functional in v1.31+");
    over(bool(volume.rbd), "rbd", "deprecated in v1.28, non-functional in v1.31+");
  }
}

void warn_of_names(Warnings& warnings, const Path& spec_path, const corev1::PodSpec& spec) {
  std::set<std::string> ips, secrets;
  for (size_t i = 0; i < spec.hostAliases.size(); ++i) {
    const std::string& ip = spec.hostAliases[i].ip;
    if (!ips.insert(ip).second)
      warn(warnings, spec_path.child("hostAliases").index(i).child("ip"), "duplicate ip {}",
           field::quote(ip));
  }
  for (size_t i = 0; i < spec.imagePullSecrets.size(); ++i) {
    const std::string& name = spec.imagePullSecrets[i].name;
    const Path path = spec_path.child("imagePullSecrets").index(i).child("name");
    if (!secrets.insert(name).second) warn(warnings, path, "duplicate name {}", field::quote(name));
    if (name.empty()) warn(warnings, path, "invalid empty name {}", field::quote(name));
  }
}

void warn_of_fractions(Warnings& warnings, const Path& path, const api::FlatMap<api::Quantity>& resources) {
  for (std::string_view name : {"memory", "ephemeral-storage"}) {
    const api::Quantity* quantity = resources.get(name);
    if (quantity == nullptr || quantity->milli_value() % 1000 == 0) continue;
    warn(warnings, path.key(name), "fractional byte value {} is invalid, must be an integer",
         field::quote(quantity->str()));
  }
}

// An earlier value of the same name is lost, unless the later one refers to it.
void warn_of_hidden_env(Warnings& warnings, const Path& path, const std::vector<corev1::EnvVar>& env) {
  std::set<std::string> names;
  for (size_t i = 0; i < env.size(); ++i) {
    const std::string reference = "$(" + env[i].name + ")";
    if (names.insert(env[i].name).second) continue;
    const bool kept =
        !env[i].valueFrom && env[i].value != reference && env[i].value.find(reference) != std::string::npos;
    if (kept) continue;
    warn(warnings, path.index(i), "hides previous definition of {}, which may be dropped when using apply",
         field::quote(env[i].name));
  }
}

struct PortUse {
  std::string where;
  corev1::ContainerPort port;
};

void warn_of_port(Warnings& warnings, const Path& path, const corev1::ContainerPort& port,
                  std::vector<PortUse>& others) {
  if (!port.hostIP.empty() && port.hostPort == 0) {
    warn(warnings, path,
         "hostIP set without hostPort: {{Name:{} HostPort:{} ContainerPort:{} Protocol:{} HostIP:{}}}",
         port.name, port.hostPort, port.containerPort, port.protocol, port.hostIP);
  }
  for (const PortUse& other : others) {
    if (port.hostIP == other.port.hostIP && port.hostPort == other.port.hostPort) {
      warn(warnings, path, "duplicate port definition with {}", other.where);
    } else if (port.hostPort == 0 || other.port.hostPort == 0) {
      warn(warnings, path, "overlapping port definition with {}", other.where);
    } else if (port.hostPort == other.port.hostPort && port.hostIP.empty() != other.port.hostIP.empty()) {
      warn(warnings, path, "dangerously ambiguous port definition with {}", other.where);
    }
  }
  others.push_back({path.text(), port});
}

void warn_of_containers(Warnings& warnings, const Path& spec_path, const corev1::PodSpec& spec) {
  validation::visit_containers(spec, spec_path, [&](const corev1::Container& container, const Path& at) {
    warn_of_hidden_env(warnings, at.child("env"), container.env);
    warn_of_fractions(warnings, at.child("resources").child("limits"), container.resources.limits);
    warn_of_fractions(warnings, at.child("resources").child("requests"), container.resources.requests);
  });
  std::map<std::pair<int32_t, std::string>, std::vector<PortUse>> uses;
  validation::visit_containers(spec, spec_path, [&](const corev1::Container& container, const Path& at) {
    for (size_t i = 0; i < container.ports.size(); ++i) {
      const corev1::ContainerPort& port = container.ports[i];
      warn_of_port(warnings, at.child("ports").index(i), port, uses[{port.containerPort, port.protocol}]);
    }
  });
}

void warn_of_spec(Warnings& warnings, const Path& path, const corev1::PodSpec& spec,
                  const api::FlatMap<std::string>& annotations) {
  const Path spec_path = path.child("spec");
  warn_of_nodes(warnings, spec_path, spec);
  warn_of_annotations(warnings, path.child("metadata").child("annotations"), annotations);
  warn_of_volumes(warnings, spec_path.child("volumes"), spec.volumes);
  warn_of_names(warnings, spec_path, spec);
  warn_of_fractions(warnings, spec_path.child("overhead"), spec.overhead);
  warn_of_containers(warnings, spec_path, spec);
  if (spec.terminationGracePeriodSeconds.value_or(0) < 0) {
    warn(warnings, spec_path.child("terminationGracePeriodSeconds"),
         "must be >= 0; negative values are invalid and will be treated as 1");
  }
  if (!spec.affinity) return;
  const Path affinity = spec_path.child("affinity");
  warn_of_pod_terms(warnings, affinity.child("podAffinity"), spec.affinity->podAffinity);
  warn_of_pod_terms(warnings, affinity.child("podAntiAffinity"), spec.affinity->podAntiAffinity);
}

}  // namespace

void warn_of_name(Warnings& warnings, std::string_view name, std::string_view used_in) {
  const api::Messages messages = api::is_dns1123_label(name);
  if (messages.empty()) return;
  warnings.push_back(fmt::format(
      "metadata.name: this is used in {}, which can result in surprising behavior; a DNS label is "
      "recommended: [{}]",
      used_in, fmt::join(messages, " ")));
}

Warnings warnings_for_pod(const corev1::Pod& pod) {
  Warnings warnings;
  warn_of_name(warnings, pod.metadata.name, "the Pod's hostname");
  warn_of_spec(warnings, Path(), pod.spec, pod.metadata.annotations);
  return warnings;
}

Warnings warnings_for_template(const Path& path, const corev1::PodTemplateSpec& template_) {
  Warnings warnings;
  warn_of_spec(warnings, path, template_.spec, template_.metadata.annotations);
  return warnings;
}

Warnings warnings_for_service(const corev1::Service& service) {
  Warnings warnings;
  const corev1::ServiceSpec& spec = service.spec;
  if (service.metadata.annotations.contains("service.kubernetes.io/topology-aware-hints")) {
    warnings.emplace_back(
        "annotation service.kubernetes.io/topology-aware-hints is deprecated, please use "
        "service.kubernetes.io/topology-mode instead");
  }
  const bool external_name = spec.type == "ExternalName";
  if (external_name && !spec.externalIPs.empty())
    warnings.emplace_back(R"(spec.externalIPs is ignored when spec.type is "ExternalName")");
  if (!external_name && !spec.externalName.empty())
    warnings.emplace_back(R"(spec.externalName is ignored when spec.type is not "ExternalName")");
  if (spec.clusterIP == "None") {
    if (!spec.loadBalancerIP.empty())
      warnings.emplace_back(R"(spec.loadBalancerIP is ignored when spec.clusterIP is "None")");
    if (!spec.externalIPs.empty())
      warnings.emplace_back(R"(spec.externalIPs is ignored when spec.clusterIP is "None")");
    if (spec.sessionAffinity != "None" && !spec.sessionAffinity.empty())
      warnings.emplace_back("spec.SessionAffinity is ignored for headless services");
  }
  return warnings;
}

}  // namespace xebec::apiserver
