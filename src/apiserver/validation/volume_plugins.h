// Volume sources of the storage plugins that were once part of Kubernetes.
#pragma once

#include "api/gen/corev1.h"
#include "apiserver/validation/check.h"

namespace xebec::apiserver::validation {

// Of the sources a volume may have, the first that is set is looked at; a second one is refused.
class VolumeSources {
 public:
  VolumeSources(Errors& errors, const Path& path) : errors_(errors), path_(path) {}

  // `name` is the field's, `content` the name upstream uses for what is in it.
  template <class Source, class Check>
  void look(const api::Box<Source>& source, std::string_view name, std::string_view content, Check check) {
    if (!source) return;
    if (found_) {
      errors_.push_back(field::forbidden(path_.child(name), "may not specify more than 1 volume type"));
      return;
    }
    found_ = true;
    check(errors_, path_.child(content), *source);
  }
  template <class Source, class Check>
  void look(const api::Box<Source>& source, std::string_view name, Check check) {
    look(source, name, name, check);
  }
  // Looked at and allowed also beside another.
  template <class Source, class Check>
  void look_anyway(const api::Box<Source>& source, std::string_view name, Check check) {
    if (!source) return;
    found_ = true;
    check(errors_, path_.child(name), *source);
  }
  bool found() const { return found_; }

 private:
  Errors& errors_;
  Path path_;
  bool found_ = false;
};

void check_host_path(Errors& errors, const Path& path, const corev1::HostPathVolumeSource& source);
void check_git_repo(Errors& errors, const Path& path, const corev1::GitRepoVolumeSource& source);
void check_gce_disk(Errors& errors, const Path& path, const corev1::GCEPersistentDiskVolumeSource& source);
void check_aws_disk(Errors& errors, const Path& path, const corev1::AWSElasticBlockStoreVolumeSource& source);
void check_nfs(Errors& errors, const Path& path, const corev1::NFSVolumeSource& source);
void check_iscsi(Errors& errors, const Path& path, const corev1::ISCSIVolumeSource& source);
// `volume` is the PersistentVolume's name.
void check_persistent_iscsi(Errors& errors, const Path& path,
                            const corev1::ISCSIPersistentVolumeSource& source, std::string_view volume);
void check_glusterfs(Errors& errors, const Path& path, const corev1::GlusterfsVolumeSource& source);
void check_flocker(Errors& errors, const Path& path, const corev1::FlockerVolumeSource& source);
void check_rbd(Errors& errors, const Path& path, const corev1::RBDVolumeSource& source);
void check_cinder(Errors& errors, const Path& path, const corev1::CinderVolumeSource& source);
void check_ceph_fs(Errors& errors, const Path& path, const corev1::CephFSVolumeSource& source);
void check_quobyte(Errors& errors, const Path& path, const corev1::QuobyteVolumeSource& source);
void check_fc(Errors& errors, const Path& path, const corev1::FCVolumeSource& source);
void check_flex(Errors& errors, const Path& path, const corev1::FlexVolumeSource& source);
void check_azure_file(Errors& errors, const Path& path, const corev1::AzureFileVolumeSource& source);
void check_vsphere(Errors& errors, const Path& path, const corev1::VsphereVirtualDiskVolumeSource& source);
void check_photon(Errors& errors, const Path& path, const corev1::PhotonPersistentDiskVolumeSource& source);
void check_portworx(Errors& errors, const Path& path, const corev1::PortworxVolumeSource& source);
void check_azure_disk(Errors& errors, const Path& path, const corev1::AzureDiskVolumeSource& source);
void check_storage_os(Errors& errors, const Path& path, const corev1::StorageOSVolumeSource& source);
void check_scale_io(Errors& errors, const Path& path, const corev1::ScaleIOVolumeSource& source);
void check_csi(Errors& errors, const Path& path, const corev1::CSIVolumeSource& source);
// The name of a CSI driver.
void check_csi_driver_name(Errors& errors, const Path& path, std::string_view name);

}  // namespace xebec::apiserver::validation
