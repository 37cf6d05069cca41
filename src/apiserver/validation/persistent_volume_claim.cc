#include "apiserver/validation/core.h"
#include "apiserver/validation/pod.h"
#include "apiserver/validation/resources.h"

namespace xebec::apiserver::validation {
namespace {

using Claim = corev1::PersistentVolumeClaim;
using Resources = api::FlatMap<api::Quantity>;

constexpr std::string_view kClassAnnotation = "volume.beta.kubernetes.io/storage-class";

api::Quantity storage_of(const Resources& resources) {
  const api::Quantity* storage = resources.get("storage");
  return storage == nullptr ? api::Quantity() : *storage;
}

std::string annotation_of(const Claim& claim) {
  return claim.metadata.annotations.value_or(std::string(kClassAnnotation), "");
}

// The class moves from where it was in old versions to the field.
bool moves_from_annotation(const Claim& now, const Claim& old) {
  const std::string* before = old.metadata.annotations.get(kClassAnnotation);
  const std::string* after = now.metadata.annotations.get(kClassAnnotation);
  return before != nullptr && !old.spec.storageClassName && now.spec.storageClassName == *before &&
         (after == nullptr || *after == *before);
}

// A claim without a class gets one.
bool comes_from_nothing(const Claim& now, const Claim& old) {
  const std::string* before = old.metadata.annotations.get(kClassAnnotation);
  return now.spec.storageClassName && !old.spec.storageClassName &&
         (before == nullptr || now.spec.storageClassName == *before);
}

void check_class_changes(Errors& errors, const Claim& claim, const Claim& old,
                         corev1::PersistentVolumeClaimSpec& now) {
  if (moves_from_annotation(claim, old)) {
    now.storageClassName.reset();
    return;
  }
  const std::string annotation = annotation_of(claim);
  check_immutable(errors, Path("metadata").child("annotations").child(kClassAnnotation),
                  annotation == annotation_of(old), field::quote(annotation));
  if (comes_from_nothing(claim, old)) now.storageClassName = old.spec.storageClassName;
}

// Claims stay as they are, so that quotas hold: but for the volume, once, and the size of what is bound.
void check_spec_changes(Errors& errors, const Claim& claim, const Claim& old) {
  corev1::PersistentVolumeClaimSpec now = claim.spec, before = old.spec;
  if (before.volumeName.empty()) before.volumeName = now.volumeName;
  check_class_changes(errors, claim, old, now);
  if (claim.status.phase == "Bound" && !now.resources.requests.empty())
    now.resources.requests["storage"] = storage_of(before.resources.requests);
  now.volumeAttributesClassName = before.volumeAttributesClassName;
  if (now == before) return;
  errors.push_back(field::forbidden(Path("spec"),
                                    "spec is immutable after creation except resources.requests and "
                                    "volumeAttributesClassName for bound claims\n"));
}

void check_attributes_class(Errors& errors, const Claim& claim, const Claim& old) {
  const auto &now = claim.spec.volumeAttributesClassName, &before = old.spec.volumeAttributesClassName;
  if (now == before || !before) return;
  const Path path = Path("spec").child("volumeAttributesClassName");
  if (!now) {
    errors.push_back(field::forbidden(path, "update from non-nil value to nil is forbidden"));
  } else if (now->empty()) {
    errors.push_back(field::forbidden(path, "update from non-nil value to an empty string is forbidden"));
  }
}

// Of Kubernetes' own resources a claim has storage alone.
bool check_key(Errors& errors, const Path& path, std::string_view name) {
  const api::Messages messages = api::is_qualified_name(name);
  check_messages(errors, path, name, messages);
  if (!messages.empty()) return false;
  if (!is_native_resource(name) || name == "storage") return true;
  check_enum(errors, path, name, {"storage"});
  return false;
}

bool check_basic(Errors& errors, const Path& path, const api::Quantity& quantity) {
  if (quantity.value() >= 0) return true;
  errors.push_back(field::invalid_int(path, quantity.value(), "must be a valid resource quantity"));
  return false;
}

}  // namespace

Errors validate_claim(const Claim& claim) {
  Errors errors;
  check_claim_spec(errors, Path("spec"), claim.spec);
  return errors;
}

Errors validate_claim_update(const Claim& claim, const Claim& old) {
  Errors errors = validate_claim(claim);
  check_spec_changes(errors, claim, old);
  // Down to what the volume has: so a size that could not be had is given up.
  const api::Quantity now = storage_of(claim.spec.resources.requests);
  if (now.cmp(storage_of(old.spec.resources.requests)) < 0 && now.cmp(storage_of(old.status.capacity)) <= 0) {
    errors.push_back(field::forbidden(Path("spec").child("resources").child("requests").child("storage"),
                                      "field can not be less than status.capacity"));
  }
  check_immutable(errors, Path("volumeMode"), claim.spec.volumeMode == old.spec.volumeMode,
                  field::quote(claim.spec.volumeMode.value_or("null")));
  check_attributes_class(errors, claim, old);
  return errors;
}

Errors validate_claim_status_update(const Claim& claim, const Claim&) {
  Errors errors;
  const Path path("status");
  const corev1::PersistentVolumeClaimStatus& status = claim.status;
  if (claim.spec.accessModes.empty()) errors.push_back(field::required(Path("Spec").child("accessModes")));
  for (const auto& [name, quantity] : status.capacity)
    check_basic(errors, path.child("capacity").key(name), quantity);
  const Path states = path.child("allocatedResourceStatus");
  for (const auto& [name, state] : status.allocatedResourceStatuses) {
    check_key(errors, states, name);
    const bool known = state == "ControllerResizeInProgress" || state == "ControllerResizeInfeasible" ||
                       state == "NodeResizePending" || state == "NodeResizeInProgress" ||
                       state == "NodeResizeInfeasible";
    if (known) continue;
    errors.push_back(
        not_supported_value(states, field::quote(name),
                            {"ControllerResizeInProgress", "ControllerResizeInfeasible",
                             "NodeResizeInProgress", "NodeResizeInfeasible", "NodeResizePending"}));
  }
  const Path allocated = path.child("allocatedResources");
  for (const auto& [name, quantity] : status.allocatedResources) {
    if (check_key(errors, allocated, name) && check_basic(errors, allocated.key(name), quantity))
      check_resource_quantity(errors, allocated.key(name), "storage", quantity);
  }
  return errors;
}

}  // namespace xebec::apiserver::validation
