#include <fmt/format.h>

#include <filesystem>

#include "apiserver/validation/core.h"
#include "apiserver/validation/pod.h"
#include "apiserver/validation/volume_plugins.h"

namespace xebec::apiserver::validation {
namespace {

using corev1::PersistentVolume;
using corev1::PersistentVolumeSpec;

// --- sources whose secrets and the like may be in any namespace ---

void check_persistent_glusterfs(Errors& errors, const Path& path,
                                const corev1::GlusterfsPersistentVolumeSource& source) {
  check_required(errors, path.child("endpoints"), source.endpoints);
  check_required(errors, path.child("path"), source.path);
  if (!source.endpointsNamespace) return;
  const Path ns = path.child("endpointsNamespace");
  if (source.endpointsNamespace->empty()) {
    errors.push_back(
        field::invalid_string(ns, "", "if the endpointnamespace is set, it must be a valid namespace name"));
  } else {
    check_dns_label(errors, ns, *source.endpointsNamespace);
  }
}

void check_persistent_rbd(Errors& errors, const Path& path, const corev1::RBDPersistentVolumeSource& source) {
  if (source.monitors.empty()) errors.push_back(field::required(path.child("monitors")));
  check_required(errors, path.child("image"), source.image);
}

void check_persistent_ceph_fs(Errors& errors, const Path& path,
                              const corev1::CephFSPersistentVolumeSource& source) {
  if (source.monitors.empty()) errors.push_back(field::required(path.child("monitors")));
}

template <class Ref>  // SecretReference or ObjectReference
void check_present(Errors& errors, const Path& path, const api::Box<Ref>& ref) {
  if (!ref) return;
  check_required(errors, path.child("name"), ref->name);
  check_required(errors, path.child("namespace"), ref->namespace_);
}

void check_persistent_cinder(Errors& errors, const Path& path,
                             const corev1::CinderPersistentVolumeSource& source) {
  check_required(errors, path.child("volumeID"), source.volumeID);
  check_present(errors, path.child("secretRef"), source.secretRef);
}

void check_persistent_flex(Errors& errors, const Path& path,
                           const corev1::FlexPersistentVolumeSource& source) {
  corev1::FlexVolumeSource plain;
  plain.driver = source.driver;
  plain.options = source.options;
  check_flex(errors, path, plain);
}

void check_persistent_azure_file(Errors& errors, const Path& path,
                                 const corev1::AzureFilePersistentVolumeSource& source) {
  check_required(errors, path.child("secretName"), source.secretName);
  check_required(errors, path.child("shareName"), source.shareName);
  if (source.secretNamespace) check_required(errors, path.child("secretNamespace"), *source.secretNamespace);
}

void check_persistent_scale_io(Errors& errors, const Path& path,
                               const corev1::ScaleIOPersistentVolumeSource& source) {
  check_required(errors, path.child("gateway"), source.gateway);
  check_required(errors, path.child("system"), source.system);
  check_required(errors, path.child("volumeName"), source.volumeName);
}

void check_persistent_storage_os(Errors& errors, const Path& path,
                                 const corev1::StorageOSPersistentVolumeSource& source) {
  corev1::StorageOSVolumeSource plain;
  plain.volumeName = source.volumeName;
  plain.volumeNamespace = source.volumeNamespace;
  check_storage_os(errors, path, plain);
  check_present(errors, path.child("secretRef"), source.secretRef);
}

void check_local(Errors& errors, const Path& path, const corev1::LocalVolumeSource& source) {
  if (source.path.empty()) return void(errors.push_back(field::required(path.child("path"))));
  check_no_backsteps(errors, path.child("path"), source.path);
}

void check_secret(Errors& errors, const Path& path, const api::Box<corev1::SecretReference>& ref) {
  if (!ref) return;
  if (ref->name.empty()) {
    errors.push_back(field::required(path.child("name")));
  } else {
    check_dns_subdomain(errors, path.child("name"), ref->name);
  }
  if (ref->namespace_.empty()) {
    errors.push_back(field::required(path.child("namespace")));
  } else {
    check_dns_label(errors, path.child("namespace"), ref->namespace_);
  }
}

void check_persistent_csi(Errors& errors, const Path& path, const corev1::CSIPersistentVolumeSource& source) {
  check_csi_driver_name(errors, path.child("driver"), source.driver);
  check_required(errors, path.child("volumeHandle"), source.volumeHandle);
  check_secret(errors, path.child("controllerPublishSecretRef"), source.controllerPublishSecretRef);
  check_secret(errors, path.child("controllerExpandSecretRef"), source.controllerExpandSecretRef);
  check_secret(errors, path.child("nodePublishSecretRef"), source.nodePublishSecretRef);
  check_secret(errors, path.child("nodeExpandSecretRef"), source.nodeExpandSecretRef);
}

// In upstream's order and by its names of paths.
void check_source(Errors& errors, const Path& path, const PersistentVolumeSpec& spec, std::string_view name) {
  VolumeSources sources(errors, path);
  sources.look(spec.hostPath, "hostPath", check_host_path);
  sources.look(spec.gcePersistentDisk, "gcePersistentDisk", "persistentDisk", check_gce_disk);
  sources.look(spec.awsElasticBlockStore, "awsElasticBlockStore", check_aws_disk);
  sources.look(spec.glusterfs, "glusterfs", check_persistent_glusterfs);
  sources.look(spec.flocker, "flocker", check_flocker);
  sources.look(spec.nfs, "nfs", check_nfs);
  sources.look(spec.rbd, "rbd", check_persistent_rbd);
  sources.look(spec.quobyte, "quobyte", check_quobyte);
  sources.look(spec.cephfs, "cephFS", "cephfs", check_persistent_ceph_fs);
  sources.look(spec.iscsi, "iscsi", [&](Errors& to, const Path& at, const auto& source) {
    check_persistent_iscsi(to, at, source, name);
  });
  sources.look(spec.cinder, "cinder", check_persistent_cinder);
  sources.look(spec.fc, "fc", check_fc);
  sources.look_anyway(spec.flexVolume, "flexVolume", check_persistent_flex);
  sources.look(spec.azureFile, "azureFile", check_persistent_azure_file);
  sources.look(spec.vsphereVolume, "vsphereVolume", check_vsphere);
  sources.look(spec.photonPersistentDisk, "photonPersistentDisk", check_photon);
  sources.look(spec.portworxVolume, "portworxVolume", check_portworx);
  sources.look(spec.azureDisk, "azureDisk", check_azure_disk);
  sources.look(spec.scaleIO, "scaleIO", check_persistent_scale_io);
  sources.look(spec.local, "local", [&](Errors& to, const Path& at, const auto& source) {
    check_local(to, at, source);
    if (!spec.nodeAffinity)
      to.push_back(field::required(path.child("nodeAffinity"), "Local volume requires node affinity"));
  });
  sources.look(spec.storageos, "storageos", check_persistent_storage_os);
  sources.look(spec.csi, "csi", check_persistent_csi);
  if (!sources.found()) errors.push_back(field::required(path, "must specify a volume type"));
}

// --- the rest of the spec ---

std::string rendered(const api::FlatMap<api::Quantity>& resources) {
  if (resources.empty()) return "null";
  std::string out;
  for (const auto& [name, quantity] : resources)
    out += fmt::format("{}{}:{}", out.empty() ? "{" : ",", field::quote(name), field::quote(quantity.str()));
  return out + "}";
}

void check_capacity(Errors& errors, const Path& path, const api::FlatMap<api::Quantity>& capacity) {
  if (capacity.empty()) errors.push_back(field::required(path));
  if (!capacity.contains("storage") || capacity.size() > 1)
    errors.push_back(not_supported_value(path, rendered(capacity), {"storage"}));
  for (const auto& [name, quantity] : capacity) {
    if (quantity.value() < 0)
      errors.push_back(
          field::invalid_int(path.key(name), quantity.value(), "must be a valid resource quantity"));
    if (quantity.sign() <= 0)
      errors.push_back(field::invalid_string(path.key(name), quantity.str(), "must be greater than zero"));
  }
}

void check_affinity(Errors& errors, const Path& path, const api::Box<corev1::VolumeNodeAffinity>& affinity) {
  if (!affinity) return;
  if (!affinity->required) {
    errors.push_back(field::required(path.child("required"), "must specify required node constraints"));
  } else {
    check_node_selector(errors, path.child("required"), *affinity->required);
  }
}

// A volume whose content is wiped for its next user must not be all of a node's files.
void check_recycling(Errors& errors, const Path& path, const PersistentVolumeSpec& spec) {
  if (!spec.hostPath || spec.persistentVolumeReclaimPolicy != "Recycle") return;
  std::string clean = std::filesystem::path(spec.hostPath->path).lexically_normal().string();
  while (clean.starts_with("//")) clean.erase(0, 1);
  if (clean == "/") {
    errors.push_back(field::forbidden(path.child("persistentVolumeReclaimPolicy"),
                                      "may not be 'recycle' for a hostPath mount of '/'"));
  }
}

void check_attributes_class(Errors& errors, const Path& path, const PersistentVolumeSpec& spec) {
  if (!spec.volumeAttributesClassName) return;
  const Path at = path.child("volumeAttributesClassName");
  if (spec.volumeAttributesClassName->empty()) {
    errors.push_back(field::required(at, "an empty string is disallowed"));
  } else {
    check_dns_subdomain(errors, at, *spec.volumeAttributesClassName);
  }
  if (!spec.csi) {
    errors.push_back(
        field::required(path.child("csi"), "has to be specified when using volumeAttributesClassName"));
  }
}

void check_modes(Errors& errors, const Path& path, const std::vector<std::string>& modes) {
  if (modes.empty()) errors.push_back(field::required(path));
  check_access_modes(errors, path, modes);
}

// Labels of topology that were renamed when they became stable.
std::string_view stable_label(std::string_view key) {
  static constexpr std::pair<std::string_view, std::string_view> kRenamed[] = {
      {"failure-domain.beta.kubernetes.io/zone", "topology.kubernetes.io/zone"},
      {"failure-domain.beta.kubernetes.io/region", "topology.kubernetes.io/region"},
      {"beta.kubernetes.io/instance-type", "node.kubernetes.io/instance-type"},
      {"beta.kubernetes.io/os", "kubernetes.io/os"},
      {"beta.kubernetes.io/arch", "kubernetes.io/arch"}};
  for (const auto& [beta, stable] : kRenamed)
    if (key == beta) return stable;
  return {};
}

// `old` with those of its labels renamed that `now` has by their stable names.
corev1::VolumeNodeAffinity renamed(corev1::VolumeNodeAffinity old, const corev1::VolumeNodeAffinity& now) {
  if (!old.required || !now.required) return old;
  auto& terms = old.required->nodeSelectorTerms;
  const auto& now_terms = now.required->nodeSelectorTerms;
  for (size_t i = 0; i < terms.size() && i < now_terms.size(); ++i) {
    auto& expressions = terms[i].matchExpressions;
    const auto& now_expressions = now_terms[i].matchExpressions;
    for (size_t j = 0; j < expressions.size() && j < now_expressions.size(); ++j)
      if (stable_label(expressions[j].key) == now_expressions[j].key)
        expressions[j].key = now_expressions[j].key;
  }
  return old;
}

bool same_affinity(const api::Box<corev1::VolumeNodeAffinity>& now, const corev1::VolumeNodeAffinity& old) {
  return now && *now == renamed(old, *now);
}

bool same_source(const PersistentVolumeSpec& now, PersistentVolumeSpec old) {
  const bool secret_comes =
      old.csi && !old.csi->controllerExpandSecretRef && now.csi && now.csi->controllerExpandSecretRef;
  if (secret_comes) old.csi->controllerExpandSecretRef = now.csi->controllerExpandSecretRef;
  const corev1::PersistentVolumeSource &a = now, &b = old;
  return a == b;
}

}  // namespace

Errors validate_persistent_volume(const PersistentVolume& volume) {
  Errors errors;
  const Path path("spec");
  const PersistentVolumeSpec& spec = volume.spec;
  check_modes(errors, path.child("accessModes"), spec.accessModes);
  check_capacity(errors, path.child("capacity"), spec.capacity);
  if (!spec.persistentVolumeReclaimPolicy.empty()) {
    check_enum(errors, path.child("persistentVolumeReclaimPolicy"),
               std::string_view(spec.persistentVolumeReclaimPolicy), {"Delete", "Recycle", "Retain"});
  }
  check_affinity(errors, path.child("nodeAffinity"), spec.nodeAffinity);
  check_source(errors, path, spec, volume.metadata.name);
  check_recycling(errors, path, spec);
  if (!spec.storageClassName.empty())
    check_dns_subdomain(errors, path.child("storageClassName"), spec.storageClassName);
  check_enum(errors, path.child("volumeMode"), spec.volumeMode, {"Block", "Filesystem"});
  check_attributes_class(errors, path, spec);
  return errors;
}

void check_inline_volume(Errors& errors, const Path& path, const PersistentVolumeSpec& spec) {
  static constexpr std::string_view kContext = "in the context of inline volumes";
  auto refuse = [&](bool set, std::string_view name, std::string_view what = "may not be specified") {
    if (set) errors.push_back(field::forbidden(path.child(name), fmt::format("{} {}", what, kContext)));
  };
  refuse(bool(spec.claimRef), "claimRef");
  refuse(!spec.capacity.empty(), "capacity");
  if (!spec.csi)
    errors.push_back(field::required(path.child("csi"), fmt::format("has to be specified {}", kContext)));
  check_modes(errors, path.child("accessModes"), spec.accessModes);
  refuse(!spec.persistentVolumeReclaimPolicy.empty() && spec.persistentVolumeReclaimPolicy != "Retain",
         "persistentVolumeReclaimPolicy", "may only be Retain");
  refuse(bool(spec.nodeAffinity), "nodeAffinity");
  check_source(errors, path, spec, "");
  check_recycling(errors, path, spec);
  refuse(!spec.storageClassName.empty(), "storageClassName");
  refuse(spec.volumeMode && *spec.volumeMode != "Filesystem", "volumeMode",
         "may not specify volumeMode other than Filesystem");
  check_attributes_class(errors, path, spec);
}

Errors validate_persistent_volume_update(const PersistentVolume& volume, const PersistentVolume& old) {
  Errors errors = validate_persistent_volume(volume);
  const Path spec("spec");
  const PersistentVolumeSpec &now = volume.spec, &before = old.spec;
  if (!same_source(now, before)) {
    errors.push_back(field::forbidden(spec.child("persistentvolumesource"),
                                      "spec.persistentvolumesource is immutable after creation\n"));
  }
  check_immutable(errors, Path("volumeMode"), now.volumeMode == before.volumeMode,
                  field::quote(now.volumeMode.value_or("null")));
  if (before.nodeAffinity && !same_affinity(now.nodeAffinity, *before.nodeAffinity)) {
    errors.push_back(field::invalid(Path("nodeAffinity"), go_json(now.nodeAffinity),
                                    "field is immutable, except for updating from beta label to GA"));
  }
  if (before.volumeAttributesClassName && !now.volumeAttributesClassName) {
    errors.push_back(field::forbidden(spec.child("volumeAttributesClassName"),
                                      "update from non-nil value to nil is forbidden"));
  }
  return errors;
}

}  // namespace xebec::apiserver::validation
