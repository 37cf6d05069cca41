#include "controllers/replicaset/controller.h"

#include "client/controller_ref.h"
#include "controllers/testing/harness.h"

namespace xebec::controllers {
namespace {

using std::chrono::seconds;

appsv1::ReplicaSet make_set(std::string name, int32_t replicas) {
  appsv1::ReplicaSet set;
  set.metadata.name = std::move(name);
  set.metadata.namespace_ = "default";
  set.metadata.generation = 1;
  set.spec.replicas = replicas;
  set.spec.selector.emplace().matchLabels["app"] = "hue";
  set.spec.template_.metadata.labels["app"] = "hue";
  set.spec.template_.spec.containers.emplace_back().name = "hue";
  return set;
}

corev1::Pod make_pod(std::string name) {
  corev1::Pod pod;
  pod.metadata.name = std::move(name);
  pod.metadata.namespace_ = "default";
  pod.metadata.labels["app"] = "hue";
  return pod;
}

TEST(ReplicaSetController, MakesTheMissingPodsAndReportsThem) {
  testing::Harness<ReplicaSetController> h;
  appsv1::ReplicaSet set = h.sim.api->put(make_set("hue", 3));
  h.sim.run_for(seconds(5));
  std::vector<corev1::Pod> pods = h.sim.api->list<corev1::Pod>("default");
  ASSERT_EQ(pods.size(), 3u);
  for (const corev1::Pod& pod : pods) {
    EXPECT_TRUE(pod.metadata.name.starts_with("hue-"));
    EXPECT_TRUE(client::is_controlled_by(pod.metadata, set.metadata.uid));
  }
  EXPECT_EQ(h.sim.api->get<appsv1::ReplicaSet>("default", "hue")->status.replicas, 3);
}

TEST(ReplicaSetController, ReplacesADeletedPodAndDeletesTheSurplus) {
  testing::Harness<ReplicaSetController> h;
  h.sim.api->put(make_set("hue", 2));
  h.sim.run_for(seconds(5));
  std::string victim = h.sim.api->list<corev1::Pod>("default")[0].metadata.name;
  h.sim.api->remove<corev1::Pod>("default", victim);
  h.sim.run_for(seconds(5));
  EXPECT_EQ(h.sim.api->list<corev1::Pod>("default").size(), 2u);

  appsv1::ReplicaSet set = *h.sim.api->get<appsv1::ReplicaSet>("default", "hue");
  set.spec.replicas = 0;
  h.sim.api->put(set);
  h.sim.run_for(seconds(5));
  EXPECT_TRUE(h.sim.api->list<corev1::Pod>("default").empty());
}

TEST(ReplicaSetController, AdoptsAMatchingOrphanInsteadOfMakingAPod) {
  testing::Harness<ReplicaSetController> h;
  h.sim.api->put(make_pod("stray"));
  appsv1::ReplicaSet set = h.sim.api->put(make_set("hue", 1));
  h.sim.run_for(seconds(5));
  std::vector<corev1::Pod> pods = h.sim.api->list<corev1::Pod>("default");
  ASSERT_EQ(pods.size(), 1u);
  EXPECT_EQ(pods[0].metadata.name, "stray");
  EXPECT_TRUE(client::is_controlled_by(pods[0].metadata, set.metadata.uid));
}

TEST(ReplicaSetController, SurvivesBrokenWatchesWithoutMakingTooManyPods) {
  testing::Harness<ReplicaSetController> h;
  h.sim.api->put(make_set("hue", 10));
  for (int i = 0; i < 20; ++i) {
    h.sim.run_for(std::chrono::milliseconds(100));
    h.sim.api->break_watches();
  }
  h.sim.run_for(seconds(120));
  EXPECT_EQ(h.sim.api->list<corev1::Pod>("default").size(), 10u);
}

TEST(SortForDeletion, GivesUpUnassignedThenNotReadyThenYoungestPods) {
  auto pod = [](std::string name, std::string node, bool ready, int64_t created) {
    corev1::Pod out = make_pod(std::move(name));
    out.spec.nodeName = std::move(node);
    out.status.phase = "Running";
    out.metadata.creationTimestamp = api::Time{created};
    corev1::PodCondition& condition = out.status.conditions.emplace_back();
    condition.type = "Ready";
    condition.status = ready ? "True" : "False";
    return std::make_shared<const corev1::Pod>(std::move(out));
  };
  std::vector<PodPtr> pods = {pod("old", "n", true, 1), pod("young", "n", true, 2),
                              pod("sick", "n", false, 1), pod("free", "", true, 1)};
  sort_for_deletion(pods, {});
  std::vector<std::string> names;
  for (const PodPtr& p : pods) names.push_back(p->metadata.name);
  EXPECT_EQ(names, (std::vector<std::string>{"free", "sick", "young", "old"}));
}

}  // namespace
}  // namespace xebec::controllers
