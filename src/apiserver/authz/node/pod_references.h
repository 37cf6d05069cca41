// The API objects a Pod needs on its node, by name (kubernetes pkg/api/pod VisitPodSecretNames and
// VisitPodConfigmapNames, pkg/api/v1/persistentvolume VisitPVSecretNames).
#pragma once

#include <set>
#include <string>
#include <vector>

#include "api/gen/corev1.h"

namespace xebec::apiserver::node {

// In the Pod's namespace; empty names are left out.
std::set<std::string> secrets_of(const corev1::Pod& pod);
std::set<std::string> config_maps_of(const corev1::Pod& pod);
// Those it names and those made for its ephemeral volumes.
std::set<std::string> volume_claims_of(const corev1::Pod& pod);
// Those it names and those made for it from templates.
std::set<std::string> resource_claims_of(const corev1::Pod& pod);

struct SecretName {
  std::string namespace_, name;
};
// What a kubelet reads to mount the volume.
std::vector<SecretName> secrets_of(const corev1::PersistentVolume& volume);

}  // namespace xebec::apiserver::node
