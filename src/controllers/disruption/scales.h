// How many Pods the controllers of given Pods want: those of the built-in kinds from informers, others by
// their scale subresource (k8s.io/kubernetes/pkg/controller/disruption).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "api/gen/appsv1.h"
#include "client/informer.h"
#include "controllers/controller.h"
#include "controllers/pod_helpers.h"

namespace xebec::controllers::disruption {

struct Scales {
  int32_t total = 0;
  std::vector<std::string> unmanaged;  // Pods that nobody controls
};

class ScaleFinder {
 public:
  ScaleFinder(const ControllerContext& context, client::Rest rest);
  // Every controller counts once. An error when one cannot be found.
  Task<Result<Scales>> of(std::vector<PodPtr> pods);

 private:
  struct Scale {
    std::string uid;
    int32_t replicas = 0;
  };
  // Nothing when the informers do not have it.
  std::optional<Scale> cached(const metav1::OwnerReference& ref, const std::string& ns) const;
  std::optional<Scale> of_replica_set(const metav1::OwnerReference& ref, const std::string& ns) const;
  Task<Result<std::optional<Scale>>> asked(metav1::OwnerReference ref, std::string ns);
  Task<Result<client::DiscoveredResource>> resource_of(metav1::OwnerReference ref);

  client::Rest rest_;
  client::Informer<corev1::ReplicationController>& controllers_;
  client::Informer<appsv1::ReplicaSet>& replica_sets_;
  client::Informer<appsv1::Deployment>& deployments_;
  client::Informer<appsv1::StatefulSet>& stateful_sets_;
  std::map<std::string, client::DiscoveredResource> resources_;  // by apiVersion and kind
};

}  // namespace xebec::controllers::disruption
