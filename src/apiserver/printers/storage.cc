#include <fmt/format.h>

#include <algorithm>

#include "api/gen/corev1.h"
#include "api/gen/storagev1.h"
#include "apiserver/printers/printer.h"

namespace xebec::apiserver {
namespace {

// "RWO,ROX": in this order, whatever the object's.
std::string access_modes(const std::vector<std::string>& modes) {
  constexpr std::pair<std::string_view, std::string_view> kShort[] = {{"ReadWriteOnce", "RWO"},
                                                                      {"ReadOnlyMany", "ROX"},
                                                                      {"ReadWriteMany", "RWX"},
                                                                      {"ReadWriteOncePod", "RWOP"}};
  std::vector<std::string> out;
  for (const auto& [mode, text] : kShort) {
    if (std::ranges::find(modes, mode) != modes.end()) out.emplace_back(text);
  }
  return cells::join(out);
}

std::string storage_of(const api::FlatMap<api::Quantity>& capacity) {
  const api::Quantity* storage = capacity.get("storage");
  return std::string(storage ? storage->str() : "0");
}

// The old annotation beats the field.
template <class Object>
std::string class_name(const Object& object, std::string name) {
  const std::string* annotation = object.metadata.annotations.get("volume.beta.kubernetes.io/storage-class");
  if (annotation) return *annotation;
  return name;
}

std::string or_unset(const std::optional<std::string>& text) {
  return text && !text->empty() ? *text : "<unset>";
}

void print(const corev1::PersistentVolume& object, Row& row) {
  row.set("Capacity", storage_of(object.spec.capacity));
  row.set("Access Modes", access_modes(object.spec.accessModes));
  row.set("Reclaim Policy", object.spec.persistentVolumeReclaimPolicy);
  row.set("Status", object.metadata.deletionTimestamp ? "Terminating" : object.status.phase);
  row.set("Claim", object.spec.claimRef
                       ? fmt::format("{}/{}", object.spec.claimRef->namespace_, object.spec.claimRef->name)
                       : "");
  row.set("StorageClass", class_name(object, object.spec.storageClassName));
  row.set("VolumeAttributesClass", or_unset(object.spec.volumeAttributesClassName));
  row.set("Reason", object.status.reason);
  row.set("VolumeMode", or_unset(object.spec.volumeMode));
}

void print(const corev1::PersistentVolumeClaim& object, Row& row) {
  const bool bound = !object.spec.volumeName.empty();
  row.set("Status", object.metadata.deletionTimestamp ? "Terminating" : object.status.phase);
  row.set("Volume", object.spec.volumeName);
  row.set("Capacity", bound ? storage_of(object.status.capacity) : "");
  row.set("Access Modes", bound ? access_modes(object.status.accessModes) : "");
  row.set("StorageClass", class_name(object, object.spec.storageClassName.value_or("")));
  row.set("VolumeAttributesClass", or_unset(object.spec.volumeAttributesClassName));
  row.set("VolumeMode", or_unset(object.spec.volumeMode));
}

void print(const storagev1::StorageClass& object, Row& row) {
  bool is_default = false;
  for (std::string_view key :
       {"storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"}) {
    const std::string* value = object.metadata.annotations.get(key);
    is_default = is_default || (value && *value == "true");
  }
  row.set("Name", is_default ? object.metadata.name + " (default)" : object.metadata.name);
  row.set("Provisioner", object.provisioner);
  row.set("ReclaimPolicy", object.reclaimPolicy.value_or("Delete"));
  row.set("VolumeBindingMode", object.volumeBindingMode.value_or("Immediate"));
  row.set("AllowVolumeExpansion", object.allowVolumeExpansion.value_or(false));
}

void print(const storagev1::CSINode& object, Row& row) {
  row.set("Drivers", static_cast<int64_t>(object.spec.drivers.size()));
}

void print(const storagev1::CSIDriver& object, Row& row) {
  std::vector<std::string> audiences;
  for (const auto& request : object.spec.tokenRequests) audiences.push_back(request.audience);
  row.set("AttachRequired", object.spec.attachRequired.value_or(true));
  row.set("PodInfoOnMount", object.spec.podInfoOnMount.value_or(false));
  row.set("StorageCapacity", object.spec.storageCapacity.value_or(false));
  row.set("TokenRequests", audiences.empty() ? "<unset>" : cells::join(audiences));
  row.set("RequiresRepublish", object.spec.requiresRepublish.value_or(false));
  row.set("Modes", object.spec.volumeLifecycleModes.empty() ? "<none>"
                                                            : cells::join(object.spec.volumeLifecycleModes));
}

void print(const storagev1::VolumeAttachment& object, Row& row) {
  row.set("Attacher", object.spec.attacher);
  row.set("PV", object.spec.source.persistentVolumeName.value_or(""));
  row.set("Node", object.spec.nodeName);
  row.set("Attached", object.status.attached);
}

void print(const storagev1::CSIStorageCapacity& object, Row& row) {
  row.set("StorageClassName", object.storageClassName);
  row.set("Capacity", object.capacity ? std::string(object.capacity->str()) : "<unset>");
}

void print(const storagev1::VolumeAttributesClass& object, Row& row) {
  const std::string* value =
      object.metadata.annotations.get("volumeattributesclass.alpha.kubernetes.io/is-default-class");
  if (value && *value == "true") row.set("Name", object.metadata.name + " (default)");
  row.set("DriverName", object.driverName);
}

}  // namespace

std::span<const PrinterEntry> storage_printers() {
  static const PrinterEntry kTable[] = {
      XEBEC_PRINTER(corev1::PersistentVolume),      XEBEC_PRINTER(corev1::PersistentVolumeClaim),
      XEBEC_PRINTER(storagev1::StorageClass),       XEBEC_PRINTER(storagev1::CSINode),
      XEBEC_PRINTER(storagev1::CSIDriver),          XEBEC_PRINTER(storagev1::VolumeAttachment),
      XEBEC_PRINTER(storagev1::CSIStorageCapacity), XEBEC_PRINTER(storagev1::VolumeAttributesClass)};
  return kTable;
}

}  // namespace xebec::apiserver
