// Deployments of the simulated clusters, and what is looked at while they change.
#pragma once

#include <string>

#include "api/gen/appsv1.h"
#include "api/gen/corev1.h"
#include "client/informer.h"
#include "sim/cluster.h"

namespace xebec::sim {

// "hue-learn" in `ns`, with the label app=hue.
appsv1::Deployment hue(int32_t replicas, std::string image, std::string ns = "default");
// -1 when there is no such Deployment.
int32_t available(Cluster& cluster, std::string ns = "default");
// Looks every virtual second, since looking is a request that takes virtual time itself.
bool becomes_available(Cluster& cluster, int32_t replicas, int seconds, std::string ns = "default");
// Like `kubectl rollout status`: the newest generation is seen, and all Pods are new and available.
bool rolled_out(Cluster& cluster, int seconds);
// Changes the Deployment as `change` says, again when somebody else was quicker or the server failed.
bool change(Cluster& cluster, const std::function<void(appsv1::Deployment&)>& change);
bool set_image(Cluster& cluster, std::string image);
// What the Pods are and what was said of them, to be read when a test fails.
std::string state_of(Cluster& cluster, std::string ns = "default");
std::vector<corev1::Pod> pods_of(Cluster& cluster, std::string ns = "default");

// Follows the Pods and ReplicaSets of the Deployment, and remembers the extremes of what it saw, looking at
// every event.
class Follower {
 public:
  explicit Follower(Cluster& cluster);
  ~Follower();
  Follower(const Follower&) = delete;

  // Forgets what was; the present state counts.
  void begin();
  int least_available() const { return least_available_; }
  // Of Pods that are neither finished nor being deleted.
  int most_pods() const { return most_pods_; }
  // Sum of the ReplicaSets' spec.replicas.
  int most_wanted() const { return most_wanted_; }
  int events() const { return events_; }

 private:
  void look();
  Task<void> run();

  Cluster& cluster_;
  CancelSource end_;
  client::Informer<corev1::Pod> pods_;
  client::Informer<appsv1::ReplicaSet> sets_;
  bool following_ = false;
  int running_ = 2;
  int least_available_ = 0, most_pods_ = 0, most_wanted_ = 0, events_ = 0;
};

}  // namespace xebec::sim
