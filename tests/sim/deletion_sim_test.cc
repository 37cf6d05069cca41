// Deletion of namespaces, and of owners by every policy.
#include <gtest/gtest.h>

#include "sim/workloads.h"

namespace xebec::sim {
namespace {

constexpr std::string_view kImage = "g1g1/hue-learn:v3.0";

uint64_t a_namespace_goes(uint64_t seed) {
  Cluster cluster(ClusterOptions{.seed = seed, .nodes = 2});
  cluster.run_for(std::chrono::seconds(5));
  corev1::Namespace ns;
  ns.metadata.name = "doomed";
  EXPECT_TRUE(cluster.await(cluster.rest().create(Context(), ns)));
  cluster.run_for(std::chrono::seconds(2));
  corev1::ConfigMap map;
  map.metadata.name = "guarded";
  map.metadata.namespace_ = "doomed";
  map.metadata.finalizers = {"example.com/guard"};
  EXPECT_TRUE(cluster.await(cluster.rest().create(Context(), map)));
  EXPECT_TRUE(cluster.await(cluster.rest().create(Context(), hue(3, std::string(kImage), "doomed"))));
  EXPECT_TRUE(becomes_available(cluster, 3, 60, "doomed")) << state_of(cluster, "doomed");
  EXPECT_TRUE(cluster.await(cluster.rest().delete_<corev1::Namespace>(Context(), "", "doomed")));
  cluster.run_for(std::chrono::minutes(2));

  EXPECT_TRUE(pods_of(cluster, "doomed").empty()) << state_of(cluster, "doomed");
  EXPECT_EQ(available(cluster, "doomed"), -1);
  auto stuck = cluster.await(cluster.rest().get<corev1::Namespace>(Context(), "", "doomed"));
  EXPECT_TRUE(stuck);
  if (!stuck) return 0;
  EXPECT_EQ(stuck->status.phase, "Terminating");
  std::map<std::string, std::string> conditions;
  for (const auto& c : stuck->status.conditions) conditions[c.type] = c.status + ": " + c.message;
  EXPECT_EQ(conditions["NamespaceContentRemaining"],
            "True: Some resources are remaining: configmaps. has 1 resource instances");
  EXPECT_EQ(conditions["NamespaceFinalizersRemaining"],
            "True: Some content in the namespace has finalizers remaining: example.com/guard in 1 resource "
            "instances");
  // Nothing new gets in.
  map.metadata.name = "late";
  auto late = cluster.await(cluster.rest().create(Context(), map));
  EXPECT_FALSE(late);

  auto guarded = cluster.await(cluster.rest().get<corev1::ConfigMap>(Context(), "doomed", "guarded"));
  EXPECT_TRUE(guarded && guarded->metadata.deletionTimestamp);
  if (!guarded) return 0;
  guarded->metadata.finalizers.clear();
  EXPECT_TRUE(cluster.await(cluster.rest().update(Context(), *guarded)));
  cluster.run_for(std::chrono::seconds(60));
  auto gone = cluster.await(cluster.rest().get<corev1::Namespace>(Context(), "", "doomed"));
  EXPECT_FALSE(gone);
  return cluster.event_hash();
}

TEST(NamespaceDeletion, TakesEverythingAndWaitsForFinalizers) {
  EXPECT_EQ(a_namespace_goes(51), a_namespace_goes(51));
}

Result<void> remove(Cluster& cluster, std::string policy) {
  client::DeleteOptions options;
  options.propagation_policy = std::move(policy);
  return cluster.await(
      cluster.rest().delete_<appsv1::Deployment>(Context(), "default", "hue-learn", std::move(options)));
}

size_t sets_of(Cluster& cluster) {
  auto sets = cluster.await(cluster.rest().list<appsv1::ReplicaSet>(Context(), "default"));
  return sets ? sets->items.size() : 0;
}

// The owner may go only after what it owns.
uint64_t foreground(uint64_t seed) {
  Cluster cluster(ClusterOptions{.seed = seed, .nodes = 2});
  cluster.run_for(std::chrono::seconds(5));
  EXPECT_TRUE(cluster.await(cluster.rest().create(Context(), hue(3, std::string(kImage)))));
  EXPECT_TRUE(becomes_available(cluster, 3, 60)) << state_of(cluster);
  EXPECT_TRUE(remove(cluster, "Foreground"));
  bool gone = false;
  for (int i = 0; i < 240 && !gone; ++i) {
    gone = available(cluster) == -1;
    size_t pods = pods_of(cluster).size(), sets = sets_of(cluster);
    EXPECT_TRUE(!gone || pods + sets == 0) << pods << " Pods, " << sets << " ReplicaSets";
    if (!gone) cluster.run_for(std::chrono::milliseconds(500));
  }
  EXPECT_TRUE(gone) << state_of(cluster);
  return cluster.event_hash();
}

TEST(GarbageCollection, InTheForegroundTheOwnerGoesLast) { EXPECT_EQ(foreground(52), foreground(52)); }

uint64_t orphan(uint64_t seed) {
  Cluster cluster(ClusterOptions{.seed = seed, .nodes = 2});
  cluster.run_for(std::chrono::seconds(5));
  EXPECT_TRUE(cluster.await(cluster.rest().create(Context(), hue(3, std::string(kImage)))));
  EXPECT_TRUE(becomes_available(cluster, 3, 60)) << state_of(cluster);
  EXPECT_TRUE(remove(cluster, "Orphan"));
  cluster.run_for(std::chrono::minutes(2));
  EXPECT_EQ(available(cluster), -1);
  EXPECT_EQ(pods_of(cluster).size(), 3u);
  auto sets = cluster.await(cluster.rest().list<appsv1::ReplicaSet>(Context(), "default"));
  EXPECT_EQ(sets->items.size(), 1u);
  EXPECT_TRUE(sets->items.at(0).metadata.ownerReferences.empty());
  // A Deployment of the same shape takes the orphan in, and makes nothing.
  std::string name = sets->items.at(0).metadata.name;
  EXPECT_TRUE(cluster.await(cluster.rest().create(Context(), hue(3, std::string(kImage)))));
  EXPECT_TRUE(becomes_available(cluster, 3, 60)) << state_of(cluster);
  sets = cluster.await(cluster.rest().list<appsv1::ReplicaSet>(Context(), "default"));
  EXPECT_EQ(sets->items.size(), 1u);
  EXPECT_EQ(sets->items.at(0).metadata.name, name);
  EXPECT_EQ(sets->items.at(0).metadata.ownerReferences.size(), 1u);
  EXPECT_EQ(pods_of(cluster).size(), 3u);
  return cluster.event_hash();
}

TEST(GarbageCollection, OrphansStayAndAreAdoptedAgain) { EXPECT_EQ(orphan(53), orphan(53)); }

}  // namespace
}  // namespace xebec::sim
