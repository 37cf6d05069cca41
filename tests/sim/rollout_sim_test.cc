// What rollouts promise, looked at after every event.
#include <gtest/gtest.h>

#include "sim/workloads.h"

namespace xebec::sim {
namespace {

constexpr std::string_view kV3 = "g1g1/hue-learn:v3.0";
constexpr std::string_view kV4 = "g1g1/hue-learn:v4.0";

struct Strategy {
  int replicas;
  std::string surge, unavailable;
  int least, most;  // Pods that must be available, and that there may be
};

void set_strategy(appsv1::Deployment& deployment, const Strategy& strategy) {
  auto value = [](const std::string& text) {
    return text.ends_with('%') ? api::IntOrString(text) : api::IntOrString(std::stoi(text));
  };
  deployment.spec.strategy.type = "RollingUpdate";
  auto& rolling = deployment.spec.strategy.rollingUpdate.emplace();
  rolling.maxSurge = value(strategy.surge);
  rolling.maxUnavailable = value(strategy.unavailable);
}

// A rollout, then an undo; the hash of all that happened.
uint64_t roll_and_undo(uint64_t seed, const Strategy& strategy) {
  Cluster cluster(ClusterOptions{.seed = seed, .nodes = 2});
  cluster.run_for(std::chrono::seconds(5));
  appsv1::Deployment deployment = hue(strategy.replicas, std::string(kV3));
  set_strategy(deployment, strategy);
  EXPECT_TRUE(cluster.await(cluster.rest().create(Context(), deployment)));
  EXPECT_TRUE(becomes_available(cluster, strategy.replicas, 60)) << state_of(cluster);
  Follower follower(cluster);
  for (std::string_view image : {kV4, kV3}) {
    follower.begin();
    EXPECT_TRUE(set_image(cluster, std::string(image)));
    EXPECT_TRUE(rolled_out(cluster, 300)) << image << state_of(cluster);
    EXPECT_GE(follower.least_available(), strategy.least) << image;
    EXPECT_LE(follower.most_wanted(), strategy.most) << image;
    EXPECT_LE(follower.most_pods(), strategy.most) << image;
    EXPECT_GT(follower.events(), 2 * strategy.replicas) << image;
  }
  for (const corev1::Pod& pod : pods_of(cluster)) {
    EXPECT_TRUE(pod.metadata.deletionTimestamp || pod.spec.containers[0].image == kV3);
  }
  auto found = cluster.await(cluster.rest().get<appsv1::Deployment>(Context(), "default", "hue-learn"));
  EXPECT_EQ(found->metadata.annotations.value_or("deployment.kubernetes.io/revision", ""), "3");
  return cluster.event_hash();
}

TEST(Rollout, ByPercentNeverLeavesItsBounds) {
  Strategy strategy{4, "25%", "25%", 3, 5};
  EXPECT_EQ(roll_and_undo(21, strategy), roll_and_undo(21, strategy));
}

TEST(Rollout, WithoutUnavailablePodsKeepsThemAll) {
  Strategy strategy{3, "1", "0", 3, 4};
  EXPECT_EQ(roll_and_undo(22, strategy), roll_and_undo(22, strategy));
}

TEST(Rollout, WithoutSurgeNeverHasMore) {
  Strategy strategy{5, "0", "2", 3, 5};
  EXPECT_EQ(roll_and_undo(23, strategy), roll_and_undo(23, strategy));
}

TEST(Rollout, InLargeStepsNeverLeavesItsBounds) {
  Strategy strategy{10, "50%", "30%", 7, 15};
  roll_and_undo(24, strategy);
}

uint64_t scale_up_and_down(uint64_t seed) {
  Cluster cluster(ClusterOptions{.seed = seed, .nodes = 2});
  cluster.run_for(std::chrono::seconds(5));
  EXPECT_TRUE(cluster.await(cluster.rest().create(Context(), hue(2, std::string(kV3)))));
  EXPECT_TRUE(becomes_available(cluster, 2, 60)) << state_of(cluster);
  for (int32_t replicas : {12, 5, 0, 3}) {
    EXPECT_TRUE(change(cluster, [&](appsv1::Deployment& d) { d.spec.replicas = replicas; }));
    EXPECT_TRUE(rolled_out(cluster, 120)) << replicas << state_of(cluster);
    cluster.run_for(std::chrono::seconds(60));
    EXPECT_EQ(pods_of(cluster).size(), static_cast<size_t>(replicas));
  }
  auto sets = cluster.await(cluster.rest().list<appsv1::ReplicaSet>(Context(), "default"));
  EXPECT_EQ(sets->items.size(), 1u);
  return cluster.event_hash();
}

TEST(Scaling, UpAndDownEndsWithAsManyPods) { EXPECT_EQ(scale_up_and_down(31), scale_up_and_down(31)); }

}  // namespace
}  // namespace xebec::sim
