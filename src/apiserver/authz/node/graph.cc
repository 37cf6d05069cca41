#include "apiserver/authz/node/graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>

#include "apiserver/authz/node/pod_references.h"

namespace xebec::apiserver::node {
namespace {

constexpr std::string_view kMirrorAnnotation = "kubernetes.io/config.mirror";

std::string object_of(std::string_view resource, std::string_view namespace_, std::string_view name) {
  return fmt::format("{}/{}/{}", resource, namespace_, name);
}

std::vector<std::string> references_of(const corev1::Pod& pod) {
  const std::string& ns = pod.metadata.namespace_;
  std::vector<std::string> out = {object_of("pods", ns, pod.metadata.name)};
  // A node makes mirror Pods itself: they must not give it anything.
  if (pod.metadata.annotations.contains(kMirrorAnnotation)) return out;
  auto add = [&](std::string_view resource, const std::set<std::string>& names) {
    for (const std::string& name : names) out.push_back(object_of(resource, ns, name));
  };
  if (!pod.spec.serviceAccountName.empty()) add("serviceaccounts", {pod.spec.serviceAccountName});
  add("secrets", secrets_of(pod));
  add("configmaps", config_maps_of(pod));
  add("persistentvolumeclaims", volume_claims_of(pod));
  add("resourceclaims", resource_claims_of(pod));
  return out;
}

}  // namespace

void Graph::set_pod(const corev1::Pod& pod) {
  std::string key = pod.metadata.namespace_ + "/" + pod.metadata.name;
  std::unique_lock lock(mutex_);
  forget_pod(key);
  if (pod.spec.nodeName.empty()) return;
  Use use{pod.spec.nodeName, references_of(pod)};
  Objects& objects = nodes_[use.node];
  for (const std::string& object : use.objects) ++objects[object];
  pods_[std::move(key)] = std::move(use);
}

void Graph::remove_pod(std::string_view namespace_, std::string_view name) {
  std::unique_lock lock(mutex_);
  forget_pod(fmt::format("{}/{}", namespace_, name));
}

void Graph::forget_pod(const std::string& key) {
  auto it = pods_.find(key);
  if (it == pods_.end()) return;
  Objects& objects = nodes_[it->second.node];
  for (const std::string& object : it->second.objects) {
    auto count = objects.find(object);
    if (--count->second == 0) objects.erase(count);
  }
  if (objects.empty()) nodes_.erase(it->second.node);
  pods_.erase(it);
}

void Graph::set_volume(const corev1::PersistentVolume& volume) {
  const std::string& name = volume.metadata.name;
  std::unique_lock lock(mutex_);
  forget_volume(name);
  if (!volume.spec.claimRef) return;
  Bound bound;
  bound.claim =
      object_of("persistentvolumeclaims", volume.spec.claimRef->namespace_, volume.spec.claimRef->name);
  for (const SecretName& secret : secrets_of(volume))
    bound.secrets.push_back(object_of("secrets", secret.namespace_, secret.name));
  for (const std::string& secret : bound.secrets) by_secret_[secret].insert(name);
  volumes_[name] = std::move(bound);
}

void Graph::remove_volume(std::string_view name) {
  std::unique_lock lock(mutex_);
  forget_volume(name);
}

void Graph::forget_volume(std::string_view name) {
  auto it = volumes_.find(name);
  if (it == volumes_.end()) return;
  for (const std::string& secret : it->second.secrets) {
    auto found = by_secret_.find(secret);
    if (found == by_secret_.end()) continue;
    found->second.erase(it->first);
    if (found->second.empty()) by_secret_.erase(found);
  }
  volumes_.erase(it);
}

void Graph::set_owned(std::string_view resource, std::string_view name, std::string_view node) {
  std::unique_lock lock(mutex_);
  owned_[object_of(resource, "", name)] = node;
}

void Graph::remove_owned(std::string_view resource, std::string_view name) {
  std::unique_lock lock(mutex_);
  owned_.erase(object_of(resource, "", name));
}

bool Graph::needs(std::string_view node, const std::string& object) const {
  auto it = nodes_.find(node);
  return it != nodes_.end() && it->second.contains(object);
}

bool Graph::needs_by_volume(std::string_view node, const std::string& object) const {
  auto it = by_secret_.find(object);
  if (it == by_secret_.end()) return false;
  return std::any_of(it->second.begin(), it->second.end(),
                     [&](const std::string& volume) { return needs(node, volumes_.at(volume).claim); });
}

bool Graph::reaches(std::string_view node, std::string_view resource, std::string_view namespace_,
                    std::string_view name) const {
  std::shared_lock lock(mutex_);
  if (resource == "persistentvolumes") {
    auto it = volumes_.find(name);
    return it != volumes_.end() && needs(node, it->second.claim);
  }
  const std::string object = object_of(resource, namespace_, name);
  if (auto it = owned_.find(object); it != owned_.end()) return !node.empty() && it->second == node;
  return needs(node, object) || needs_by_volume(node, object);
}

}  // namespace xebec::apiserver::node
