#include <fmt/format.h>

#include "apiserver/validation/pod.h"

namespace xebec::apiserver::validation {
namespace {

constexpr int32_t kMaxMode = 0777;
constexpr std::string_view kModeText = "must be a number between 0 and 0777 (octal), both inclusive";

void check_mode(Errors& errors, const Path& path, const std::optional<int32_t>& mode) {
  if (mode && (*mode < 0 || *mode > kMaxMode)) errors.push_back(field::invalid_int(path, *mode, kModeText));
}

void check_items(Errors& errors, const Path& path, const std::vector<corev1::KeyToPath>& items) {
  for (size_t i = 0; i < items.size(); ++i) {
    Path at = path.index(i);
    check_required(errors, at.child("key"), items[i].key);
    check_required(errors, at.child("path"), items[i].path);
    check_local_path(errors, at.child("path"), items[i].path);
    check_mode(errors, at.child("mode"), items[i].mode);
  }
}

void check_downward_items(Errors& errors, const Path& path,
                          const std::vector<corev1::DownwardAPIVolumeFile>& items) {
  for (size_t i = 0; i < items.size(); ++i) {
    const corev1::DownwardAPIVolumeFile& item = items[i];
    Path at = path.index(i);
    check_required(errors, at.child("path"), item.path);
    check_local_path(errors, at.child("path"), item.path);
    if (item.fieldRef) {
      check_field_ref(errors, at.child("fieldRef"), *item.fieldRef, true);
      if (item.resourceFieldRef) {
        errors.push_back(field::invalid_string(
            at, "resource", "fieldRef and resourceFieldRef can not be specified simultaneously"));
      }
    } else if (!item.resourceFieldRef) {
      errors.push_back(field::required(at, "one of fieldRef and resourceFieldRef is required"));
    } else if (item.resourceFieldRef->containerName.empty()) {
      errors.push_back(field::required(at.child("resourceFieldRef").child("containerName")));
    }
    check_mode(errors, at.child("mode"), item.mode);
  }
}

void check_host_path(Errors& errors, const Path& path, const corev1::HostPathVolumeSource& source) {
  if (source.path.empty()) {
    errors.push_back(field::required(path.child("path")));
    return;
  }
  check_no_backsteps(errors, path.child("path"), source.path);
  check_enum(
      errors, path.child("type"), source.type,
      {"", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"});
}

void check_empty_dir(Errors& errors, const Path& path, const corev1::EmptyDirVolumeSource& source) {
  if (source.sizeLimit && source.sizeLimit->sign() < 0) {
    errors.push_back(
        field::forbidden(path.child("sizeLimit"), "SizeLimit field must be a valid resource quantity"));
  }
}

void check_token(Errors& errors, const Path& path, const corev1::ServiceAccountTokenProjection& token) {
  int64_t seconds = token.expirationSeconds.value_or(3600);
  if (seconds < 600) {
    errors.push_back(field::invalid_int(path.child("expirationSeconds"), seconds,
                                        "may not specify a duration less than 10 minutes"));
  }
  if (seconds > int64_t{1} << 32) {
    errors.push_back(field::invalid_int(path.child("expirationSeconds"), seconds,
                                        "may not specify a duration larger than 2^32 seconds"));
  }
  if (token.path.empty()) {
    errors.push_back(field::required(path.child("path")));
  } else {
    check_local_path(errors, path.child("path"), token.path);
  }
}

// Two projections must not write the same file.
class ProjectedPaths {
 public:
  ProjectedPaths(Errors& errors, const Path& path) : errors_(errors), path_(path) {}
  void add(const std::string& file, std::string_view source_name) {
    if (file.empty() || files_.insert(file).second) return;
    errors_.push_back(
        field::invalid_string(path_, source_name, fmt::format("conflicting duplicate paths: {}", file)));
  }

 private:
  Errors& errors_;
  Path path_;
  std::set<std::string> files_;
};

void check_projection(Errors& errors, const Path& at, const corev1::VolumeProjection& source,
                      ProjectedPaths& paths) {
  int count = 0;
  if (source.secret) {
    ++count;
    check_required(errors, at.child("secret").child("name"), source.secret->name);
    check_items(errors, at.child("secret").child("items"), source.secret->items);
    for (const corev1::KeyToPath& item : source.secret->items) paths.add(item.path, source.secret->name);
  }
  if (source.configMap) {
    ++count;
    check_required(errors, at.child("configMap").child("name"), source.configMap->name);
    check_items(errors, at.child("configMap").child("items"), source.configMap->items);
    for (const corev1::KeyToPath& item : source.configMap->items)
      paths.add(item.path, source.configMap->name);
  }
  if (source.downwardAPI) {
    ++count;
    check_downward_items(errors, at.child("downwardAPI").child("items"), source.downwardAPI->items);
    for (const auto& item : source.downwardAPI->items) paths.add(item.path, "downwardAPI");
  }
  if (source.serviceAccountToken) {
    ++count;
    check_token(errors, at.child("serviceAccountToken"), *source.serviceAccountToken);
    paths.add(source.serviceAccountToken->path, "serviceAccountToken");
  }
  if (source.clusterTrustBundle) ++count;
  if (source.podCertificate) ++count;
  if (count > 1) errors.push_back(field::forbidden(at, "may not specify more than 1 volume type per source"));
  if (count == 0) errors.push_back(field::required(at, "must specify a volume type"));
}

void check_projected(Errors& errors, const Path& path, const corev1::ProjectedVolumeSource& projected) {
  check_mode(errors, path.child("defaultMode"), projected.defaultMode);
  ProjectedPaths paths(errors, path);
  for (size_t i = 0; i < projected.sources.size(); ++i) {
    check_projection(errors, path.child("sources").index(i), projected.sources[i], paths);
  }
}

// The sources whose content is looked at; any other one only counts.
void check_source_content(Errors& errors, const Path& at, const corev1::VolumeSource& source) {
  if (source.hostPath) check_host_path(errors, at.child("hostPath"), *source.hostPath);
  if (source.emptyDir) check_empty_dir(errors, at.child("emptyDir"), *source.emptyDir);
  if (source.secret) {
    check_required(errors, at.child("secret").child("secretName"), source.secret->secretName);
    check_mode(errors, at.child("secret").child("defaultMode"), source.secret->defaultMode);
    check_items(errors, at.child("secret").child("items"), source.secret->items);
  }
  if (source.configMap) {
    check_required(errors, at.child("configMap").child("name"), source.configMap->name);
    check_mode(errors, at.child("configMap").child("defaultMode"), source.configMap->defaultMode);
    check_items(errors, at.child("configMap").child("items"), source.configMap->items);
  }
  if (source.downwardAPI) {
    check_mode(errors, at.child("downwardAPI").child("defaultMode"), source.downwardAPI->defaultMode);
    check_downward_items(errors, at.child("downwardAPI").child("items"), source.downwardAPI->items);
  }
  if (source.projected) check_projected(errors, at.child("projected"), *source.projected);
  if (source.persistentVolumeClaim) {
    check_required(errors, at.child("persistentVolumeClaim").child("claimName"),
                   source.persistentVolumeClaim->claimName);
  }
  if (source.nfs) {
    check_required(errors, at.child("nfs").child("server"), source.nfs->server);
    check_required(errors, at.child("nfs").child("path"), source.nfs->path);
    if (!source.nfs->path.starts_with('/')) {
      errors.push_back(
          field::invalid_string(at.child("nfs").child("path"), source.nfs->path, "must be an absolute path"));
    }
  }
  if (source.csi) check_required(errors, at.child("csi").child("driver"), source.csi->driver);
  if (source.image) check_required(errors, at.child("image").child("reference"), source.image->reference);
  if (source.ephemeral && !source.ephemeral->volumeClaimTemplate) {
    errors.push_back(field::required(at.child("ephemeral").child("volumeClaimTemplate")));
  }
}

void check_source(Errors& errors, const Path& at, const corev1::VolumeSource& source) {
  std::string first;
  for (const api::Field& field : api::type_of<corev1::VolumeSource>().fields) {
    if (field.is_empty(&source)) continue;
    if (!first.empty())
      errors.push_back(field::forbidden(at.child(field.name), "may not specify more than 1 volume type"));
    if (first.empty()) first = field.name;
  }
  if (first.empty()) {
    errors.push_back(field::required(at, "must specify a volume type"));
    return;
  }
  check_source_content(errors, at, source);
}

}  // namespace

void check_volumes(Errors& errors, const Path& path, const std::vector<corev1::Volume>& volumes) {
  std::set<std::string> names;
  for (size_t i = 0; i < volumes.size(); ++i) {
    Path at = path.index(i);
    check_source(errors, at, volumes[i]);
    if (volumes[i].name.empty()) {
      errors.push_back(field::required(at.child("name")));
    } else {
      check_dns_label(errors, at.child("name"), volumes[i].name);
    }
    if (!names.insert(volumes[i].name).second)
      errors.push_back(field::duplicate(at.child("name"), volumes[i].name));
  }
}

}  // namespace xebec::apiserver::validation
