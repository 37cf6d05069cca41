// Validation of storage.k8s.io (k8s.io/kubernetes/pkg/apis/storage/validation).
#pragma once

#include "api/gen/storagev1.h"
#include "apiserver/validation/check.h"

namespace xebec::apiserver::validation {

// storage_classes.cc
Errors validate_storage_class(const storagev1::StorageClass& storage_class);
Errors validate_storage_class_update(const storagev1::StorageClass& storage_class,
                                     const storagev1::StorageClass& old);
Errors validate_attributes_class(const storagev1::VolumeAttributesClass& attributes_class);
Errors validate_attributes_class_update(const storagev1::VolumeAttributesClass& attributes_class,
                                        const storagev1::VolumeAttributesClass& old);
Errors validate_volume_attachment(const storagev1::VolumeAttachment& attachment);
Errors validate_volume_attachment_update(const storagev1::VolumeAttachment& attachment,
                                         const storagev1::VolumeAttachment& old);
// csi.cc
Errors validate_csi_driver(const storagev1::CSIDriver& driver);
Errors validate_csi_driver_update(const storagev1::CSIDriver& driver, const storagev1::CSIDriver& old);
Errors validate_csi_node(const storagev1::CSINode& node);
Errors validate_csi_node_update(const storagev1::CSINode& node, const storagev1::CSINode& old);
Errors validate_storage_capacity(const storagev1::CSIStorageCapacity& capacity);
Errors validate_storage_capacity_update(const storagev1::CSIStorageCapacity& capacity,
                                        const storagev1::CSIStorageCapacity& old);

}  // namespace xebec::apiserver::validation
