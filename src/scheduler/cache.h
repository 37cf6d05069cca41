// The scheduler's picture of the cluster: nodes, the Pods on them, and the Pods it has just placed
// ("assumed") whose binding has not come back through the informer yet. Belongs to the scheduler's executor.
#pragma once

#include <map>
#include <string>

#include "scheduler/framework.h"

namespace xebec::scheduler {

class Cache {
 public:
  void set_node(std::shared_ptr<const corev1::Node> node);
  void remove_node(const std::string& name);

  // A Pod with spec.nodeName, as the informer knows it; replaces an assumption.
  void set_pod(std::shared_ptr<const corev1::Pod> pod);
  void remove_pod(const corev1::Pod& pod);

  // The Pod counts as being on the node from now on.
  void assume(PodInfoPtr pod, const std::string& node);
  // The binding failed: it does not. Nothing happens when the informer has confirmed the Pod meanwhile.
  void forget(const std::string& uid);
  bool is_assumed(const std::string& uid) const { return assumed_.contains(uid); }

  // Nodes that exist, in order of name. Valid until the next change.
  NodeInfos nodes() const;
  size_t node_count() const;

 private:
  void drop_if_empty(const std::string& node);

  std::map<std::string, NodeInfo> nodes_;
  std::map<std::string, std::string> pod_nodes_;  // UID -> node
  std::set<std::string> assumed_;                 // UIDs
};

}  // namespace xebec::scheduler
