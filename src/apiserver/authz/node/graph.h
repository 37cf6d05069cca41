// Which Secrets, ConfigMaps, claims and service accounts each node needs, found through the Pods bound to it
// (kubernetes plugin/pkg/auth/authorizer/node Graph). Fed by follow() on Pods.
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

  // resource: "secrets", "configmaps", "persistentvolumeclaims", "serviceaccounts", "pods".
  bool reaches(std::string_view node, std::string_view resource, std::string_view namespace_,
               std::string_view name) const;

 private:
  struct Use {
    std::string node;
    std::vector<std::string> objects;  // "secrets/NAMESPACE/NAME"
  };
  void forget(const std::string& pod);

  mutable std::shared_mutex mutex_;
  std::map<std::string, Use> pods_;  // by "namespace/name"
  std::map<std::string, std::map<std::string, int, std::less<>>, std::less<>>
      nodes_;  // node -> object -> number of Pods
};

}  // namespace xebec::apiserver::node
