// The template of a claim in an ephemeral volume (ValidatePersistentVolumeClaimTemplate).
#include <algorithm>
#include <array>

#include "apiserver/validation/object_meta.h"
#include "apiserver/validation/pod.h"

namespace xebec::apiserver::validation {
namespace {

void check_template_meta(Errors& errors, const Path& path, const metav1::ObjectMeta& meta) {
  field::append(errors, validate_annotations(meta.annotations, path.child("annotations")));
  field::append(errors, validate_labels(meta.labels, path.child("labels")));
  for (const api::Field& field : api::type_of<metav1::ObjectMeta>().fields) {
    if (field.name == "annotations" || field.name == "labels") continue;
    bool set = field.rep == api::Rep::Value ? !api::is_zero_value(field.kind, field.message, field.get(&meta))
                                            : !field.is_empty(&meta);
    if (!set) continue;
    // The name of the Go field with its first letter in lower case.
    std::string name = field.name == "uid" ? "uID" : std::string(field.name);
    errors.push_back(field::forbidden(path.child(name), "cannot be set"));
  }
}

template <class Ref>  // TypedLocalObjectReference or TypedObjectReference
void check_data_source(Errors& errors, const Path& path, const Ref& ref) {
  check_required(errors, path.child("name"), ref.name);
  check_required(errors, path.child("kind"), ref.kind);
  const std::string group = ref.apiGroup.value_or("");
  if (group.empty() && ref.kind != "PersistentVolumeClaim") {
    errors.push_back(field::invalid_string(
        path, ref.kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup"));
  }
  if (!group.empty()) check_dns_subdomain(errors, path.child("apiGroup"), group);
}

void check_data_sources(Errors& errors, const Path& path, const corev1::PersistentVolumeClaimSpec& spec) {
  if (spec.dataSource) check_data_source(errors, path.child("dataSource"), *spec.dataSource);
  if (spec.dataSourceRef) {
    check_data_source(errors, path.child("dataSourceRef"), *spec.dataSourceRef);
    const std::string ns = spec.dataSourceRef->namespace_.value_or("");
    if (!ns.empty()) check_dns_label(errors, path.child("dataSourceRef").child("namespace"), ns);
  }
  if (!spec.dataSource || !spec.dataSourceRef) return;
  const std::string_view where = "{}";  // a path, of which upstream shows nothing
  if (!spec.dataSourceRef->namespace_.value_or("").empty()) {
    errors.push_back(
        field::invalid(path, where, "may not be specified when dataSourceRef.namespace is specified"));
  } else if (spec.dataSource->apiGroup != spec.dataSourceRef->apiGroup ||
             spec.dataSource->kind != spec.dataSourceRef->kind ||
             spec.dataSource->name != spec.dataSourceRef->name) {
    errors.push_back(field::invalid(path, where, "must match dataSourceRef"));
  }
}

void check_storage_request(Errors& errors, const Path& path, const corev1::PersistentVolumeClaimSpec& spec) {
  const api::Quantity* storage = spec.resources.requests.get("storage");
  if (storage == nullptr) {
    errors.push_back(field::required(path));
  } else if (storage->sign() <= 0) {
    errors.push_back(field::invalid_string(path, storage->str(), "must be greater than zero"));
  }
}

}  // namespace

void check_access_modes(Errors& errors, const Path& path, const std::vector<std::string>& modes) {
  static constexpr std::string_view kAlone = "ReadWriteOncePod";
  static constexpr std::array<std::string_view, 4> kModes = {"ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce",
                                                             kAlone};
  bool alone = false, others = false;
  for (const std::string& mode : modes) {
    if (mode == kAlone) {
      alone = true;
    } else if (std::find(kModes.begin(), kModes.end(), mode) != kModes.end()) {
      others = true;
    } else {
      errors.push_back(field::not_supported(path, mode, kModes));
    }
  }
  if (alone && others)
    errors.push_back(field::forbidden(path, "may not use ReadWriteOncePod with other access modes"));
}

void check_claim_spec(Errors& errors, const Path& at, const corev1::PersistentVolumeClaimSpec& spec) {
  if (spec.accessModes.empty())
    errors.push_back(field::required(at.child("accessModes"), "at least 1 access mode is required"));
  if (spec.selector) check_label_selector(errors, at.child("selector"), *spec.selector);
  check_access_modes(errors, at.child("accessModes"), spec.accessModes);
  check_storage_request(errors, at.child("resources").key("storage"), spec);
  if (!spec.storageClassName.value_or("").empty())
    check_dns_subdomain(errors, at.child("storageClassName"), *spec.storageClassName);
  check_enum(errors, at.child("volumeMode"), spec.volumeMode, {"Block", "Filesystem"});
  check_data_sources(errors, at, spec);
  if (!spec.volumeAttributesClassName.value_or("").empty())
    check_dns_subdomain(errors, at.child("volumeAttributesClassName"), *spec.volumeAttributesClassName);
}

void check_claim_template(Errors& errors, const Path& path,
                          const corev1::PersistentVolumeClaimTemplate& claim) {
  check_template_meta(errors, path.child("metadata"), claim.metadata);
  check_claim_spec(errors, path.child("spec"), claim.spec);
}

}  // namespace xebec::apiserver::validation
