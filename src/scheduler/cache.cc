#include "scheduler/cache.h"

namespace xebec::scheduler {

void Cache::set_node(std::shared_ptr<const corev1::Node> node) {
  std::string name = node->metadata.name;
  nodes_[name].set_node(std::move(node));
}

void Cache::remove_node(const std::string& name) {
  auto it = nodes_.find(name);
  if (it == nodes_.end()) return;
  it->second.set_node(nullptr);
  drop_if_empty(name);
}

void Cache::set_pod(std::shared_ptr<const corev1::Pod> pod) {
  const std::string uid = pod->metadata.uid;
  const std::string node = pod->spec.nodeName;
  assumed_.erase(uid);
  auto known = pod_nodes_.find(uid);
  if (known != pod_nodes_.end() && known->second != node) {
    std::string old = known->second;
    nodes_[old].remove_pod(uid);
    drop_if_empty(old);
  }
  pod_nodes_[uid] = node;
  nodes_[node].add_pod(std::make_shared<const PodInfo>(std::move(pod)));
}

void Cache::remove_pod(const corev1::Pod& pod) {
  auto known = pod_nodes_.find(pod.metadata.uid);
  if (known == pod_nodes_.end()) return;
  std::string node = known->second;
  nodes_[node].remove_pod(pod.metadata.uid);
  pod_nodes_.erase(known);
  assumed_.erase(pod.metadata.uid);
  drop_if_empty(node);
}

void Cache::assume(PodInfoPtr pod, const std::string& node) {
  assumed_.insert(pod->uid());
  pod_nodes_[pod->uid()] = node;
  nodes_[node].add_pod(std::move(pod));
}

void Cache::forget(const std::string& uid) {
  if (assumed_.erase(uid) == 0) return;
  auto known = pod_nodes_.find(uid);
  std::string node = known->second;
  nodes_[node].remove_pod(uid);
  pod_nodes_.erase(known);
  drop_if_empty(node);
}

NodeInfos Cache::nodes() const {
  NodeInfos out;
  for (const auto& [name, info] : nodes_) {
    if (info.node) out.push_back(&info);
  }
  return out;
}

size_t Cache::node_count() const { return nodes().size(); }

void Cache::drop_if_empty(const std::string& node) {
  auto it = nodes_.find(node);
  if (it != nodes_.end() && !it->second.node && it->second.pods.empty()) nodes_.erase(it);
}

}  // namespace xebec::scheduler
