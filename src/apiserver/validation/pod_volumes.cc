// The volumes of a Pod: names, and the sources that project API objects into files.
#include <fmt/format.h>

#include "apiserver/validation/object_meta.h"
#include "apiserver/validation/pod.h"
#include "apiserver/validation/projections.h"

namespace xebec::apiserver::validation {
namespace {

constexpr int32_t kMaxMode = 0777;

void check_secret_projection(Errors& errors, const Path& at, std::string_view name,
                             const std::vector<corev1::KeyToPath>& items) {
  check_required(errors, at.child("name"), name);
  check_items(errors, at.child("items"), items);
}

void check_token(Errors& errors, const Path& at, const Path& volume,
                 const corev1::ServiceAccountTokenProjection& token) {
  int64_t seconds = token.expirationSeconds.value_or(0);
  if (seconds < 600) {
    errors.push_back(field::invalid_int(at.child("expirationSeconds"), seconds,
                                        "may not specify a duration less than 10 minutes"));
  }
  if (seconds > int64_t{1} << 32) {
    errors.push_back(field::invalid_int(at.child("expirationSeconds"), seconds,
                                        "may not specify a duration larger than 2^32 seconds"));
  }
  if (token.path.empty()) {
    errors.push_back(field::required(volume.child("path")));
  } else {
    check_unreserved_path(errors, volume.child("path"), token.path);
  }
}

// Two projections must not write the same file.
class ProjectedPaths {
 public:
  ProjectedPaths(Errors& errors, const Path& path) : errors_(errors), path_(path) {}
  void add(const std::string& file, std::string_view named) {
    if (file.empty() || files_.insert(file).second) return;
    errors_.push_back(field::invalid_string(path_, named, "conflicting duplicate paths"));
  }

 private:
  Errors& errors_;
  Path path_;
  std::set<std::string> files_;
};

void check_projection(Errors& errors, const Path& volume, const Path& at,
                      const corev1::VolumeProjection& source, ProjectedPaths& paths) {
  int count = 0;
  if (source.secret) {
    ++count;
    check_secret_projection(errors, at.child("secret"), source.secret->name, source.secret->items);
    for (const corev1::KeyToPath& item : source.secret->items) paths.add(item.path, source.secret->name);
  }
  if (source.configMap) {
    ++count;
    check_secret_projection(errors, at.child("configMap"), source.configMap->name, source.configMap->items);
    for (const corev1::KeyToPath& item : source.configMap->items)
      paths.add(item.path, source.configMap->name);
  }
  if (source.downwardAPI) {
    ++count;
    for (const auto& item : source.downwardAPI->items) {
      check_downward_file(errors, at.child("downwardAPI"), item);
      paths.add(item.path, item.path);
    }
  }
  if (source.serviceAccountToken) {
    ++count;
    check_token(errors, at.child("serviceAccountToken"), volume, *source.serviceAccountToken);
  }
  if (count > 1) errors.push_back(field::forbidden(at, "may not specify more than 1 volume type per source"));
}

}  // namespace

void check_mode(Errors& errors, const Path& path, const std::optional<int32_t>& mode) {
  if (mode && (*mode < 0 || *mode > kMaxMode)) {
    errors.push_back(
        field::invalid_int(path, *mode, "must be a number between 0 and 0777 (octal), both inclusive"));
  }
}

void check_items(Errors& errors, const Path& path, const std::vector<corev1::KeyToPath>& items) {
  for (size_t i = 0; i < items.size(); ++i) {
    Path at = path.index(i);
    check_required(errors, at.child("key"), items[i].key);
    check_required(errors, at.child("path"), items[i].path);
    check_unreserved_path(errors, at.child("path"), items[i].path);
    check_mode(errors, at.child("mode"), items[i].mode);
  }
}

void check_downward_file(Errors& errors, const Path& at, const corev1::DownwardAPIVolumeFile& file) {
  check_required(errors, at.child("path"), file.path);
  check_unreserved_path(errors, at.child("path"), file.path);
  if (file.fieldRef) {
    check_field_ref(errors, at.child("fieldRef"), *file.fieldRef, true);
    if (file.resourceFieldRef) {
      errors.push_back(field::invalid_string(
          at, "resource", "fieldRef and resourceFieldRef can not be specified simultaneously"));
    }
  } else if (file.resourceFieldRef) {
    check_resource_ref(errors, at.child("resourceFieldRef"), *file.resourceFieldRef, true);
  } else {
    errors.push_back(field::required(at, "one of fieldRef and resourceFieldRef is required"));
  }
  check_mode(errors, at.child("mode"), file.mode);
}

void check_projected(Errors& errors, const Path& path, const corev1::ProjectedVolumeSource& projected) {
  check_mode(errors, path.child("defaultMode"), projected.defaultMode);
  ProjectedPaths paths(errors, path);
  for (size_t i = 0; i < projected.sources.size(); ++i)
    check_projection(errors, path, path.child("sources").index(i), projected.sources[i], paths);
}

void check_volumes(Errors& errors, const Path& path, PodContext& context) {
  std::set<std::string> created_claims;
  for (const corev1::Volume& volume : context.spec.volumes) {
    if (volume.ephemeral && context.pod != nullptr && !context.pod->name.empty())
      created_claims.insert(context.pod->name + "-" + volume.name);
  }
  for (size_t i = 0; i < context.spec.volumes.size(); ++i) {
    const corev1::Volume& volume = context.spec.volumes[i];
    Path at = path.index(i);
    Errors found;
    if (!check_volume_source(found, at, volume, context))
      found.push_back(field::required(at, "must specify a volume type"));
    if (volume.name.empty()) {
      found.push_back(field::required(at.child("name")));
    } else {
      check_dns_label(found, at.child("name"), volume.name);
    }
    if (context.volumes.contains(volume.name))
      found.push_back(field::duplicate(at.child("name"), volume.name));
    if (found.empty()) context.volumes.emplace(volume.name, &volume);
    field::append(errors, std::move(found));
    if (volume.persistentVolumeClaim && created_claims.contains(volume.persistentVolumeClaim->claimName)) {
      errors.push_back(field::invalid_string(
          at.child("persistentVolumeClaim").child("claimName"), volume.persistentVolumeClaim->claimName,
          "must not reference a PVC that gets created for an ephemeral volume"));
    }
  }
}

}  // namespace xebec::apiserver::validation
