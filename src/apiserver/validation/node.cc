#include <fmt/format.h>

#include "apiserver/validation/core.h"
#include "apiserver/validation/pod.h"
#include "codec/json.h"

namespace xebec::apiserver::validation {
namespace {

void check_taints(Errors& errors, const Path& path, const std::vector<corev1::Taint>& taints) {
  std::set<std::pair<std::string, std::string>> seen;
  for (size_t i = 0; i < taints.size(); ++i) {
    const corev1::Taint& taint = taints[i];
    Path at = path.index(i);
    check_qualified_name(errors, at.child("key"), taint.key);
    const api::Messages messages = api::is_valid_label_value(taint.value);
    if (!messages.empty()) {
      errors.push_back(
          field::invalid_string(at.child("value"), taint.value, fmt::format("{}", fmt::join(messages, ";"))));
    }
    if (taint.effect.empty()) {
      errors.push_back(field::required(at.child("effect")));
    } else {
      check_taint_effect(errors, at.child("effect"), taint.effect);
    }
    if (seen.insert({taint.key, taint.effect}).second) continue;
    field::Error error = field::duplicate(at, "");
    error.body = "Duplicate value: " + go_json(taint) + ": taints must be unique by key and effect pair";
    errors.push_back(std::move(error));
  }
}

// Segments of letters and digits, the first one in UpperCamelCase.
bool is_feature(std::string_view name) {
  if (name.empty() || name[0] < 'A' || name[0] > 'Z' || name.back() == '/') return false;
  for (size_t i = 1; i < name.size(); ++i) {
    const auto c = static_cast<unsigned char>(name[i]);
    const bool digit = std::isdigit(c) != 0, after_slash = name[i - 1] == '/';
    if (std::isalpha(c) == 0 && (after_slash || (!digit && c != '/'))) return false;
  }
  return true;
}

void check_pod_cidrs(Errors& errors, const std::vector<std::string>& cidrs) {
  const Path path = Path("spec").child("podCIDRs");
  for (size_t i = 0; i < cidrs.size(); ++i) check_cidr(errors, path.index(i), cidrs[i]);
  if (cidrs.size() < 2) return;
  const auto bad =
      std::find_if_not(cidrs.begin(), cidrs.end(), [](const std::string& cidr) { return is_cidr(cidr); });
  if (bad != cidrs.end()) {
    errors.push_back(field::internal(
        path,
        fmt::format("invalid PodCIDRs. failed to check with dual stack with error:invalid CIDR[{}]: <nil> "
                    "(invalid CIDR address: {})",
                    bad - cidrs.begin(), *bad)));
  }
  if (bad != cidrs.end() || !is_dual_stack(cidrs) || cidrs.size() > 2) {
    errors.push_back(
        field::invalid(path, go_json(cidrs), "may specify no more than one CIDR for each IP family"));
  }
}

// The features of its kubelet that the node declares: in order, each one once.
void check_declared_features(Errors& errors, const std::vector<std::string>& features) {
  const Path path = Path("status").child("declaredFeatures");
  for (size_t i = 0; i < features.size(); ++i) {
    const std::string& feature = features[i];
    std::string_view why;
    if (feature.size() > 253) {
      why = "must be no more than 253 characters";
    } else if (!is_feature(feature)) {
      why =
          "must start with an UpperCamelCase segment, with subsequent segments separated by '/' (e.g., "
          "MyFeature or MyFeature/mySubFeature), and contain only alphanumeric characters and slashes";
    }
    if (!why.empty()) {
      errors.push_back(field::invalid_string(
          path.index(i), feature, fmt::format("invalid feature name {}: {}", field::quote(feature), why)));
    }
    if (i + 1 == features.size()) break;
    const std::string& next = features[i + 1];
    if (feature == next) {
      errors.push_back(field::duplicate(path.index(i + 1), next));
    } else if (feature > next) {
      errors.push_back(field::invalid_string(path.index(i + 1), next, "list must be sorted alphabetically"));
    }
  }
}

void check_node_resources(Errors& errors, const corev1::NodeStatus& status) {
  const Path path("status");
  for (const auto& [name, quantity] : status.capacity)
    check_resource_quantity(errors, path.child("capacity").child(name), name, quantity);
  for (const auto& [name, quantity] : status.allocatable)
    check_resource_quantity(errors, path.child("allocatable").child(name), name, quantity);
}

void check_config_map_source(Errors& errors, const Path& path,
                             const corev1::ConfigMapNodeConfigSource& source) {
  if (source.namespace_.empty()) {
    errors.push_back(field::required(path.child("namespace")));
  } else {
    check_dns_label(errors, path.child("namespace"), source.namespace_);
  }
  if (source.name.empty()) {
    errors.push_back(field::required(path.child("name")));
  } else {
    check_dns_subdomain(errors, path.child("name"), source.name);
  }
  if (source.kubeletConfigKey.empty()) {
    errors.push_back(field::required(path.child("kubeletConfigKey")));
  } else {
    check_config_key(errors, path.child("kubeletConfigKey"), source.kubeletConfigKey);
  }
}

// In the spec a source is by name, in the status it is one version of it.
void check_config_source(Errors& errors, const Path& path, const corev1::NodeConfigSource& source,
                         bool status) {
  if (!source.configMap) {
    errors.push_back(field::invalid(path, go_json(source), "exactly one reference subfield must be non-nil"));
    return;
  }
  const Path at = path.child("configMap");
  const corev1::ConfigMapNodeConfigSource& map = *source.configMap;
  if (status) {
    check_required(errors, at.child("uid"), map.uid);
    check_required(errors, at.child("resourceVersion"), map.resourceVersion);
  } else {
    if (!map.uid.empty()) errors.push_back(field::forbidden(at.child("uid"), "uid must not be set in spec"));
    if (!map.resourceVersion.empty())
      errors.push_back(
          field::forbidden(at.child("resourceVersion"), "resourceVersion must not be set in spec"));
  }
  check_config_map_source(errors, at, map);
}

void check_config(Errors& errors, const corev1::Node& node) {
  if (node.spec.configSource)
    check_config_source(errors, Path("spec").child("configSource"), *node.spec.configSource, false);
  if (!node.status.config) return;
  const Path path = Path("status").child("config");
  const corev1::NodeConfigStatus& config = *node.status.config;
  if (config.assigned) check_config_source(errors, path.child("assigned"), *config.assigned, true);
  if (config.active) check_config_source(errors, path.child("active"), *config.active, true);
  if (config.lastKnownGood)
    check_config_source(errors, path.child("lastKnownGood"), *config.lastKnownGood, true);
}

void check_addresses(Errors& errors, const std::vector<corev1::NodeAddress>& addresses) {
  for (size_t i = 0; i < addresses.size(); ++i) {
    if (std::find(addresses.begin(), addresses.begin() + static_cast<std::ptrdiff_t>(i), addresses[i]) ==
        addresses.begin() + static_cast<std::ptrdiff_t>(i))
      continue;
    field::Error error = field::duplicate(Path("status").child("addresses").index(i), "");
    error.body = "Duplicate value: " + go_json(addresses[i]);
    errors.push_back(std::move(error));
  }
}

// An old annotation, as JSON: what a node would rather not run.
void check_avoided_pods(Errors& errors, const Path& path, const corev1::Node& node) {
  constexpr std::string_view kAnnotation = "scheduler.alpha.kubernetes.io/preferAvoidPods";
  const std::string* text = node.metadata.annotations.get(kAnnotation);
  if (text == nullptr || text->empty()) return;
  corev1::AvoidPods avoided;
  if (auto decoded = codec::decode_json(corev1::AvoidPods::kDescriptor, *text, &avoided); !decoded) {
    errors.push_back(field::invalid_string(path.child("AvoidPods"), kAnnotation, decoded.error().message));
    return;
  }
  for (size_t i = 0; i < avoided.preferAvoidPods.size(); ++i) {
    const Path signature = path.child(kAnnotation).index(i).child("PodSignature");
    const auto& controller = avoided.preferAvoidPods[i].podSignature.podController;
    if (!controller) {
      errors.push_back(field::required(signature));
    } else if (!controller->controller.value_or(false)) {
      errors.push_back(field::invalid(signature.child("PodController").child("Controller"), "false",
                                      "must point to a controller"));
    }
  }
}

}  // namespace

Errors validate_node(const corev1::Node& node) {
  Errors errors;
  check_avoided_pods(errors, Path("metadata").child("annotations"), node);
  check_taints(errors, Path("metadata").child("taints"), node.spec.taints);  // upstream's path
  check_node_resources(errors, node.status);
  if (node.status.nodeInfo.swap && node.status.nodeInfo.swap->capacity) {
    check_positive(errors, Path("metadata").child("nodeSwapStatus").child("capacity"),
                   *node.status.nodeInfo.swap->capacity);
  }
  check_declared_features(errors, node.status.declaredFeatures);
  check_pod_cidrs(errors, node.spec.podCIDRs);
  return errors;
}

Errors validate_node_update(const corev1::Node& node, const corev1::Node& old) {
  Errors errors;
  const Path spec("spec");
  check_avoided_pods(errors, Path("metadata").child("annotations"), node);
  check_node_resources(errors, node.status);
  check_declared_features(errors, node.status.declaredFeatures);
  check_addresses(errors, node.status.addresses);
  if (!old.spec.podCIDRs.empty()) {
    constexpr std::string_view kText = "node updates may not change podCIDR except from \"\" to valid";
    const auto &before = old.spec.podCIDRs, &now = node.spec.podCIDRs;
    if (before.size() != now.size()) {
      errors.push_back(field::forbidden(spec.child("podCIDRs"), kText));
    } else {
      for (size_t i = 0; i < now.size(); ++i)
        if (now[i] != before[i]) errors.push_back(field::forbidden(spec.child("podCIDRs"), kText));
    }
  }
  if (!old.spec.providerID.empty() && node.spec.providerID != old.spec.providerID) {
    errors.push_back(field::forbidden(spec.child("providerID"),
                                      "node updates may not change providerID except from \"\" to valid"));
  }
  check_config(errors, node);
  check_taints(errors, Path("metadata").child("taints"), node.spec.taints);
  if (node.spec.externalID != old.spec.externalID)
    errors.push_back(field::forbidden(spec.child("externalID"), "may not be updated"));
  return errors;
}

}  // namespace xebec::apiserver::validation
