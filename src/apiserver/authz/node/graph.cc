#include "apiserver/authz/node/graph.h"

#include <fmt/format.h>

namespace xebec::apiserver::node {
namespace {

class References {
 public:
  explicit References(std::string_view ns) : ns_(ns) {}

  void add(std::string_view resource, std::string_view name) {
    if (!name.empty()) out_.insert(fmt::format("{}/{}/{}", resource, ns_, name));
  }

  void of_container(const corev1::Container& container) {
    for (const corev1::EnvFromSource& source : container.envFrom) {
      if (source.configMapRef) add("configmaps", source.configMapRef->name);
      if (source.secretRef) add("secrets", source.secretRef->name);
    }
    for (const corev1::EnvVar& env : container.env) {
      if (!env.valueFrom) continue;
      if (env.valueFrom->configMapKeyRef) add("configmaps", env.valueFrom->configMapKeyRef->name);
      if (env.valueFrom->secretKeyRef) add("secrets", env.valueFrom->secretKeyRef->name);
    }
  }

  void of_volume(const corev1::Volume& volume) {
    if (volume.secret) add("secrets", volume.secret->secretName);
    if (volume.configMap) add("configmaps", volume.configMap->name);
    if (volume.persistentVolumeClaim) add("persistentvolumeclaims", volume.persistentVolumeClaim->claimName);
    if (volume.csi && volume.csi->nodePublishSecretRef)
      add("secrets", volume.csi->nodePublishSecretRef->name);
    if (!volume.projected) return;
    for (const corev1::VolumeProjection& source : volume.projected->sources) {
      if (source.secret) add("secrets", source.secret->name);
      if (source.configMap) add("configmaps", source.configMap->name);
    }
  }

  std::vector<std::string> take() { return {out_.begin(), out_.end()}; }

 private:
  std::string ns_;
  std::set<std::string> out_;
};

std::vector<std::string> references_of(const corev1::Pod& pod) {
  References refs(pod.metadata.namespace_);
  refs.add("pods", pod.metadata.name);
  refs.add("serviceaccounts", pod.spec.serviceAccountName);
  for (const auto& secret : pod.spec.imagePullSecrets) refs.add("secrets", secret.name);
  for (const corev1::Container& container : pod.spec.initContainers) refs.of_container(container);
  for (const corev1::Container& container : pod.spec.containers) refs.of_container(container);
  for (const corev1::Volume& volume : pod.spec.volumes) refs.of_volume(volume);
  return refs.take();
}

}  // namespace

void Graph::set_pod(const corev1::Pod& pod) {
  std::string key = pod.metadata.namespace_ + "/" + pod.metadata.name;
  std::unique_lock lock(mutex_);
  forget(key);
  if (pod.spec.nodeName.empty()) return;
  Use use{pod.spec.nodeName, references_of(pod)};
  auto& objects = nodes_[use.node];
  for (const std::string& object : use.objects) ++objects[object];
  pods_[std::move(key)] = std::move(use);
}

void Graph::remove_pod(std::string_view namespace_, std::string_view name) {
  std::unique_lock lock(mutex_);
  forget(fmt::format("{}/{}", namespace_, name));
}

void Graph::forget(const std::string& pod) {
  auto it = pods_.find(pod);
  if (it == pods_.end()) return;
  auto& objects = nodes_[it->second.node];
  for (const std::string& object : it->second.objects) {
    auto count = objects.find(object);
    if (--count->second == 0) objects.erase(count);
  }
  if (objects.empty()) nodes_.erase(it->second.node);
  pods_.erase(it);
}

bool Graph::reaches(std::string_view node, std::string_view resource, std::string_view namespace_,
                    std::string_view name) const {
  std::shared_lock lock(mutex_);
  auto it = nodes_.find(node);
  return it != nodes_.end() && it->second.contains(fmt::format("{}/{}/{}", resource, namespace_, name));
}

}  // namespace xebec::apiserver::node
