// Nodes that die.
#include <gtest/gtest.h>

#include "sim/workloads.h"

namespace xebec::sim {
namespace {

size_t running_on(Cluster& cluster, std::string_view node) {
  size_t count = 0;
  for (const corev1::Pod& pod : pods_of(cluster)) {
    count += pod.spec.nodeName == node && !pod.metadata.deletionTimestamp;
  }
  return count;
}

std::string ready_status(Cluster& cluster, std::string node) {
  auto found = cluster.await(cluster.rest().get<corev1::Node>(Context(), "", node));
  if (!found) return "gone";
  for (const auto& condition : found->status.conditions) {
    if (condition.type == "Ready") return condition.status;
  }
  return "none";
}

uint64_t a_node_dies(uint64_t seed) {
  Cluster cluster(ClusterOptions{.seed = seed, .nodes = 3});
  cluster.run_for(std::chrono::seconds(10));
  EXPECT_TRUE(cluster.await(cluster.rest().create(Context(), hue(6, "g1g1/hue-learn:v3.0"))));
  EXPECT_TRUE(becomes_available(cluster, 6, 60)) << state_of(cluster);
  size_t lost = running_on(cluster, "node-1");
  EXPECT_GT(lost, 0u);
  cluster.kill_node(1);
  // Silent for less than the grace period: nothing happens.
  cluster.run_for(std::chrono::seconds(30));
  EXPECT_EQ(ready_status(cluster, "node-1"), "True");
  cluster.run_for(std::chrono::seconds(40));
  EXPECT_EQ(ready_status(cluster, "node-1"), "Unknown");
  EXPECT_EQ(available(cluster), 6 - static_cast<int32_t>(lost));
  // Pods bear the taint for five minutes, by default.
  cluster.run_for(std::chrono::seconds(200));
  EXPECT_EQ(running_on(cluster, "node-1"), lost);
  cluster.run_for(std::chrono::seconds(150));
  EXPECT_EQ(running_on(cluster, "node-1"), 0u);
  EXPECT_TRUE(becomes_available(cluster, 6, 60)) << state_of(cluster);
  EXPECT_EQ(running_on(cluster, "node-0") + running_on(cluster, "node-2"), 6u);
  // Nobody on the node confirms their end; with the node they go.
  size_t all = pods_of(cluster).size();
  EXPECT_EQ(all, 6 + lost);
  EXPECT_TRUE(cluster.await(cluster.rest().delete_<corev1::Node>(Context(), "", "node-1")));
  cluster.run_for(std::chrono::minutes(3));
  EXPECT_EQ(pods_of(cluster).size(), 6u) << state_of(cluster);
  return cluster.event_hash();
}

TEST(DeadNode, ItsPodsAreReplacedElsewhere) { EXPECT_EQ(a_node_dies(41), a_node_dies(41)); }

TEST(DeadNode, WithAllOthersDeadNobodyIsEvicted) {
  Cluster cluster(ClusterOptions{.seed = 42, .nodes = 2});
  cluster.run_for(std::chrono::seconds(10));
  ASSERT_TRUE(cluster.await(cluster.rest().create(Context(), hue(2, "g1g1/hue-learn:v3.0"))));
  ASSERT_TRUE(becomes_available(cluster, 2, 60)) << state_of(cluster);
  cluster.kill_node(0);
  cluster.kill_node(1);
  cluster.run_for(std::chrono::minutes(15));
  EXPECT_EQ(ready_status(cluster, "node-0"), "Unknown");
  EXPECT_EQ(ready_status(cluster, "node-1"), "Unknown");
  std::vector<corev1::Pod> pods = pods_of(cluster);
  ASSERT_EQ(pods.size(), 2u) << state_of(cluster);
  for (const corev1::Pod& pod : pods) EXPECT_FALSE(pod.metadata.deletionTimestamp.has_value());
}

}  // namespace
}  // namespace xebec::sim
