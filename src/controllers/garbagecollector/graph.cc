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

const std::set<std::string>& Graph::dependents(const std::string& owner_uid) const {
  static const std::set<std::string> kNone;
  auto it = dependents_of_.find(owner_uid);
  return it == dependents_of_.end() ? kNone : it->second;
}

// A namespaced owner serves its own namespace only. The dependent is looked at: all of its owners may be
// absent.
void Graph::check_place(const Node& dependent, const metav1::OwnerReference& ref, Consequences& out) const {
  const Node* owner = find(ref.uid);
  if (owner == nullptr) return;
  const Identity& known = owner->identity;
  bool misplaced = !known.ns.empty() && known.ns != dependent.identity.ns;
  bool other = known.kind != ref.kind || known.name != ref.name;
  if (misplaced && owner->observed) out.misplaced.push_back({dependent.identity, ref});
  if (misplaced || other) out.attempt_to_delete.push_back(dependent.identity.uid);
}

// An owner nobody has seen gets a place in the graph, and is looked for: it may never have existed.
void Graph::link(const Node& node, Consequences& out) {
  for (const metav1::OwnerReference& ref : node.owners) {
    dependents_of_[ref.uid].insert(node.identity.uid);
    auto [it, added] = nodes_.try_emplace(ref.uid);
    if (!added) {
      check_place(node, ref, out);
      continue;
    }
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
    auto of = dependents_of_.find(ref.uid);
    if (of == dependents_of_.end()) continue;
    of->second.erase(node.identity.uid);
    if (!of->second.empty()) continue;
    dependents_of_.erase(of);
    auto owner = nodes_.find(ref.uid);
    if (owner != nodes_.end() && !owner->second.observed) nodes_.erase(owner);
  }
}

Consequences Graph::set(Identity identity, const metav1::ObjectMeta& meta) {
  Consequences out;
  const std::string uid = identity.uid;
  Node& node = nodes_[uid];
  bool was_observed = node.observed;
  bool was_deleting_dependents = node.deleting_dependents();
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
    if (was_observed || !copy.owners.empty()) out.attempt_to_delete.push_back(uid);
  }
  const Node& now = nodes_[uid];
  if (!was_observed) {
    // What was said of it before it was seen can be judged now.
    for (const std::string& dependent : dependents(uid)) {
      const Node* named_by = find(dependent);
      if (named_by == nullptr) continue;
      for (const metav1::OwnerReference& ref : named_by->owners) {
        if (ref.uid == uid) check_place(*named_by, ref, out);
      }
    }
  }
  if (now.deleting && now.has_finalizer("orphan")) out.attempt_to_orphan.push_back(uid);
  if (now.deleting_dependents()) {
    if (!was_deleting_dependents || !was_observed) {
      for (const std::string& dependent : dependents(uid)) out.attempt_to_delete.push_back(dependent);
    }
    out.attempt_to_delete.push_back(uid);
  }
  // An owner that waits for it may be waiting no longer: it does not block any more.
  if (was_observed && owners_changed) {
    for (const metav1::OwnerReference& ref : now.owners) {
      const Node* owner = find(ref.uid);
      if (owner != nullptr && owner->deleting_dependents()) out.attempt_to_delete.push_back(ref.uid);
    }
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
  for (const std::string& dependent : dependents(uid)) out.attempt_to_delete.push_back(dependent);
  // An owner that waits for its dependents has one less.
  for (const metav1::OwnerReference& ref : gone.owners) {
    const Node* owner = find(ref.uid);
    if (owner != nullptr && owner->deleting_dependents()) out.attempt_to_delete.push_back(ref.uid);
  }
  return out;
}

std::vector<std::string> Graph::blocking_dependents(const Node& owner) const {
  std::vector<std::string> out;
  for (const std::string& uid : dependents(owner.identity.uid)) {
    const Node* dependent = find(uid);
    if (dependent == nullptr) continue;
    for (const metav1::OwnerReference& ref : dependent->owners) {
      if (ref.uid == owner.identity.uid && ref.blockOwnerDeletion.value_or(false)) out.push_back(uid);
    }
  }
  return out;
}

}  // namespace xebec::controllers::gc
