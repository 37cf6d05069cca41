#include <fmt/format.h>

#include "apiserver/validation/pod.h"

namespace xebec::apiserver::validation {
namespace {

constexpr std::string_view kEnvFields[] = {
    "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName",
    "status.hostIP", "status.hostIPs",     "status.podIP", "status.podIPs"};
constexpr std::string_view kVolumeFields[] = {"metadata.annotations", "metadata.labels", "metadata.name",
                                              "metadata.namespace", "metadata.uid"};
constexpr std::string_view kEnvResources[] = {
    "limits.cpu",   "limits.ephemeral-storage",   "limits.memory",
    "requests.cpu", "requests.ephemeral-storage", "requests.memory"};

// metadata.labels['key']: the part before the bracket and the key.
struct Subscript {
  std::string_view path, key;
  bool present = false;
};

Subscript split_subscript(std::string_view path) {
  size_t open = path.find("['");
  if (open == std::string_view::npos || !path.ends_with("']")) return {path, {}, false};
  return {path.substr(0, open), path.substr(open + 2, path.size() - open - 4), true};
}

void check_subscript(Errors& errors, const Path& path, const Subscript& s) {
  if (s.path == "metadata.annotations") {
    std::string lower(s.key);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    return check_messages(errors, path, s.key, api::is_qualified_name(lower));
  }
  if (s.path == "metadata.labels") return check_messages(errors, path, s.key, api::is_qualified_name(s.key));
  errors.push_back(field::invalid_string(path, s.path, "does not support subscript"));
}

bool valid_divisor(std::string_view resource, const api::Quantity& divisor) {
  static constexpr std::string_view kMemory[] = {"1",   "1k",  "1M",  "1G",  "1T",  "1P", "1E",
                                                 "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"};
  if (resource.ends_with(".cpu")) return divisor.str() == "1m" || divisor.str() == "1";
  return std::find(std::begin(kMemory), std::end(kMemory), divisor.str()) != std::end(kMemory);
}

void check_resource_ref(Errors& errors, const Path& path, const corev1::ResourceFieldSelector& ref) {
  if (ref.resource.empty()) {
    errors.push_back(field::required(path.child("resource")));
    return;
  }
  bool known = std::find(std::begin(kEnvResources), std::end(kEnvResources), ref.resource) !=
                   std::end(kEnvResources) ||
               ref.resource.starts_with("limits.hugepages-") ||
               ref.resource.starts_with("requests.hugepages-");
  if (!known) {
    errors.push_back(field::not_supported(path.child("resource"), ref.resource, kEnvResources));
    return;
  }
  if (ref.divisor.is_zero() || valid_divisor(ref.resource, ref.divisor)) return;
  bool cpu = ref.resource.ends_with(".cpu");
  errors.push_back(field::invalid(
      path.child("divisor"), field::quote(ref.divisor.str()),
      cpu ? "only divisor's values 1m and 1 are supported with the cpu resource"
          : "only divisor's values 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei are "
            "supported with the memory resource"));
}

void check_key_ref(Errors& errors, const Path& path, std::string_view name, std::string_view key) {
  if (name.empty()) errors.push_back(field::required(path.child("name")));
  if (key.empty()) {
    errors.push_back(field::required(path.child("key")));
  } else {
    check_config_key(errors, path.child("key"), key);
  }
}

void check_value_from(Errors& errors, const Path& path, const corev1::EnvVar& var) {
  const corev1::EnvVarSource& source = *var.valueFrom;
  int count = 0;
  if (source.fieldRef) {
    ++count;
    check_field_ref(errors, path.child("fieldRef"), *source.fieldRef, false);
  }
  if (source.resourceFieldRef) {
    ++count;
    check_resource_ref(errors, path.child("resourceFieldRef"), *source.resourceFieldRef);
  }
  if (source.configMapKeyRef) {
    ++count;
    check_key_ref(errors, path.child("configMapKeyRef"), source.configMapKeyRef->name,
                  source.configMapKeyRef->key);
  }
  if (source.secretKeyRef) {
    ++count;
    check_key_ref(errors, path.child("secretKeyRef"), source.secretKeyRef->name, source.secretKeyRef->key);
  }
  if (source.fileKeyRef) ++count;
  if (count == 0) {
    errors.push_back(field::invalid_string(path, "",
                                           "must specify one of: `fieldRef`, `resourceFieldRef`, "
                                           "`configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"));
  } else if (!var.value.empty()) {
    errors.push_back(field::invalid_string(path, "", "may not be specified when `value` is not empty"));
  } else if (count > 1) {
    errors.push_back(field::invalid_string(path, "", "may not have more than one field specified at a time"));
  }
}

}  // namespace

void check_field_ref(Errors& errors, const Path& path, const corev1::ObjectFieldSelector& ref, bool volume) {
  if (ref.apiVersion.empty()) {
    errors.push_back(field::required(path.child("apiVersion")));
    return;
  }
  if (ref.fieldPath.empty()) {
    errors.push_back(field::required(path.child("fieldPath")));
    return;
  }
  if (ref.apiVersion != "v1") {
    errors.push_back(field::invalid_string(
        path.child("fieldPath"), ref.fieldPath,
        fmt::format("error converting fieldPath: unsupported pod version: {}", ref.apiVersion)));
    return;
  }
  Subscript subscript = split_subscript(ref.fieldPath);
  if (subscript.present) return check_subscript(errors, path, subscript);
  std::span<const std::string_view> allowed =
      volume ? std::span<const std::string_view>(kVolumeFields) : kEnvFields;
  if (std::find(allowed.begin(), allowed.end(), ref.fieldPath) != allowed.end()) return;
  static constexpr std::string_view kPodFields[] = {"metadata.annotations", "metadata.labels"};
  bool selectable =
      std::find(std::begin(kEnvFields), std::end(kEnvFields), ref.fieldPath) != std::end(kEnvFields) ||
      std::find(std::begin(kPodFields), std::end(kPodFields), ref.fieldPath) != std::end(kPodFields) ||
      ref.fieldPath == "status.phase" || ref.fieldPath == "spec.schedulerName" ||
      ref.fieldPath == "spec.restartPolicy";
  if (!selectable) {
    errors.push_back(field::invalid_string(
        path.child("fieldPath"), ref.fieldPath,
        fmt::format("error converting fieldPath: field label not supported: {}", ref.fieldPath)));
    return;
  }
  errors.push_back(field::not_supported(path.child("fieldPath"), ref.fieldPath, allowed));
}

void check_env(Errors& errors, const Path& path, const std::vector<corev1::EnvVar>& env) {
  for (size_t i = 0; i < env.size(); ++i) {
    Path at = path.index(i);
    if (env[i].name.empty()) {
      errors.push_back(field::required(at.child("name")));
    } else {
      check_env_name(errors, at.child("name"), env[i].name);
    }
    if (env[i].valueFrom) check_value_from(errors, at.child("valueFrom"), env[i]);
  }
}

void check_env_from(Errors& errors, const Path& path, const std::vector<corev1::EnvFromSource>& sources) {
  for (size_t i = 0; i < sources.size(); ++i) {
    const corev1::EnvFromSource& source = sources[i];
    Path at = path.index(i);
    if (!source.prefix.empty()) check_env_name(errors, at.child("prefix"), source.prefix);
    int count = (source.configMapRef ? 1 : 0) + (source.secretRef ? 1 : 0);
    if (source.configMapRef)
      check_required(errors, at.child("configMapRef").child("name"), source.configMapRef->name);
    if (source.secretRef) check_required(errors, at.child("secretRef").child("name"), source.secretRef->name);
    if (count == 0) {
      errors.push_back(field::invalid_string(path, "", "must specify one of: `configMapRef` or `secretRef`"));
    } else if (count > 1) {
      errors.push_back(
          field::invalid_string(path, "", "may not have more than one field specified at a time"));
    }
  }
}

}  // namespace xebec::apiserver::validation
