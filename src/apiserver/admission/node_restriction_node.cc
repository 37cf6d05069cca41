// What a kubelet may do to Nodes and mirror Pods.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "apiserver/admission/node_restriction.h"
#include "apiserver/authz/node/pod_references.h"

namespace xebec::apiserver::node_restriction {
namespace {

constexpr std::string_view kMirrorAnnotation = "kubernetes.io/config.mirror";

bool in_domain(std::string_view key, std::string_view zone) {
  const size_t slash = key.find('/');
  if (slash == std::string_view::npos) return false;
  const std::string_view domain = key.substr(0, slash);
  return domain == zone || domain.ends_with("." + std::string(zone));
}

// Labels in kubernetes.io and k8s.io that a kubelet may give its node (k8s.io/kubelet/pkg/apis).
bool kubelet_label(std::string_view key) {
  static constexpr std::string_view kAllowed[] = {"kubernetes.io/hostname",
                                                  "kubernetes.io/os",
                                                  "kubernetes.io/arch",
                                                  "beta.kubernetes.io/os",
                                                  "beta.kubernetes.io/arch",
                                                  "beta.kubernetes.io/instance-type",
                                                  "node.kubernetes.io/instance-type",
                                                  "failure-domain.beta.kubernetes.io/region",
                                                  "failure-domain.beta.kubernetes.io/zone",
                                                  "topology.kubernetes.io/region",
                                                  "topology.kubernetes.io/zone"};
  if (std::find(std::begin(kAllowed), std::end(kAllowed), key) != std::end(kAllowed)) return true;
  return in_domain(key, "kubelet.kubernetes.io") || in_domain(key, "node.kubernetes.io");
}

bool restricted_label(std::string_view key) {
  if (in_domain(key, "node-restriction.kubernetes.io")) return true;
  return (in_domain(key, "kubernetes.io") || in_domain(key, "k8s.io")) && !kubelet_label(key);
}

// Restricted labels whose value differs between the two, sorted.
std::vector<std::string> changed_restricted_labels(const api::FlatMap<std::string>& now,
                                                   const api::FlatMap<std::string>& before) {
  std::set<std::string> out;
  for (const auto& [key, value] : now) {
    const std::string* old = before.get(key);
    if ((old == nullptr || *old != value) && restricted_label(key)) out.insert(key);
  }
  for (const auto& [key, value] : before)
    if (!now.contains(key) && restricted_label(key)) out.insert(key);
  return {out.begin(), out.end()};
}

Result<void> check_new_node(const AdmissionAttributes& a, std::string_view node, const corev1::Node& now) {
  if (now.spec.configSource) {
    return fail(refuse(
        a, fmt::format("node \"{}\" is not allowed to create pods with a non-nil configSource", node)));
  }
  const auto labels = changed_restricted_labels(now.metadata.labels, {});
  if (labels.empty()) return {};
  return fail(refuse(a, fmt::format("node \"{}\" is not allowed to set the following labels: {}", node,
                                    fmt::join(labels, ", "))));
}

Result<void> check_changed_node(const AdmissionAttributes& a, std::string_view node,
                                const corev1::Node& now) {
  const corev1::Node& old = a.old_object->get<corev1::Node>();
  // Old kubelets drop the field: that is no change.
  if (now.spec.configSource && now.spec.configSource != old.spec.configSource) {
    return fail(refuse(
        a, fmt::format("node \"{}\" is not allowed to update configSource to a new non-nil configSource",
                       node)));
  }
  if (now.spec.taints != old.spec.taints)
    return fail(refuse(a, fmt::format("node \"{}\" is not allowed to modify taints", node)));
  if (now.metadata.ownerReferences != old.metadata.ownerReferences)
    return fail(refuse(a, fmt::format("node \"{}\" is not allowed to modify ownerReferences", node)));
  const auto labels = changed_restricted_labels(now.metadata.labels, old.metadata.labels);
  if (labels.empty()) return {};
  return fail(refuse(a, fmt::format("is not allowed to modify labels: {}", fmt::join(labels, ", "))));
}

std::string referenced_by_projection(const corev1::ProjectedVolumeSource& projected) {
  for (const corev1::VolumeProjection& source : projected.sources) {
    if (source.configMap) return "configmaps (via projected volumes)";
    if (source.secret) return "secrets (via projected volumes)";
    if (source.serviceAccountToken) return "serviceaccounts (via projected volumes)";
    if (source.clusterTrustBundle) return "clustertrustbundles";
    if (source.podCertificate) return "podcertificates";
  }
  return "";
}

std::string referenced_by_volume(const corev1::Volume& volume) {
  if (volume.configMap) return "configmaps (via configmap volumes)";
  if (volume.secret) return "secrets (via secret volumes)";
  if (volume.csi) return "csidrivers (via CSI volumes)";
  if (volume.glusterfs) return "endpoints (via glusterFS volumes)";
  if (volume.persistentVolumeClaim) return "persistentvolumeclaims";
  if (volume.ephemeral) return "persistentvolumeclaims (via ephemeral volumes)";
  if (volume.azureFile) return "secrets (via azureFile volumes)";
  return volume.projected ? referenced_by_projection(*volume.projected) : "";
}

}  // namespace

Status refuse(const AdmissionAttributes& a, std::string_view why) {
  return errors::forbidden({a.resource.group, a.resource.resource}, a.name, why);
}

Result<void> check_node(const AdmissionAttributes& a, std::string_view node) {
  if (a.name != node)
    return fail(refuse(a, fmt::format("node \"{}\" is not allowed to modify node \"{}\"", node, a.name)));
  if (a.operation == Operation::kCreate) return check_new_node(a, node, a.object->get<corev1::Node>());
  if (a.operation == Operation::kUpdate) return check_changed_node(a, node, a.object->get<corev1::Node>());
  return {};
}

Result<void> check_mirror_pod(const AdmissionAttributes& a, const corev1::Pod& pod, std::string_view node) {
  auto only = [&](std::string_view what) {
    return fail(refuse(a, fmt::format("node \"{}\" {}", node, what)));
  };
  if (!pod.metadata.annotations.contains(kMirrorAnnotation)) {
    return fail(
        refuse(a, fmt::format("pod does not have \"{}\" annotation, node \"{}\" can only create mirror pods",
                              kMirrorAnnotation, node)));
  }
  if (pod.spec.nodeName != node) return only("can only create pods with spec.nodeName set to itself");
  const auto& owners = pod.metadata.ownerReferences;
  if (owners.size() > 1) return only("can only create pods with a single owner reference set to itself");
  if (owners.empty()) return only("can only create pods with an owner reference set to itself");
  if (owners[0].apiVersion != "v1" || owners[0].kind != "Node" || owners[0].name != node)
    return only("can only create pods with an owner reference set to itself");
  if (!owners[0].controller.value_or(false))
    return only("can only create pods with a controller owner reference set to itself");
  if (owners[0].blockOwnerDeletion.value_or(false))
    return only("must not set blockOwnerDeletion on an owner reference");
  return {};
}

std::string referenced_objects(const corev1::Pod& pod) {
  if (!pod.spec.serviceAccountName.empty()) return "serviceaccounts";
  if (!node::secrets_of(pod).empty()) return "secrets";
  if (!node::config_maps_of(pod).empty()) return "configmaps";
  if (!pod.spec.resourceClaims.empty()) return "resourceclaims";
  for (const corev1::Volume& volume : pod.spec.volumes)
    if (std::string found = referenced_by_volume(volume); !found.empty()) return found;
  return "";
}

}  // namespace xebec::apiserver::node_restriction
