#include <fmt/format.h>

#include "apiserver/validation/pod.h"

namespace xebec::apiserver::validation {
namespace {

constexpr std::string_view kEnvFields[] = {
    "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName",
    "status.hostIP", "status.hostIPs",     "status.podIP", "status.podIPs"};
constexpr std::string_view kVolumeFields[] = {"metadata.annotations", "metadata.labels", "metadata.name",
                                              "metadata.namespace", "metadata.uid"};
// What a field path of a Pod may name at all.
constexpr std::string_view kPodFields[] = {
    "metadata.annotations", "metadata.labels", "metadata.name",      "metadata.namespace",
    "metadata.uid",         "spec.nodeName",   "spec.restartPolicy", "spec.serviceAccountName",
    "spec.schedulerName",   "status.phase",    "status.hostIP",      "status.hostIPs",
    "status.podIP",         "status.podIPs"};
constexpr std::string_view kResources[] = {"limits.cpu",   "limits.ephemeral-storage",   "limits.memory",
                                           "requests.cpu", "requests.ephemeral-storage", "requests.memory"};

bool one_of(std::span<const std::string_view> names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// metadata.labels['key']: the part before the bracket and the key.
struct Subscript {
  std::string_view path, key;
  bool present = false;
};

Subscript split_subscript(std::string_view path) {
  const size_t open = path.find("['");
  if (open == std::string_view::npos || open == 0 || !path.ends_with("']") || open + 4 > path.size())
    return {path, {}, false};
  return {path.substr(0, open), path.substr(open + 2, path.size() - open - 4), true};
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

bool huge_pages(std::string_view resource) {
  return resource.starts_with("limits.hugepages-") || resource.starts_with("requests.hugepages-");
}

void check_divisor(Errors& errors, const Path& path, const corev1::ResourceFieldSelector& ref) {
  static constexpr std::string_view kBytes[] = {"1",   "1k",  "1M",  "1G",  "1T",  "1P", "1E",
                                                "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"};
  if (ref.divisor.is_zero()) return;
  const std::string_view resource = ref.resource, divisor = ref.divisor.str();
  std::string_view what;
  if (resource == "limits.cpu" || resource == "requests.cpu") {
    if (divisor == "1m" || divisor == "1") return;
    errors.push_back(field::invalid_string(
        path, resource, "only divisor's values 1m and 1 are supported with the cpu resource"));
    return;
  }
  if (resource == "limits.memory" || resource == "requests.memory") {
    what = "memory";
  } else if (resource == "limits.ephemeral-storage" || resource == "requests.ephemeral-storage") {
    what = "local ephemeral storage";
  } else if (huge_pages(resource)) {
    what = "hugepages";
  }
  if (what.empty() || one_of(kBytes, divisor)) return;
  errors.push_back(field::invalid_string(
      path, resource,
      fmt::format(
          "only divisor's values 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei are supported "
          "with the {} resource",
          what)));
}

void check_key_ref(Errors& errors, const Path& path, std::string_view name, std::string_view key) {
  check_dns_subdomain(errors, path.child("name"), name);
  if (key.empty()) {
    errors.push_back(field::required(path.child("key")));
  } else {
    check_config_key(errors, path.child("key"), key);
  }
}

void check_file_ref(Errors& errors, const Path& path, const corev1::FileKeySelector& ref) {
  check_required(errors, path.child("volumeName"), ref.volumeName);
  if (ref.path.empty()) {
    errors.push_back(field::required(path.child("path")));
  } else {
    check_unreserved_path(errors, path.child("path"), ref.path);
  }
  if (ref.key.empty()) {
    errors.push_back(field::required(path.child("key")));
  } else {
    check_env_name(errors, path.child("key"), ref.key);
  }
}

int check_sources(Errors& errors, const Path& path, const corev1::EnvVarSource& source) {
  int count = 0;
  if (source.fieldRef) {
    ++count;
    check_field_ref(errors, path.child("fieldRef"), *source.fieldRef, false);
  }
  if (source.resourceFieldRef) {
    ++count;
    check_resource_ref(errors, path.child("resourceFieldRef"), *source.resourceFieldRef, false);
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
  if (source.fileKeyRef) {
    ++count;
    check_file_ref(errors, path.child("fileKeyRef"), *source.fileKeyRef);
  }
  return count;
}

void check_value_from(Errors& errors, const Path& path, const corev1::EnvVar& var) {
  const int count = check_sources(errors, path, *var.valueFrom);
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

// The name of a ConfigMap or Secret, as a prefix of one: it may end in a dash.
void check_source_name(Errors& errors, const Path& path, std::string_view name) {
  if (name.empty()) {
    errors.push_back(field::required(path));
  } else {
    check_messages(errors, path, name, api::name_is_dns_subdomain(name, true));
  }
}

}  // namespace

void check_field_ref(Errors& errors, const Path& path, const corev1::ObjectFieldSelector& ref, bool volume) {
  if (ref.apiVersion.empty()) return void(errors.push_back(field::required(path.child("apiVersion"))));
  if (ref.fieldPath.empty()) return void(errors.push_back(field::required(path.child("fieldPath"))));
  auto refuse = [&](std::string_view why, std::string_view what) {
    errors.push_back(field::invalid_string(path.child("fieldPath"), ref.fieldPath,
                                           fmt::format("error converting fieldPath: {}: {}", why, what)));
  };
  if (ref.apiVersion != "v1") return refuse("unsupported pod version", ref.apiVersion);
  const Subscript subscript = split_subscript(ref.fieldPath);
  if (subscript.present) {
    if (subscript.path == "metadata.annotations")
      return check_qualified_name(errors, path, lower(subscript.key));
    if (subscript.path == "metadata.labels") return check_qualified_name(errors, path, subscript.key);
    return refuse("field label does not support subscript", ref.fieldPath);
  }
  const std::string_view field =
      ref.fieldPath == "spec.host" ? std::string_view("spec.nodeName") : ref.fieldPath;
  if (!one_of(kPodFields, field)) return refuse("field label not supported", ref.fieldPath);
  const std::span<const std::string_view> allowed =
      volume ? std::span<const std::string_view>(kVolumeFields) : kEnvFields;
  if (!one_of(allowed, field))
    errors.push_back(field::not_supported(path.child("fieldPath"), ref.fieldPath, allowed));
}

void check_resource_ref(Errors& errors, const Path& path, const corev1::ResourceFieldSelector& ref,
                        bool volume) {
  if (volume && ref.containerName.empty()) {
    errors.push_back(field::required(path.child("containerName")));
  } else if (ref.resource.empty()) {
    errors.push_back(field::required(path.child("resource")));
  } else if (!one_of(kResources, ref.resource) && !huge_pages(ref.resource)) {
    errors.push_back(field::not_supported(path.child("resource"), ref.resource, kResources));
  }
  check_divisor(errors, path.child("divisor"), ref);
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
    const int count = (source.configMapRef ? 1 : 0) + (source.secretRef ? 1 : 0);
    if (source.configMapRef)
      check_source_name(errors, at.child("configMapRef").child("name"), source.configMapRef->name);
    if (source.secretRef)
      check_source_name(errors, at.child("secretRef").child("name"), source.secretRef->name);
    if (count == 0) {
      errors.push_back(field::invalid_string(path, "", "must specify one of: `configMapRef` or `secretRef`"));
    } else if (count > 1) {
      errors.push_back(
          field::invalid_string(path, "", "may not have more than one field specified at a time"));
    }
  }
}

void check_env_files(Errors& errors, const Path& path, const corev1::PodSpec& spec) {
  std::map<std::string_view, const corev1::VolumeSource*> volumes;
  for (const corev1::Volume& volume : spec.volumes) volumes[volume.name] = &volume;
  visit_containers(spec, path, [&](const corev1::Container& container, const Path& container_path) {
    for (size_t i = 0; i < container.env.size(); ++i) {
      const corev1::EnvVar& var = container.env[i];
      if (!var.valueFrom || !var.valueFrom->fileKeyRef) continue;
      const std::string& name = var.valueFrom->fileKeyRef->volumeName;
      const Path at =
          container_path.child("env").index(i).child("valueFrom").child("fileKeyRef").child("volumeName");
      auto volume = volumes.find(name);
      if (volume == volumes.end()) {
        errors.push_back(field::not_found(at, name));
      } else if (!volume->second->emptyDir) {
        errors.push_back(field::invalid_string(at, name, "referenced volume must be of type emptyDir"));
      }
    }
  });
}

}  // namespace xebec::apiserver::validation
