// Which objects each node needs (kubernetes plugin/pkg/auth/authorizer/node Graph): through the Pods bound to
// it, and the volumes bound to their claims; attachments and resource slices name their node themselves. Fed
// by follow().
#pragma once

#include <map>
#include <set>
#include <shared_mutex>
#include <string>
#include <vector>

#include "api/gen/corev1.h"

namespace xebec::apiserver::node {

// Thread-safe.
class Graph {
 public:
  void set_pod(const corev1::Pod& pod);
  void remove_pod(std::string_view namespace_, std::string_view name);
  // Leads to whoever needs the claim it is bound to; so do the Secrets kubelets read to mount it.
  void set_volume(const corev1::PersistentVolume& volume);
  void remove_volume(std::string_view name);
  // resource: "volumeattachments" or "resourceslices"; `node` may be empty.
  void set_owned(std::string_view resource, std::string_view name, std::string_view node);
  void remove_owned(std::string_view resource, std::string_view name);

  // resource: also "secrets", "configmaps", "persistentvolumeclaims", "persistentvolumes", "resourceclaims",
  // "serviceaccounts", "pods".
  bool reaches(std::string_view node, std::string_view resource, std::string_view namespace_,
               std::string_view name) const;

 private:
  // An object as "secrets/NAMESPACE/NAME".
  using Objects = std::map<std::string, int, std::less<>>;  // object -> how many things refer to it
  struct Use {
    std::string node;
    std::vector<std::string> objects;
  };
  struct Bound {
    std::string claim;  // an object
    std::vector<std::string> secrets;
  };
  void forget_pod(const std::string& key);
  void forget_volume(std::string_view name);
  bool needs(std::string_view node, const std::string& object) const;
  bool needs_by_volume(std::string_view node, const std::string& object) const;

  mutable std::shared_mutex mutex_;
  std::map<std::string, Use> pods_;                                      // by "namespace/name"
  std::map<std::string, Objects, std::less<>> nodes_;                    // node -> what its Pods need
  std::map<std::string, Bound, std::less<>> volumes_;                    // by name
  std::map<std::string, std::set<std::string>, std::less<>> by_secret_;  // Secret -> volumes
  std::map<std::string, std::string, std::less<>> owned_;                // "volumeattachments//NAME" -> node
};

}  // namespace xebec::apiserver::node
