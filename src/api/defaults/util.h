// Helpers of the defaulting functions: set only what is not set.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/flat_map.h"
#include "api/quantity.h"

namespace xebec::api {

inline void default_to(std::string& field, std::string_view value) {
  if (field.empty()) field = value;
}
inline void default_to(std::optional<std::string>& field, std::string_view value) {
  if (!field) field = value;
}
template <class T, class U>
void default_to(std::optional<T>& field, U value) {
  if (!field) field = static_cast<T>(value);
}
// Numbers for which zero means "not set".
template <class T>
void default_number(T& field, T value) {
  if (field == 0) field = value;
}

// Quantities of a list of resources have no more than three digits after the point.
inline void round_up_all(FlatMap<Quantity>& resources) {
  for (auto& [name, quantity] : resources) quantity.round_up(Quantity::kMilli);
}
// Of storage plugins that a volume of a Pod and a PersistentVolume both have.
template <class Source>
void set_plugin_defaults(Source& volume) {
  if (volume.iscsi) default_to(volume.iscsi->iscsiInterface, "default");
  if (volume.rbd) {
    default_to(volume.rbd->pool, "rbd");
    default_to(volume.rbd->user, "admin");
    default_to(volume.rbd->keyring, "/etc/ceph/keyring");
  }
  if (volume.azureDisk) {
    default_to(volume.azureDisk->cachingMode, "ReadWrite");
    default_to(volume.azureDisk->fsType, "ext4");
    default_to(volume.azureDisk->kind, "Shared");
    default_to(volume.azureDisk->readOnly, false);
  }
  if (volume.scaleIO) {
    default_to(volume.scaleIO->storageMode, "ThinProvisioned");
    default_to(volume.scaleIO->fsType, "xfs");
  }
}

}  // namespace xebec::api
