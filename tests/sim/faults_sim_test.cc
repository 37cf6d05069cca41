// An API server that goes away in the middle, and a store that fails.
#include <gtest/gtest.h>

#include "sim/workloads.h"

namespace xebec::sim {
namespace {

uint64_t restart_in_a_rollout(uint64_t seed) {
  Cluster cluster(ClusterOptions{.seed = seed, .nodes = 2});
  cluster.run_for(std::chrono::seconds(5));
  EXPECT_TRUE(cluster.await(cluster.rest().create(Context(), hue(4, "g1g1/hue-learn:v3.0"))));
  EXPECT_TRUE(becomes_available(cluster, 4, 60)) << state_of(cluster);
  Follower follower(cluster);
  follower.begin();
  EXPECT_TRUE(set_image(cluster, "g1g1/hue-learn:v4.0"));
  for (int i = 0; i < 3; ++i) {
    cluster.run_for(std::chrono::milliseconds(700));
    cluster.stop_server();
    cluster.run_for(std::chrono::seconds(3));
    EXPECT_EQ(available(cluster), -1);
    cluster.start_server();
  }
  EXPECT_TRUE(rolled_out(cluster, 300)) << state_of(cluster);
  EXPECT_GE(follower.least_available(), 3);
  EXPECT_LE(follower.most_wanted(), 5);
  cluster.run_for(std::chrono::minutes(1));
  EXPECT_EQ(pods_of(cluster).size(), 4u) << state_of(cluster);
  return cluster.event_hash();
}

TEST(ServerRestart, ARolloutGoesOnWhereItWas) {
  EXPECT_EQ(restart_in_a_rollout(61), restart_in_a_rollout(61));
}

// Timeouts whose write was done or was not, refused writes, slow answers and broken watches, all the time.
uint64_t rollout_over_a_failing_store(uint64_t seed) {
  Cluster cluster(ClusterOptions{.seed = seed, .nodes = 2});
  cluster.run_for(std::chrono::seconds(10));
  EXPECT_TRUE(cluster.await(cluster.rest().create(Context(), hue(4, "g1g1/hue-learn:v3.0"))));
  EXPECT_TRUE(becomes_available(cluster, 4, 60)) << state_of(cluster);
  storage::FaultRates rates;
  rates.delay = 0.1;
  rates.max_delay = std::chrono::milliseconds(300);
  rates.error = 0.02;
  rates.unknown_outcome = 0.05;
  rates.watch_break = 0.01;
  cluster.set_faults(rates);
  Follower follower(cluster);
  follower.begin();
  EXPECT_TRUE(set_image(cluster, "g1g1/hue-learn:v4.0"));
  EXPECT_TRUE(rolled_out(cluster, 900)) << state_of(cluster);
  EXPECT_LE(follower.most_wanted(), 5);
  cluster.set_faults(storage::FaultRates());
  EXPECT_TRUE(rolled_out(cluster, 60)) << state_of(cluster);
  cluster.run_for(std::chrono::minutes(7));
  std::vector<corev1::Pod> pods = pods_of(cluster);
  EXPECT_EQ(pods.size(), 4u) << state_of(cluster);
  for (const corev1::Pod& pod : pods) EXPECT_EQ(pod.spec.containers[0].image, "g1g1/hue-learn:v4.0");
  return cluster.event_hash();
}

TEST(FailingStore, ARolloutGetsThereAllTheSame) {
  EXPECT_EQ(rollout_over_a_failing_store(62), rollout_over_a_failing_store(62));
  rollout_over_a_failing_store(63);
}

}  // namespace
}  // namespace xebec::sim
