#include "controllers/deployment/controller.h"

#include "controllers/deployment/conditions.h"
#include "controllers/testing/harness.h"

namespace xebec::controllers {
namespace {

using std::chrono::seconds;

appsv1::Deployment make_deployment(int32_t replicas, std::string image) {
  appsv1::Deployment d;
  d.metadata.name = "hue";
  d.metadata.namespace_ = "default";
  d.metadata.generation = 1;
  d.spec.replicas = replicas;
  d.spec.selector.emplace().matchLabels["app"] = "hue";
  d.spec.template_.metadata.labels["app"] = "hue";
  corev1::Container& container = d.spec.template_.spec.containers.emplace_back();
  container.name = "hue";
  container.image = std::move(image);
  d.spec.strategy.type = "RollingUpdate";
  auto& rolling = d.spec.strategy.rollingUpdate.emplace();
  rolling.maxSurge = api::IntOrString("25%");
  rolling.maxUnavailable = api::IntOrString("25%");
  d.spec.revisionHistoryLimit = 10;
  d.spec.progressDeadlineSeconds = 600;
  return d;
}

// Plays the ReplicaSet controller and the kubelets: every set has the Pods it wants, all available.
void make_available(client::testing::Sim& sim) {
  for (appsv1::ReplicaSet set : sim.api->list<appsv1::ReplicaSet>("default")) {
    int32_t replicas = set.spec.replicas.value_or(1);
    if (set.status.availableReplicas == replicas && set.status.observedGeneration == set.metadata.generation)
      continue;
    set.status.replicas = set.status.readyReplicas = set.status.availableReplicas = replicas;
    set.status.observedGeneration = set.metadata.generation;
    sim.api->put(set);
  }
}

void settle(client::testing::Sim& sim) {
  for (int i = 0; i < 20; ++i) {
    sim.run_for(seconds(2));
    make_available(sim);
  }
  sim.run_for(seconds(2));
}

int64_t total_available(client::testing::Sim& sim) {
  int64_t out = 0;
  for (const auto& set : sim.api->list<appsv1::ReplicaSet>("default")) out += set.status.availableReplicas;
  return out;
}

TEST(DeploymentController, MakesASetAndReportsCompletion) {
  testing::Harness<DeploymentController> h;
  h.sim.api->put(make_deployment(3, "hue:3"));
  settle(h.sim);
  auto sets = h.sim.api->list<appsv1::ReplicaSet>("default");
  ASSERT_EQ(sets.size(), 1u);
  EXPECT_EQ(sets[0].spec.replicas, 3);
  EXPECT_TRUE(sets[0].metadata.labels.contains("pod-template-hash"));
  auto d = *h.sim.api->get<appsv1::Deployment>("default", "hue");
  EXPECT_EQ(d.status.availableReplicas, 3);
  const auto* progress = deployment::find(d.status.conditions, "Progressing");
  ASSERT_NE(progress, nullptr);
  EXPECT_EQ(progress->reason, "NewReplicaSetAvailable");
  EXPECT_EQ(d.metadata.annotations.value_or("deployment.kubernetes.io/revision", ""), "1");
}

TEST(DeploymentController, RollsToANewTemplateWithoutFallingBelowTheMinimum) {
  testing::Harness<DeploymentController> h;
  h.sim.api->put(make_deployment(4, "hue:3"));
  settle(h.sim);
  auto d = *h.sim.api->get<appsv1::Deployment>("default", "hue");
  d.spec.template_.spec.containers[0].image = "hue:4";
  d.metadata.generation = 2;
  h.sim.api->put(d);
  for (int i = 0; i < 30; ++i) {
    h.sim.run_for(seconds(1));
    EXPECT_GE(total_available(h.sim), 3);
    make_available(h.sim);
  }
  auto sets = h.sim.api->list<appsv1::ReplicaSet>("default");
  ASSERT_EQ(sets.size(), 2u);
  for (const auto& set : sets) {
    bool is_new = set.spec.template_.spec.containers[0].image == "hue:4";
    EXPECT_EQ(set.spec.replicas, is_new ? 4 : 0);
  }
  EXPECT_EQ(h.sim.api->get<appsv1::Deployment>("default", "hue")
                ->metadata.annotations.value_or("deployment.kubernetes.io/revision", ""),
            "2");
}

TEST(DeploymentController, ARolloutThatMakesNoProgressExceedsItsDeadline) {
  testing::Harness<DeploymentController> h;
  appsv1::Deployment d = make_deployment(2, "broken");
  d.spec.progressDeadlineSeconds = 30;
  h.sim.api->put(d);
  h.sim.run_for(seconds(90));
  const auto stored = *h.sim.api->get<appsv1::Deployment>("default", "hue");
  const auto* progress = deployment::find(stored.status.conditions, "Progressing");
  ASSERT_NE(progress, nullptr);
  EXPECT_EQ(progress->reason, "ProgressDeadlineExceeded");
  EXPECT_EQ(progress->status, "False");
}

TEST(DeploymentController, APausedDeploymentMakesNoNewSet) {
  testing::Harness<DeploymentController> h;
  appsv1::Deployment d = make_deployment(2, "hue:3");
  d.spec.paused = true;
  h.sim.api->put(d);
  settle(h.sim);
  EXPECT_TRUE(h.sim.api->list<appsv1::ReplicaSet>("default").empty());
}

TEST(Fenceposts, RoundSurgeUpAndUnavailableDown) {
  appsv1::Deployment d = make_deployment(3, "x");
  deployment::Fenceposts f = deployment::fenceposts(d);
  EXPECT_EQ(f.surge, 1);
  EXPECT_EQ(f.unavailable, 0);
  d.spec.strategy.rollingUpdate->maxSurge = api::IntOrString(0);
  EXPECT_EQ(deployment::fenceposts(d).unavailable, 1);
}

}  // namespace
}  // namespace xebec::controllers
