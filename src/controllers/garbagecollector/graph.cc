#include "controllers/garbagecollector/graph.h"

#include <algorithm>

namespace xebec::controllers::gc {

bool Node::has_finalizer(std::string_view finalizer) const {
  return std::find(finalizers.begin(), finalizers.end(), finalizer) != finalizers.end();
}

const Node* Graph::find(const std::string& uid) const {
  auto it = nodes_.find(uid);
  return it == nodes_.end() ? nullptr : &it->second;
}

// An owner nobody has seen gets a place in the graph, and is looked for: it may never have existed.
void Graph::link(const Node& node, Consequences& out) {
  for (const metav1::OwnerReference& ref : node.owners) {
    auto [it, added] = nodes_.try_emplace(ref.uid);
    it->second.dependents.insert(node.identity.uid);
    if (!added) continue;
    Identity& identity = it->second.identity;
    identity.api_version = ref.apiVersion;
    identity.kind = ref.kind;
    identity.name = ref.name;
    identity.uid = ref.uid;
    identity.ns = node.identity.ns;
    out.attempt_to_delete.push_back(ref.uid);
  }
}

void Graph::unlink(const Node& node) {
  for (const metav1::OwnerReference& ref : node.owners) {
    auto it = nodes_.find(ref.uid);
    if (it == nodes_.end()) continue;
    it->second.dependents.erase(node.identity.uid);
    if (!it->second.observed && it->second.dependents.empty()) nodes_.erase(it);
  }
}

Consequences Graph::set(Identity identity, const metav1::ObjectMeta& meta) {
  Consequences out;
  const std::string uid = identity.uid;
  Node& node = nodes_[uid];
  bool was_observed = node.observed;
  bool owners_changed = !was_observed || node.owners != meta.ownerReferences;
  if (was_observed && owners_changed) {
    Node before = node;
    unlink(before);
  }
  Node& current = nodes_[uid];
  current.identity = std::move(identity);
  current.observed = true;
  current.owners = meta.ownerReferences;
  current.finalizers = meta.finalizers;
  current.deleting = meta.deletionTimestamp.has_value();
  if (owners_changed) {
    Node copy = current;
    link(copy, out);
    if (was_observed) out.attempt_to_delete.push_back(uid);
  }
  const Node& now = nodes_[uid];
  if (!was_observed && !now.owners.empty()) out.attempt_to_delete.push_back(uid);
  if (now.deleting && now.has_finalizer("orphan")) out.attempt_to_orphan.push_back(uid);
  if (now.deleting_dependents()) {
    for (const std::string& dependent : now.dependents) out.attempt_to_delete.push_back(dependent);
    out.attempt_to_delete.push_back(uid);
  }
  return out;
}

Consequences Graph::remove(const std::string& uid) {
  Consequences out;
  auto it = nodes_.find(uid);
  if (it == nodes_.end()) return out;
  Node gone = std::move(it->second);
  nodes_.erase(it);
  unlink(gone);
  for (const std::string& dependent : gone.dependents) out.attempt_to_delete.push_back(dependent);
  // An owner that waits for its dependents has one less.
  for (const metav1::OwnerReference& ref : gone.owners) {
    const Node* owner = find(ref.uid);
    if (owner != nullptr && owner->deleting_dependents()) out.attempt_to_delete.push_back(ref.uid);
  }
  return out;
}

std::vector<std::string> Graph::blocking_dependents(const Node& owner) const {
  std::vector<std::string> out;
  for (const std::string& uid : owner.dependents) {
    const Node* dependent = find(uid);
    if (dependent == nullptr) continue;
    for (const metav1::OwnerReference& ref : dependent->owners) {
      if (ref.uid == owner.identity.uid && ref.blockOwnerDeletion.value_or(false)) out.push_back(uid);
    }
  }
  return out;
}

}  // namespace xebec::controllers::gc
