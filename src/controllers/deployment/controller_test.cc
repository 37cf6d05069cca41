#include "controllers/deployment/controller.h"

#include "client/controller_ref.h"
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

XEBEC_CONTROLLER_SUITE(DeploymentControllerTest);

TEST_P(DeploymentControllerTest, MakesASetAndReportsCompletion) {
  testing::Harness<DeploymentController> h(GetParam());
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

TEST_P(DeploymentControllerTest, RollsToANewTemplateWithoutFallingBelowTheMinimum) {
  testing::Harness<DeploymentController> h(GetParam());
  h.sim.api->put(make_deployment(4, "hue:3"));
  settle(h.sim);
  auto d = *h.sim.api->get<appsv1::Deployment>("default", "hue");
  d.spec.template_.spec.containers[0].image = "hue:4";
  d.metadata.generation = 2;
  h.sim.api->put(d);
  for (int i = 0; i < 60; ++i) {
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

TEST_P(DeploymentControllerTest, ARolloutThatMakesNoProgressExceedsItsDeadline) {
  testing::Harness<DeploymentController> h(GetParam());
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

TEST_P(DeploymentControllerTest, APausedDeploymentMakesNoNewSet) {
  testing::Harness<DeploymentController> h(GetParam());
  appsv1::Deployment d = make_deployment(2, "hue:3");
  d.spec.paused = true;
  h.sim.api->put(d);
  settle(h.sim);
  EXPECT_TRUE(h.sim.api->list<appsv1::ReplicaSet>("default").empty());
}

const appsv1::DeploymentCondition* condition(const appsv1::Deployment& d, std::string_view type) {
  return deployment::find(d.status.conditions, type);
}

appsv1::Deployment stored(client::testing::Sim& sim) {
  return *sim.api->get<appsv1::Deployment>("default", "hue");
}

void set_image(client::testing::Sim& sim, std::string image) {
  appsv1::Deployment d = stored(sim);
  d.spec.template_.spec.containers[0].image = std::move(image);
  ++d.metadata.generation;
  sim.api->put(d);
}

std::map<std::string, int32_t> sizes(client::testing::Sim& sim) {
  std::map<std::string, int32_t> out;
  for (const auto& set : sim.api->list<appsv1::ReplicaSet>("default"))
    out[set.spec.template_.spec.containers[0].image] = set.spec.replicas.value_or(1);
  return out;
}

TEST_P(DeploymentControllerTest, PausingAndResumingAreUnknownProgress) {
  testing::Harness<DeploymentController> h(GetParam());
  appsv1::Deployment d = make_deployment(2, "hue:3");
  d.spec.paused = true;
  h.sim.api->put(d);
  h.sim.run_for(seconds(30));
  appsv1::Deployment paused = stored(h.sim);
  ASSERT_NE(condition(paused, "Progressing"), nullptr);
  EXPECT_EQ(condition(paused, "Progressing")->status, "Unknown");
  EXPECT_EQ(condition(paused, "Progressing")->reason, "DeploymentPaused");
  EXPECT_EQ(condition(paused, "Progressing")->message, "Deployment is paused");
  paused.spec.paused = false;
  ++paused.metadata.generation;
  h.sim.api->put(paused);
  settle(h.sim);
  EXPECT_EQ(condition(stored(h.sim), "Progressing")->reason, "NewReplicaSetAvailable");
}

// The history is what a rollout that fails is undone to.
TEST_P(DeploymentControllerTest, HistoryIsCutOnlyWhenTheRolloutIsComplete) {
  testing::Harness<DeploymentController> h(GetParam());
  appsv1::Deployment d = make_deployment(2, "hue:1");
  d.spec.revisionHistoryLimit = 0;
  d.spec.strategy.rollingUpdate->maxSurge = api::IntOrString(0);
  d.spec.strategy.rollingUpdate->maxUnavailable = api::IntOrString(2);
  h.sim.api->put(d);
  settle(h.sim);
  set_image(h.sim, "broken");
  h.sim.run_for(seconds(60));
  // The ReplicaSet controller has taken the old Pods away; the new ones never become available.
  for (appsv1::ReplicaSet set : h.sim.api->list<appsv1::ReplicaSet>("default")) {
    set.status.replicas = set.spec.replicas.value_or(1);
    set.status.readyReplicas = set.status.availableReplicas = 0;
    set.status.observedGeneration = set.metadata.generation;
    h.sim.api->put(set);
  }
  h.sim.run_for(seconds(60));
  EXPECT_EQ(sizes(h.sim), (std::map<std::string, int32_t>{{"broken", 2}, {"hue:1", 0}}));
  settle(h.sim);
  EXPECT_EQ(sizes(h.sim), (std::map<std::string, int32_t>{{"broken", 2}}));
}

TEST_P(DeploymentControllerTest, KeepsAsManyOldSetsAsTheLimitSaysByRevision) {
  testing::Harness<DeploymentController> h(GetParam());
  appsv1::Deployment d = make_deployment(1, "hue:1");
  d.spec.revisionHistoryLimit = 2;
  h.sim.api->put(d);
  settle(h.sim);
  for (const char* image : {"hue:2", "hue:3", "hue:1", "hue:4"}) {
    set_image(h.sim, image);
    settle(h.sim);
  }
  EXPECT_EQ(sizes(h.sim), (std::map<std::string, int32_t>{{"hue:1", 0}, {"hue:3", 0}, {"hue:4", 1}}));
}

TEST_P(DeploymentControllerTest, UndoMakesTheOldSetTheNewestRevision) {
  testing::Harness<DeploymentController> h(GetParam());
  h.sim.api->put(make_deployment(2, "hue:1"));
  settle(h.sim);
  set_image(h.sim, "hue:2");
  settle(h.sim);
  set_image(h.sim, "hue:1");
  settle(h.sim);
  EXPECT_EQ(sizes(h.sim), (std::map<std::string, int32_t>{{"hue:1", 2}, {"hue:2", 0}}));
  EXPECT_EQ(deployment::revision_of(stored(h.sim).metadata), 3);
  for (const auto& set : h.sim.api->list<appsv1::ReplicaSet>("default")) {
    if (set.spec.template_.spec.containers[0].image != "hue:1") continue;
    EXPECT_EQ(deployment::revision_of(set.metadata), 3);
    EXPECT_EQ(set.metadata.annotations.value_or(deployment::kRevisionHistory, ""), "1");
  }
}

TEST_P(DeploymentControllerTest, TheRollbackAnnotationGoesBackToTheRevisionItNames) {
  testing::Harness<DeploymentController> h(GetParam());
  h.sim.api->put(make_deployment(2, "hue:1"));
  settle(h.sim);
  set_image(h.sim, "hue:2");
  settle(h.sim);
  appsv1::Deployment d = stored(h.sim);
  d.metadata.annotations[deployment::kRollbackTo] = "1";
  h.sim.api->put(d);
  settle(h.sim);
  EXPECT_EQ(sizes(h.sim), (std::map<std::string, int32_t>{{"hue:1", 2}, {"hue:2", 0}}));
  EXPECT_FALSE(stored(h.sim).metadata.annotations.contains(deployment::kRollbackTo));
  EXPECT_EQ(h.events("DeploymentRollback"),
            std::vector<std::string>{"Rolled back deployment \"hue\" to revision 1"});
}

TEST_P(DeploymentControllerTest, RecreateWaitsForTheLastOldPod) {
  testing::Harness<DeploymentController> h(GetParam());
  appsv1::Deployment d = make_deployment(2, "hue:1");
  d.spec.strategy.type = "Recreate";
  d.spec.strategy.rollingUpdate.reset();
  h.sim.api->put(d);
  settle(h.sim);
  appsv1::ReplicaSet old = h.sim.api->list<appsv1::ReplicaSet>("default")[0];
  corev1::Pod pod;
  pod.metadata.name = "old";
  pod.metadata.namespace_ = "default";
  pod.metadata.ownerReferences.push_back(client::new_controller_ref(old));
  pod.status.phase = "Running";
  h.sim.api->put(pod);
  set_image(h.sim, "hue:2");
  settle(h.sim);
  EXPECT_EQ(sizes(h.sim), (std::map<std::string, int32_t>{{"hue:1", 0}}));
  h.sim.api->remove<corev1::Pod>("default", "old");
  settle(h.sim);
  EXPECT_EQ(sizes(h.sim), (std::map<std::string, int32_t>{{"hue:1", 0}, {"hue:2", 2}}));
}

TEST_P(DeploymentControllerTest, ScalingInTheMiddleOfARolloutIsInProportion) {
  testing::Harness<DeploymentController> h(GetParam());
  appsv1::Deployment d = make_deployment(10, "hue:1");
  d.spec.strategy.rollingUpdate->maxSurge = api::IntOrString(3);
  d.spec.strategy.rollingUpdate->maxUnavailable = api::IntOrString(2);
  h.sim.api->put(d);
  settle(h.sim);
  set_image(h.sim, "broken");
  h.sim.run_for(seconds(60));
  EXPECT_EQ(sizes(h.sim), (std::map<std::string, int32_t>{{"broken", 5}, {"hue:1", 8}}));
  d = stored(h.sim);
  d.spec.replicas = 15;
  ++d.metadata.generation;
  h.sim.api->put(d);
  h.sim.run_for(seconds(60));
  // The documentation's own example: 5 more, 3 of them for the larger set.
  EXPECT_EQ(sizes(h.sim), (std::map<std::string, int32_t>{{"broken", 7}, {"hue:1", 11}}));
}

TEST_P(DeploymentControllerTest, APausedDeploymentThatIsScaledFromNothingGrowsTheNewestSet) {
  testing::Harness<DeploymentController> h(GetParam());
  h.sim.api->put(make_deployment(2, "hue:1"));
  settle(h.sim);
  appsv1::Deployment d = stored(h.sim);
  d.spec.replicas = 0;
  ++d.metadata.generation;
  h.sim.api->put(d);
  settle(h.sim);
  d = stored(h.sim);
  d.spec.paused = true;
  d.spec.replicas = 3;
  d.spec.template_.spec.containers[0].image = "hue:2";
  ++d.metadata.generation;
  h.sim.api->put(d);
  settle(h.sim);
  EXPECT_EQ(sizes(h.sim), (std::map<std::string, int32_t>{{"hue:1", 3}}));
}

TEST_P(DeploymentControllerTest, AHashThatIsTakenIsAvoidedByTheCollisionCount) {
  testing::Harness<DeploymentController> h(GetParam());
  appsv1::Deployment d = make_deployment(2, "hue:1");
  appsv1::ReplicaSet foreign;
  foreign.metadata.name = "hue-" + template_hash(d.spec.template_, std::nullopt);
  foreign.metadata.namespace_ = "default";
  foreign.spec.template_.spec.containers.emplace_back().image = "foreign";
  foreign.spec.replicas = 0;
  h.sim.api->put(foreign);
  h.sim.api->put(d);
  settle(h.sim);
  EXPECT_EQ(stored(h.sim).status.collisionCount, 1);
  EXPECT_EQ(sizes(h.sim), (std::map<std::string, int32_t>{{"foreign", 0}, {"hue:1", 2}}));
}

TEST_P(DeploymentControllerTest, AFailureOfTheNewestSetIsTheDeploymentsToo) {
  testing::Harness<DeploymentController> h(GetParam());
  h.sim.api->put(make_deployment(2, "hue:1"));
  settle(h.sim);
  appsv1::ReplicaSet set = h.sim.api->list<appsv1::ReplicaSet>("default")[0];
  appsv1::ReplicaSetCondition& failure = set.status.conditions.emplace_back();
  failure.type = "ReplicaFailure";
  failure.status = "True";
  failure.reason = "FailedCreate";
  failure.message = "quota";
  h.sim.api->put(set);
  h.sim.run_for(seconds(30));
  appsv1::Deployment failed = stored(h.sim);
  ASSERT_NE(condition(failed, "ReplicaFailure"), nullptr);
  EXPECT_EQ(condition(failed, "ReplicaFailure")->message, "quota");
  set = h.sim.api->list<appsv1::ReplicaSet>("default")[0];
  set.status.conditions.clear();
  h.sim.api->put(set);
  h.sim.run_for(seconds(30));
  EXPECT_EQ(condition(stored(h.sim), "ReplicaFailure"), nullptr);
}

TEST_P(DeploymentControllerTest, AnEmptySelectorIsRefused) {
  testing::Harness<DeploymentController> h(GetParam());
  appsv1::Deployment d = make_deployment(2, "hue:1");
  d.spec.selector = metav1::LabelSelector();
  h.sim.api->put(d);
  h.sim.run_for(seconds(30));
  EXPECT_TRUE(h.sim.api->list<appsv1::ReplicaSet>("default").empty());
  EXPECT_EQ(
      h.events("SelectingAll"),
      std::vector<std::string>{"This deployment is selecting all pods. A non-empty selector is required."});
  EXPECT_EQ(stored(h.sim).status.observedGeneration, 1);
}

TEST(RevisionHistory, ForgetsTheOldestWhenItGetsTooLong) {
  appsv1::Deployment d = make_deployment(1, "x");
  appsv1::ReplicaSet set;
  std::string history;
  for (int i = 1000; i < 1400; ++i) history += (i == 1000 ? "" : ",") + std::to_string(i);
  ASSERT_EQ(history.size(), 1999u);
  set.metadata.annotations[deployment::kRevisionHistory] = history;
  set.metadata.annotations[deployment::kRevision] = "1400";
  EXPECT_TRUE(deployment::set_annotations(d, set, 1401, true));
  std::string now = set.metadata.annotations.value_or(deployment::kRevisionHistory, "");
  EXPECT_EQ(now.size(), 1999u);
  EXPECT_TRUE(now.starts_with("1001,") && now.ends_with(",1400"));
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
