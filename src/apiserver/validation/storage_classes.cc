#include <algorithm>
#include <map>

#include "apiserver/validation/core.h"
#include "apiserver/validation/storage.h"
#include "apiserver/validation/volume_plugins.h"

namespace xebec::apiserver::validation {
namespace {

constexpr size_t kMostParameters = 512, kMostParameterBytes = 256 << 10;
constexpr size_t kMostMetadataBytes = 256 << 10, kLongestMessage = 1024;

using Parameters = api::FlatMap<std::string>;

size_t bytes_of(const Parameters& parameters) {
  size_t out = 0;
  for (const auto& [key, value] : parameters) out += key.size() + value.size();
  return out;
}

void check_provisioner(Errors& errors, const Path& path, std::string_view name) {
  if (name.empty()) return void(errors.push_back(field::required(path)));
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  check_qualified_name(errors, path, lower);
}

void check_parameters(Errors& errors, const Path& path, const Parameters& parameters, bool may_be_empty) {
  if (parameters.size() > kMostParameters)
    return void(errors.push_back(field::too_long(path, kMostParameters)));
  if (parameters.contains("")) errors.push_back(field::invalid_string(path, "", "field can not be empty."));
  if (bytes_of(parameters) > kMostParameterBytes)
    errors.push_back(field::too_long(path, kMostParameterBytes));
  if (!may_be_empty && parameters.empty())
    errors.push_back(field::required(path, "must contain at least one key/value pair"));
}

// The values of each key.
using Term = std::map<std::string, std::set<std::string>>;

Term check_term(Errors& errors, const Path& path, const corev1::TopologySelectorTerm& term) {
  Term out;
  for (size_t i = 0; i < term.matchLabelExpressions.size(); ++i) {
    const auto& requirement = term.matchLabelExpressions[i];
    const Path at = path.index(i), values = at.child("values");
    std::set<std::string> set;
    if (requirement.values.empty()) errors.push_back(field::required(values));
    for (size_t j = 0; j < requirement.values.size(); ++j)
      if (!set.insert(requirement.values[j]).second)
        errors.push_back(field::duplicate(values.index(j), requirement.values[j]));
    check_qualified_name(errors, at.child("key"), requirement.key);
    if (out.contains(requirement.key)) errors.push_back(field::duplicate(at.child("key"), requirement.key));
    out[requirement.key] = std::move(set);
  }
  return out;
}

void check_topologies(Errors& errors, const Path& path,
                      const std::vector<corev1::TopologySelectorTerm>& terms) {
  std::vector<Term> seen;
  for (size_t i = 0; i < terms.size(); ++i) {
    const Path at = path.index(i).child("matchLabelExpressions");
    Term term = check_term(errors, at, terms[i]);
    // A term that selects nothing repeats nothing.
    if (term.empty() || std::find(seen.begin(), seen.end(), term) != seen.end())
      errors.push_back(field::duplicate(at, ""));
    seen.push_back(std::move(term));
  }
}

void check_source(Errors& errors, const Path& path, const storagev1::VolumeAttachmentSource& source) {
  constexpr std::string_view kOne = "must specify exactly one of inlineVolumeSpec and persistentVolumeName";
  if (!source.inlineVolumeSpec && !source.persistentVolumeName) {
    errors.push_back(field::required(path, kOne));
  } else if (source.inlineVolumeSpec && source.persistentVolumeName) {
    errors.push_back(field::forbidden(path, kOne));
  } else if (source.inlineVolumeSpec) {
    check_inline_volume(errors, path.child("inlineVolumeSpec"), *source.inlineVolumeSpec);
  } else if (source.persistentVolumeName->empty()) {
    errors.push_back(
        field::required(path.child("persistentVolumeName"), "must specify non empty persistentVolumeName"));
  }
}

void check_volume_error(Errors& errors, const Path& path, const api::Box<storagev1::VolumeError>& error) {
  if (!error) return;
  if (error->message.size() > kLongestMessage)
    errors.push_back(field::too_long(path.child("message"), kMostMetadataBytes));
  if (error->errorCode.value_or(0) < 0) {
    errors.push_back(field::invalid_int(path.child("errorCode"), *error->errorCode,
                                        "must be between 0 and 2147483647, inclusive"));
  }
}

}  // namespace

Errors validate_storage_class(const storagev1::StorageClass& storage_class) {
  Errors errors;
  check_provisioner(errors, Path("provisioner"), storage_class.provisioner);
  check_parameters(errors, Path("parameters"), storage_class.parameters, true);
  if (!storage_class.reclaimPolicy.value_or("").empty())
    check_enum(errors, Path("reclaimPolicy"), storage_class.reclaimPolicy, {"Delete", "Retain"});
  if (!storage_class.volumeBindingMode) errors.push_back(field::required(Path("volumeBindingMode")));
  check_enum(errors, Path("volumeBindingMode"), storage_class.volumeBindingMode,
             {"Immediate", "WaitForFirstConsumer"});
  check_topologies(errors, Path("allowedTopologies"), storage_class.allowedTopologies);
  return errors;
}

Errors validate_storage_class_update(const storagev1::StorageClass& storage_class,
                                     const storagev1::StorageClass& old) {
  Errors errors = validate_storage_class(storage_class);
  if (storage_class.parameters != old.parameters)
    errors.push_back(field::forbidden(Path("parameters"), "updates to parameters are forbidden."));
  if (storage_class.provisioner != old.provisioner)
    errors.push_back(field::forbidden(Path("provisioner"), "updates to provisioner are forbidden."));
  if (storage_class.reclaimPolicy != old.reclaimPolicy)
    errors.push_back(field::forbidden(Path("reclaimPolicy"), "updates to reclaimPolicy are forbidden."));
  check_immutable(errors, Path("volumeBindingMode"), storage_class.volumeBindingMode == old.volumeBindingMode,
                  field::quote(storage_class.volumeBindingMode.value_or("null")));
  return errors;
}

Errors validate_attributes_class(const storagev1::VolumeAttributesClass& attributes_class) {
  Errors errors;
  check_provisioner(errors, Path("driverName"), attributes_class.driverName);
  check_parameters(errors, Path("parameters"), attributes_class.parameters, false);
  return errors;
}

Errors validate_attributes_class_update(const storagev1::VolumeAttributesClass& attributes_class,
                                        const storagev1::VolumeAttributesClass& old) {
  Errors errors = validate_attributes_class(attributes_class);
  if (attributes_class.driverName != old.driverName)
    errors.push_back(field::forbidden(Path("driverName"), "updates to driverName are forbidden."));
  if (attributes_class.parameters != old.parameters)
    errors.push_back(field::forbidden(Path("parameters"), "updates to parameters are forbidden."));
  return errors;
}

Errors validate_volume_attachment(const storagev1::VolumeAttachment& attachment) {
  Errors errors;
  const Path spec("spec"), status("status");
  if (attachment.spec.attacher.empty()) {
    errors.push_back(field::required(spec.child("attacher")));
  } else {
    check_csi_driver_name(errors, spec.child("attacher"), attachment.spec.attacher);
  }
  check_source(errors, spec.child("source"), attachment.spec.source);
  check_dns_subdomain(errors, spec.child("nodeName"), attachment.spec.nodeName);
  if (bytes_of(attachment.status.attachmentMetadata) > kMostMetadataBytes)
    errors.push_back(field::too_long(status.child("attachmentMetadata"), kMostMetadataBytes));
  check_volume_error(errors, status.child("attachError"), attachment.status.attachError);
  check_volume_error(errors, status.child("detachError"), attachment.status.detachError);
  const auto& volume = attachment.spec.source.persistentVolumeName;
  if (volume) check_dns_subdomain(errors, spec.child("source").child("persistentVolumeName"), *volume);
  return errors;
}

Errors validate_volume_attachment_update(const storagev1::VolumeAttachment& attachment,
                                         const storagev1::VolumeAttachment& old) {
  Errors errors = validate_volume_attachment(attachment);
  check_immutable(errors, Path("spec"), attachment.spec == old.spec, go_json(attachment.spec));
  return errors;
}

}  // namespace xebec::apiserver::validation
