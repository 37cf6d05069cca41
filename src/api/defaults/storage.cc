// Defaults of storage (k8s.io/kubernetes/pkg/apis/storage/*/defaults.go).
#include "api/defaults/groups.h"
#include "api/defaults/util.h"
#include "api/gen/storagev1.h"
#include "api/gen/storagev1beta1.h"

namespace xebec::api {
namespace {

template <class StorageClass>
void set_storage_class_defaults(StorageClass& storage_class) {
  default_to(storage_class.reclaimPolicy, "Delete");
  default_to(storage_class.volumeBindingMode, "Immediate");
}

template <class Driver>
void set_driver_defaults(Driver& driver) {
  auto& spec = driver.spec;
  default_to(spec.attachRequired, true);
  default_to(spec.podInfoOnMount, false);
  default_to(spec.storageCapacity, false);
  default_to(spec.requiresRepublish, false);
  default_to(spec.seLinuxMount, false);
  default_to(spec.fsGroupPolicy, "ReadWriteOnceWithFSType");
  if (spec.volumeLifecycleModes.empty()) spec.volumeLifecycleModes.emplace_back("Persistent");
}

}  // namespace

void add_storage_defaults(DefaultsTable& table) {
  add_defaults<storagev1::StorageClass, storagev1beta1::StorageClass>(
      table, [](auto& storage_class) { set_storage_class_defaults(storage_class); });
  add_defaults<storagev1::CSIDriver, storagev1beta1::CSIDriver>(
      table, [](auto& driver) { set_driver_defaults(driver); });
}

}  // namespace xebec::api
