#include "apiserver/authz/node/pod_references.h"

namespace xebec::apiserver::node {
namespace {

using Names = std::set<std::string>;

void add(Names& names, const std::string& name) {
  if (!name.empty()) names.insert(name);
}

template <class Ref>
void add(Names& names, const api::Box<Ref>& ref) {
  if (ref) add(names, ref->name);
}

template <class Visit>
void each_container(const corev1::PodSpec& spec, Visit visit) {
  for (const auto& container : spec.initContainers) visit(container.envFrom, container.env);
  for (const auto& container : spec.containers) visit(container.envFrom, container.env);
  for (const auto& container : spec.ephemeralContainers) visit(container.envFrom, container.env);
}

void add_volume_secrets(Names& names, const corev1::Volume& volume) {
  if (volume.secret) add(names, volume.secret->secretName);
  if (volume.azureFile) add(names, volume.azureFile->secretName);
  if (volume.cephfs) add(names, volume.cephfs->secretRef);
  if (volume.cinder) add(names, volume.cinder->secretRef);
  if (volume.csi) add(names, volume.csi->nodePublishSecretRef);
  if (volume.flexVolume) add(names, volume.flexVolume->secretRef);
  if (volume.iscsi) add(names, volume.iscsi->secretRef);
  if (volume.rbd) add(names, volume.rbd->secretRef);
  if (volume.scaleIO) add(names, volume.scaleIO->secretRef);
  if (volume.storageos) add(names, volume.storageos->secretRef);
  if (!volume.projected) return;
  for (const corev1::VolumeProjection& source : volume.projected->sources) add(names, source.secret);
}

}  // namespace

std::set<std::string> secrets_of(const corev1::Pod& pod) {
  Names names;
  for (const auto& secret : pod.spec.imagePullSecrets) add(names, secret.name);
  each_container(pod.spec, [&](const auto& sources, const auto& variables) {
    for (const corev1::EnvFromSource& source : sources) add(names, source.secretRef);
    for (const corev1::EnvVar& variable : variables)
      if (variable.valueFrom) add(names, variable.valueFrom->secretKeyRef);
  });
  for (const corev1::Volume& volume : pod.spec.volumes) add_volume_secrets(names, volume);
  return names;
}

std::set<std::string> config_maps_of(const corev1::Pod& pod) {
  Names names;
  each_container(pod.spec, [&](const auto& sources, const auto& variables) {
    for (const corev1::EnvFromSource& source : sources) add(names, source.configMapRef);
    for (const corev1::EnvVar& variable : variables)
      if (variable.valueFrom) add(names, variable.valueFrom->configMapKeyRef);
  });
  for (const corev1::Volume& volume : pod.spec.volumes) {
    add(names, volume.configMap);
    if (!volume.projected) continue;
    for (const corev1::VolumeProjection& source : volume.projected->sources) add(names, source.configMap);
  }
  return names;
}

std::set<std::string> volume_claims_of(const corev1::Pod& pod) {
  Names names;
  for (const corev1::Volume& volume : pod.spec.volumes) {
    if (volume.persistentVolumeClaim) {
      add(names, volume.persistentVolumeClaim->claimName);
    } else if (volume.ephemeral) {
      add(names, pod.metadata.name + "-" + volume.name);
    }
  }
  return names;
}

std::set<std::string> resource_claims_of(const corev1::Pod& pod) {
  Names names;
  for (const auto& claim : pod.spec.resourceClaims) add(names, claim.resourceClaimName.value_or(""));
  for (const auto& status : pod.status.resourceClaimStatuses)
    add(names, status.resourceClaimName.value_or(""));
  if (pod.status.extendedResourceClaimStatus)
    add(names, pod.status.extendedResourceClaimStatus->resourceClaimName);
  return names;
}

std::vector<SecretName> secrets_of(const corev1::PersistentVolume& volume) {
  const corev1::PersistentVolumeSpec& spec = volume.spec;
  const std::string claimed = spec.claimRef ? spec.claimRef->namespace_ : std::string();
  std::vector<SecretName> out;
  auto add = [&](const auto& ref, const std::string& fallback) {
    if (ref && !ref->name.empty())
      out.push_back({ref->namespace_.empty() ? fallback : ref->namespace_, ref->name});
  };
  if (spec.azureFile) {
    const std::string ns = spec.azureFile->secretNamespace.value_or("");
    if (!spec.azureFile->secretName.empty())
      out.push_back({ns.empty() ? claimed : ns, spec.azureFile->secretName});
  }
  if (spec.cephfs) add(spec.cephfs->secretRef, claimed);
  if (spec.cinder) add(spec.cinder->secretRef, "");
  if (spec.flexVolume) add(spec.flexVolume->secretRef, claimed);
  if (spec.rbd) add(spec.rbd->secretRef, claimed);
  if (spec.scaleIO) add(spec.scaleIO->secretRef, claimed);
  if (spec.iscsi) add(spec.iscsi->secretRef, claimed);
  if (spec.storageos) add(spec.storageos->secretRef, "");
  if (spec.csi) {
    // Those of the controller are not the kubelet's.
    add(spec.csi->nodePublishSecretRef, "");
    add(spec.csi->nodeStageSecretRef, "");
    add(spec.csi->nodeExpandSecretRef, "");
  }
  return out;
}

}  // namespace xebec::apiserver::node
