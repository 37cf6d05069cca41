// The content of each kind of volume source, in upstream's order (validateVolumeSource). Only the first one
// that is set is looked at; a second one is refused.
#include <fmt/format.h>

#include "apiserver/validation/pod.h"
#include "apiserver/validation/projections.h"
#include "apiserver/validation/volume_plugins.h"

namespace xebec::apiserver::validation {
namespace {

void check_empty_dir(Errors& errors, const Path& path, const corev1::EmptyDirVolumeSource& source) {
  if (source.sizeLimit && source.sizeLimit->sign() < 0) {
    errors.push_back(
        field::forbidden(path.child("sizeLimit"), "SizeLimit field must be a valid resource quantity"));
  }
}

void check_secret(Errors& errors, const Path& path, const corev1::SecretVolumeSource& source) {
  check_required(errors, path.child("secretName"), source.secretName);
  check_mode(errors, path.child("defaultMode"), source.defaultMode);
  check_items(errors, path.child("items"), source.items);
}

void check_config_map(Errors& errors, const Path& path, const corev1::ConfigMapVolumeSource& source) {
  check_required(errors, path.child("name"), source.name);
  check_mode(errors, path.child("defaultMode"), source.defaultMode);
  check_items(errors, path.child("items"), source.items);
}

void check_downward_api(Errors& errors, const Path& path, const corev1::DownwardAPIVolumeSource& source) {
  check_mode(errors, path.child("defaultMode"), source.defaultMode);
  for (const corev1::DownwardAPIVolumeFile& file : source.items) check_downward_file(errors, path, file);
}

void check_claim(Errors& errors, const Path& path, const corev1::PersistentVolumeClaimVolumeSource& source) {
  check_required(errors, path.child("claimName"), source.claimName);
}

void check_ephemeral(Errors& errors, const Path& path, const corev1::EphemeralVolumeSource& source) {
  if (!source.volumeClaimTemplate) {
    errors.push_back(field::required(path.child("volumeClaimTemplate")));
  } else {
    check_claim_template(errors, path.child("volumeClaimTemplate"), *source.volumeClaimTemplate);
  }
}

void check_claim_name(Errors& errors, const Path& path, const corev1::Volume& volume,
                      const PodContext& context) {
  if (context.pod == nullptr || context.pod->name.empty() || volume.name.empty()) return;
  const std::string name = context.pod->name + "-" + volume.name;
  for (const std::string& message : api::is_dns1123_subdomain(name)) {
    errors.push_back(field::invalid_string(path.child("name"), volume.name,
                                           fmt::format("PVC name {}: {}", field::quote(name), message)));
  }
}

}  // namespace

bool check_volume_source(Errors& errors, const Path& path, const corev1::Volume& volume,
                         const PodContext& context) {
  VolumeSources sources(errors, path);
  sources.look(volume.emptyDir, "emptyDir", check_empty_dir);
  sources.look(volume.hostPath, "hostPath", check_host_path);
  sources.look(volume.gitRepo, "gitRepo", check_git_repo);
  sources.look(volume.gcePersistentDisk, "gcePersistentDisk", "persistentDisk", check_gce_disk);
  sources.look(volume.awsElasticBlockStore, "awsElasticBlockStore", check_aws_disk);
  sources.look(volume.secret, "secret", check_secret);
  sources.look(volume.nfs, "nfs", check_nfs);
  sources.look(volume.iscsi, "iscsi", check_iscsi);
  if (volume.iscsi && volume.iscsi->initiatorName &&
      volume.name.size() + 1 + volume.iscsi->targetPortal.size() > 64) {
    errors.push_back(
        field::invalid_string(path.child("name"), volume.name,
                              "Total length of <volume name>:<iscsi.targetPortal> must be under 64 "
                              "characters if iscsi.initiatorName is specified."));
  }
  sources.look(volume.glusterfs, "glusterfs", check_glusterfs);
  sources.look(volume.flocker, "flocker", check_flocker);
  sources.look(volume.persistentVolumeClaim, "persistentVolumeClaim", check_claim);
  sources.look(volume.rbd, "rbd", check_rbd);
  sources.look(volume.cinder, "cinder", check_cinder);
  sources.look(volume.cephfs, "cephFS", "cephfs", check_ceph_fs);
  sources.look(volume.quobyte, "quobyte", check_quobyte);
  sources.look(volume.downwardAPI, "downwarAPI", "downwardAPI", check_downward_api);
  sources.look(volume.fc, "fc", check_fc);
  sources.look(volume.flexVolume, "flexVolume", check_flex);
  sources.look(volume.configMap, "configMap", check_config_map);
  sources.look(volume.azureFile, "azureFile", check_azure_file);
  sources.look(volume.vsphereVolume, "vsphereVolume", check_vsphere);
  sources.look(volume.photonPersistentDisk, "photonPersistentDisk", check_photon);
  sources.look(volume.portworxVolume, "portworxVolume", check_portworx);
  sources.look(volume.azureDisk, "azureDisk", check_azure_disk);
  sources.look(volume.storageos, "storageos", check_storage_os);
  sources.look(volume.projected, "projected", check_projected);
  sources.look(volume.scaleIO, "scaleIO", check_scale_io);
  sources.look(volume.csi, "csi", check_csi);
  const bool taken = sources.found();
  sources.look(volume.ephemeral, "ephemeral", check_ephemeral);
  if (volume.ephemeral && !taken) check_claim_name(errors, path, volume, context);
  sources.look(volume.image, "image", [&](Errors& e, const Path& at, const corev1::ImageVolumeSource& image) {
    if (context.pod != nullptr) check_required(e, at.child("reference"), image.reference);
    check_required_enum(e, at.child("pullPolicy"), image.pullPolicy, {"Always", "IfNotPresent", "Never"});
  });
  return sources.found();
}

}  // namespace xebec::apiserver::validation
