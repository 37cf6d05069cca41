// The graph of owners and dependents, of every object in the cluster
// (k8s.io/kubernetes/pkg/controller/garbagecollector, graph_builder.go). Belongs to the controller's
// executor.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "api/gen/metav1.h"
#include "api/gvk.h"

namespace xebec::controllers::gc {

struct Identity {
  api::GroupVersionResource resource;
  std::string api_version, kind, ns, name, uid;
};

struct Node {
  Identity identity;
  std::vector<metav1::OwnerReference> owners;
  std::vector<std::string> finalizers;
  bool observed = false;  // false: only known because others name it as their owner
  bool deleting = false;  // has a deletionTimestamp

  bool has_finalizer(std::string_view finalizer) const;
  // Waits for its dependents to go first.
  bool deleting_dependents() const { return deleting && has_finalizer("foregroundDeletion"); }
};

// What a change means for the work to be done: UIDs.
struct Consequences {
  std::vector<std::string> attempt_to_delete;
  std::vector<std::string> attempt_to_orphan;
  // Owner references that cannot be right: the owner has been seen, in another namespace.
  struct Misplaced {
    Identity dependent;
    metav1::OwnerReference reference;
  };
  std::vector<Misplaced> misplaced;
};

class Graph {
 public:
  Consequences set(Identity identity, const metav1::ObjectMeta& meta);
  Consequences remove(const std::string& uid);
  // nullptr when unknown. Valid until the next change.
  const Node* find(const std::string& uid) const;
  // UIDs of the objects that name the owner, whatever is known of it: an owner that was looked for in the
  // wrong place and not found may still turn up.
  const std::set<std::string>& dependents(const std::string& owner_uid) const;
  // Dependents that must be gone before the owner may go.
  std::vector<std::string> blocking_dependents(const Node& owner) const;
  size_t size() const { return nodes_.size(); }

 private:
  void link(const Node& node, Consequences& out);
  void unlink(const Node& node);
  void check_place(const Node& dependent, const metav1::OwnerReference& ref, Consequences& out) const;

  std::map<std::string, Node> nodes_;                           // by UID
  std::map<std::string, std::set<std::string>> dependents_of_;  // by the owner's UID
};

}  // namespace xebec::controllers::gc
