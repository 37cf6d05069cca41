// Deployments and their ReplicaSets: which is new, which are old, revisions, and annotations that travel
// between them (k8s.io/kubernetes/pkg/controller/deployment/util).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/gen/appsv1.h"

namespace xebec::controllers::deployment {

using SetPtr = std::shared_ptr<const appsv1::ReplicaSet>;

inline constexpr std::string_view kRevision = "deployment.kubernetes.io/revision";
inline constexpr std::string_view kRevisionHistory = "deployment.kubernetes.io/revision-history";
inline constexpr std::string_view kDesiredReplicas = "deployment.kubernetes.io/desired-replicas";
inline constexpr std::string_view kMaxReplicas = "deployment.kubernetes.io/max-replicas";
inline constexpr std::string_view kRollbackTo = "deprecated.deployment.rollback.to";
inline constexpr std::string_view kTemplateHash = "pod-template-hash";

// The templates are equal but for the hash label.
bool same_template(const corev1::PodTemplateSpec& a, const corev1::PodTemplateSpec& b);
// The oldest set with the Deployment's template; nullptr when there is none yet.
SetPtr find_new_set(const appsv1::Deployment& deployment, const std::vector<SetPtr>& sets);
// All others.
std::vector<SetPtr> find_old_sets(const std::vector<SetPtr>& sets, const SetPtr& new_set);

int64_t revision_of(const metav1::ObjectMeta& meta);  // 0 when it has none
int64_t max_revision(const std::vector<SetPtr>& sets);
// The one before the greatest; 0 when there is none.
int64_t last_revision(const std::vector<SetPtr>& sets);
// Where extensions/v1beta1's rollback asks to go back to: a revision, 0 for the last one; nothing when it
// does not ask.
std::optional<int64_t> rollback_to(const appsv1::Deployment& deployment);

int64_t replicas_of(const std::vector<SetPtr>& sets);         // spec.replicas
int64_t actual_replicas_of(const std::vector<SetPtr>& sets);  // status.replicas
int64_t ready_of(const std::vector<SetPtr>& sets);
int64_t available_of(const std::vector<SetPtr>& sets);
// Nothing while one of the sets has not counted its terminating Pods.
std::optional<int32_t> terminating_of(const std::vector<SetPtr>& sets);
int64_t wanted(const appsv1::ReplicaSet& set);

// Orders: oldest first (then by name), by revision (then oldest first), and largest first, where equals are
// newest or oldest first.
bool older(const SetPtr& a, const SetPtr& b);
bool earlier_revision(const SetPtr& a, const SetPtr& b);
bool larger_or_newer(const SetPtr& a, const SetPtr& b);
bool larger_or_older(const SetPtr& a, const SetPtr& b);

// maxSurge and maxUnavailable as numbers; unavailable is 1 when both would be 0.
struct Fenceposts {
  int64_t surge = 0;
  int64_t unavailable = 0;
};
Fenceposts fenceposts(const appsv1::Deployment& deployment);
int64_t max_unavailable(const appsv1::Deployment& deployment);
bool is_rolling(const appsv1::Deployment& deployment);

// Annotations of a new set: the Deployment's (without kubectl's last-applied one and the revision's own),
// with the revision. True when something changed.
bool set_annotations(const appsv1::Deployment& deployment, appsv1::ReplicaSet& set, int64_t revision,
                     bool exists);
bool set_replica_annotations(appsv1::ReplicaSet& set, int64_t desired, int64_t max);

}  // namespace xebec::controllers::deployment
