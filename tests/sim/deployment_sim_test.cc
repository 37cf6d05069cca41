#include <gtest/gtest.h>

#include "sim/workloads.h"

namespace xebec::sim {
namespace {

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

// With the rights that controllers have in a real cluster.
TEST(SimulatedCluster, ASecretForAnAccountIsFilled) {
  Cluster cluster(ClusterOptions{.seed = 3, .nodes = 0});
  cluster.run_for(std::chrono::seconds(5));
  corev1::Secret secret;
  secret.metadata.name = "own";
  secret.metadata.namespace_ = "default";
  secret.metadata.annotations["kubernetes.io/service-account.name"] = "default";
  secret.type = "kubernetes.io/service-account-token";
  ASSERT_TRUE(cluster.await(cluster.rest().create(Context(), secret)));
  cluster.run_for(std::chrono::seconds(10));
  auto filled = cluster.await(cluster.rest().get<corev1::Secret>(Context(), "default", "own"));
  ASSERT_TRUE(filled);
  EXPECT_EQ(filled->data["token"].data, "token of default/default");
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
