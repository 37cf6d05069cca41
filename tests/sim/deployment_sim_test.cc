#include <gtest/gtest.h>

#include "api/gen/appsv1.h"
#include "api/gen/corev1.h"
#include "sim/cluster.h"

namespace xebec::sim {
namespace {

appsv1::Deployment hue(int32_t replicas, std::string image) {
  appsv1::Deployment out;
  out.metadata.name = "hue-learn";
  out.metadata.namespace_ = "default";
  out.spec.replicas = replicas;
  out.spec.selector.emplace().matchLabels["app"] = "hue";
  out.spec.template_.metadata.labels["app"] = "hue";
  corev1::Container& container = out.spec.template_.spec.containers.emplace_back();
  container.name = "hue-learner";
  container.image = std::move(image);
  container.resources.requests["cpu"] = api::Quantity::must_parse("200m");
  return out;
}

int32_t available(Cluster& cluster) {
  auto found = cluster.await(cluster.rest().get<appsv1::Deployment>(Context(), "default", "hue-learn"));
  return found ? found->status.availableReplicas : -1;
}

// What the Pods are and what was said of them, to be read when a test fails.
std::string state_of(Cluster& cluster) {
  std::string out;
  auto pods = cluster.await(cluster.rest().list<corev1::Pod>(Context(), "default"));
  if (pods) {
    for (const corev1::Pod& pod : pods->items) {
      out += fmt::format("\n{} on '{}': {} {}", pod.metadata.name, pod.spec.nodeName, pod.status.phase,
                         pod.status.message);
    }
  }
  auto events = cluster.await(cluster.rest().list<corev1::Event>(Context(), "default"));
  if (events) {
    for (const corev1::Event& event : events->items)
      out += fmt::format("\n{}: {}: {}", event.involvedObject.name, event.reason, event.message);
  }
  return out;
}

// Looks every virtual second, since looking is a request that takes virtual time itself.
bool becomes_available(Cluster& cluster, int32_t replicas, int seconds) {
  for (int i = 0; i < seconds; ++i) {
    if (available(cluster) == replicas) return true;
    cluster.run_for(std::chrono::seconds(1));
  }
  return false;
}

TEST(SimulatedCluster, ADeploymentRunsOnAHollowKubelet) {
  Cluster cluster(ClusterOptions{.seed = 1, .nodes = 1});
  cluster.run_for(std::chrono::seconds(5));
  auto created = cluster.await(cluster.rest().create(Context(), hue(3, "g1g1/hue-learn:v3.0")));
  ASSERT_TRUE(created) << created.error().message;
  ASSERT_TRUE(becomes_available(cluster, 3, 60)) << state_of(cluster);
  auto pods = cluster.await(cluster.rest().list<corev1::Pod>(Context(), "default"));
  ASSERT_TRUE(pods);
  ASSERT_EQ(pods->items.size(), 3u);
  for (const corev1::Pod& pod : pods->items) {
    EXPECT_EQ(pod.spec.nodeName, "node-0");
    EXPECT_EQ(pod.status.phase, "Running");
  }
}

TEST(SimulatedCluster, DeletingADeploymentDeletesEverythingItOwns) {
  Cluster cluster(ClusterOptions{.seed = 2, .nodes = 2});
  cluster.run_for(std::chrono::seconds(5));
  ASSERT_TRUE(cluster.await(cluster.rest().create(Context(), hue(4, "g1g1/hue-learn:v3.0"))));
  ASSERT_TRUE(becomes_available(cluster, 4, 60)) << state_of(cluster);
  ASSERT_TRUE(cluster.await(cluster.rest().delete_<appsv1::Deployment>(Context(), "default", "hue-learn")));
  cluster.run_for(std::chrono::minutes(2));
  EXPECT_TRUE(cluster.await(cluster.rest().list<corev1::Pod>(Context(), "default"))->items.empty());
  EXPECT_TRUE(cluster.await(cluster.rest().list<appsv1::ReplicaSet>(Context(), "default"))->items.empty());
}

uint64_t fingerprint(uint64_t seed) {
  Cluster cluster(ClusterOptions{.seed = seed, .nodes = 2});
  cluster.run_for(std::chrono::seconds(5));
  EXPECT_TRUE(cluster.await(cluster.rest().create(Context(), hue(3, "g1g1/hue-learn:v3.0"))));
  cluster.run_for(std::chrono::seconds(60));
  return cluster.event_hash();
}

TEST(SimulatedCluster, TheSameSeedTwiceGivesTheSameEvents) {
  EXPECT_EQ(fingerprint(7), fingerprint(7));
  EXPECT_NE(fingerprint(7), fingerprint(8));
}

}  // namespace
}  // namespace xebec::sim
