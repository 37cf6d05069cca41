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

XEBEC_CONTROLLER_SUITE(ReplicaSetControllerTest);

TEST_P(ReplicaSetControllerTest, MakesTheMissingPodsAndReportsThem) {
  testing::Harness<ReplicaSetController> h(GetParam());
  appsv1::ReplicaSet set = h.sim.api->put(make_set("hue", 3));
  h.sim.run_for(seconds(30));
  std::vector<corev1::Pod> pods = h.sim.api->list<corev1::Pod>("default");
  ASSERT_EQ(pods.size(), 3u);
  for (const corev1::Pod& pod : pods) {
    EXPECT_TRUE(pod.metadata.name.starts_with("hue-"));
    EXPECT_TRUE(client::is_controlled_by(pod.metadata, set.metadata.uid));
  }
  EXPECT_EQ(h.sim.api->get<appsv1::ReplicaSet>("default", "hue")->status.replicas, 3);
}

TEST_P(ReplicaSetControllerTest, ReplacesADeletedPodAndDeletesTheSurplus) {
  testing::Harness<ReplicaSetController> h(GetParam());
  h.sim.api->put(make_set("hue", 2));
  h.sim.run_for(seconds(30));
  std::string victim = h.sim.api->list<corev1::Pod>("default")[0].metadata.name;
  h.sim.api->remove<corev1::Pod>("default", victim);
  h.sim.run_for(seconds(30));
  EXPECT_EQ(h.sim.api->list<corev1::Pod>("default").size(), 2u);

  appsv1::ReplicaSet set = *h.sim.api->get<appsv1::ReplicaSet>("default", "hue");
  set.spec.replicas = 0;
  h.sim.api->put(set);
  h.sim.run_for(seconds(30));
  EXPECT_TRUE(h.sim.api->list<corev1::Pod>("default").empty());
}

TEST_P(ReplicaSetControllerTest, AdoptsAMatchingOrphanInsteadOfMakingAPod) {
  testing::Harness<ReplicaSetController> h(GetParam());
  h.sim.api->put(make_pod("stray"));
  appsv1::ReplicaSet set = h.sim.api->put(make_set("hue", 1));
  h.sim.run_for(seconds(30));
  std::vector<corev1::Pod> pods = h.sim.api->list<corev1::Pod>("default");
  ASSERT_EQ(pods.size(), 1u);
  // Who does not see the stray yet makes a Pod, and gives up one of the two later.
  if (GetParam() == 0) {
    EXPECT_EQ(pods[0].metadata.name, "stray");
  }
  EXPECT_TRUE(client::is_controlled_by(pods[0].metadata, set.metadata.uid));
}

TEST_P(ReplicaSetControllerTest, SurvivesBrokenWatchesWithoutMakingTooManyPods) {
  testing::Harness<ReplicaSetController> h(GetParam());
  h.sim.api->put(make_set("hue", 10));
  for (int i = 0; i < 20; ++i) {
    h.sim.run_for(std::chrono::milliseconds(100));
    h.sim.api->break_watches();
  }
  h.sim.run_for(seconds(120));
  EXPECT_EQ(h.sim.api->list<corev1::Pod>("default").size(), 10u);
}

std::vector<corev1::Pod> owned_pods(client::testing::Sim& sim, const appsv1::ReplicaSet& set) {
  std::vector<corev1::Pod> out;
  for (corev1::Pod& pod : sim.api->list<corev1::Pod>("default")) {
    if (client::is_controlled_by(pod.metadata, set.metadata.uid)) out.push_back(std::move(pod));
  }
  return out;
}

TEST_P(ReplicaSetControllerTest, LetsAPodGoThatItNoLongerSelectsAndReplacesIt) {
  testing::Harness<ReplicaSetController> h(GetParam());
  appsv1::ReplicaSet set = h.sim.api->put(make_set("hue", 2));
  h.sim.run_for(seconds(30));
  corev1::Pod pod = h.sim.api->list<corev1::Pod>("default")[0];
  pod.metadata.labels["app"] = "quarantined";
  h.sim.api->put(pod);
  h.sim.run_for(seconds(30));
  EXPECT_EQ(owned_pods(h.sim, set).size(), 2u);
  EXPECT_TRUE(h.sim.api->get<corev1::Pod>("default", pod.metadata.name)->metadata.ownerReferences.empty());
}

TEST_P(ReplicaSetControllerTest, ADeletedSetAdoptsNothing) {
  testing::Harness<ReplicaSetController> h(GetParam());
  appsv1::ReplicaSet set = make_set("hue", 1);
  set.metadata.deletionTimestamp = api::Time{1764460800};
  set.metadata.finalizers = {"test/keep"};
  h.sim.api->put(set);
  h.sim.api->put(make_pod("stray"));
  h.sim.run_for(seconds(30));
  EXPECT_EQ(h.sim.api->list<corev1::Pod>("default").size(), 1u);
  EXPECT_TRUE(h.sim.api->get<corev1::Pod>("default", "stray")->metadata.ownerReferences.empty());
}

// The informer still shows the set; the server no longer has it.
TEST_P(ReplicaSetControllerTest, LooksAtTheServerBeforeItAdopts) {
  testing::Harness<ReplicaSetController> h(GetParam());
  h.sim.api->put(make_set("hue", 0));
  h.sim.run_for(seconds(30));
  bool deleted = false;
  h.sim.api->set_hook([&](const http::Request& request) -> std::optional<http::Response> {
    bool asks = request.method == "GET" && request.path.ends_with("/replicasets/hue");
    if (!asks) return std::nullopt;
    deleted = true;
    return client::testing::FakeApi::error_response(errors::not_found({"apps", "replicasets"}, "hue"));
  });
  h.sim.api->put(make_pod("stray"));
  h.sim.run_for(seconds(30));
  EXPECT_TRUE(deleted);
  EXPECT_TRUE(h.sim.api->get<corev1::Pod>("default", "stray")->metadata.ownerReferences.empty());
}

TEST_P(ReplicaSetControllerTest, CountsPodsThatTerminate) {
  testing::Harness<ReplicaSetController> h(GetParam());
  h.sim.api->put(make_set("hue", 2));
  h.sim.run_for(seconds(30));
  corev1::Pod pod = h.sim.api->list<corev1::Pod>("default")[0];
  pod.metadata.deletionTimestamp = api::Time{1764460800};
  pod.metadata.finalizers = {"test/busy"};
  h.sim.api->put(pod);
  h.sim.run_for(seconds(30));
  appsv1::ReplicaSet set = *h.sim.api->get<appsv1::ReplicaSet>("default", "hue");
  EXPECT_EQ(set.status.replicas, 2);
  EXPECT_EQ(set.status.terminatingReplicas, 1);
  h.sim.api->remove<corev1::Pod>("default", pod.metadata.name);
  h.sim.run_for(seconds(30));
  EXPECT_EQ(h.sim.api->get<appsv1::ReplicaSet>("default", "hue")->status.terminatingReplicas, 0);
}

void set_ready(client::testing::Sim& sim, corev1::Pod pod) {
  pod.status.phase = "Running";
  corev1::PodCondition& condition = pod.status.conditions.emplace_back();
  condition.type = "Ready";
  condition.status = "True";
  condition.lastTransitionTime = to_time(sim.clock.now());
  sim.api->put(pod);
}

// One key has one timer, for the Pod that is next; the others must not be forgotten.
TEST_P(ReplicaSetControllerTest, EveryPodBecomesAvailableInItsTime) {
  testing::Harness<ReplicaSetController> h(GetParam());
  appsv1::ReplicaSet set = make_set("hue", 3);
  set.spec.minReadySeconds = 60;
  h.sim.api->put(set);
  h.sim.run_for(seconds(30));
  std::vector<corev1::Pod> pods = h.sim.api->list<corev1::Pod>("default");
  ASSERT_EQ(pods.size(), 3u);
  set_ready(h.sim, pods[0]);
  h.sim.run_for(seconds(20));
  set_ready(h.sim, pods[1]);
  h.sim.run_for(seconds(45));
  EXPECT_EQ(h.sim.api->get<appsv1::ReplicaSet>("default", "hue")->status.availableReplicas, 1);
  h.sim.run_for(seconds(30));
  appsv1::ReplicaSet stored = *h.sim.api->get<appsv1::ReplicaSet>("default", "hue");
  EXPECT_EQ(stored.status.readyReplicas, 2);
  EXPECT_EQ(stored.status.availableReplicas, 2);
}

TEST_P(ReplicaSetControllerTest, SlowStartTriesOnePodOnlyWhenCreationsFail) {
  testing::Harness<ReplicaSetController> h(GetParam());
  int tries = 0;
  h.sim.api->set_hook([&](const http::Request& request) -> std::optional<http::Response> {
    if (request.method != "POST" || !request.path.ends_with("/pods")) return std::nullopt;
    ++tries;
    return client::testing::FakeApi::error_response(
        errors::forbidden({"", "pods"}, "hue-x", "exceeded quota: none"));
  });
  h.sim.api->put(make_set("hue", 50));
  h.sim.run_for(seconds(30));
  EXPECT_GT(tries, 0);
  EXPECT_LT(tries, 20);
  appsv1::ReplicaSet set = *h.sim.api->get<appsv1::ReplicaSet>("default", "hue");
  ASSERT_EQ(set.status.conditions.size(), 1u);
  EXPECT_EQ(set.status.conditions[0].type, "ReplicaFailure");
  EXPECT_EQ(set.status.conditions[0].reason, "FailedCreate");
  EXPECT_EQ(set.status.conditions[0].message, "pods \"hue-x\" is forbidden: exceeded quota: none");
  EXPECT_FALSE(h.events("FailedCreate").empty());
  h.sim.api->set_hook(nullptr);
  h.sim.run_for(std::chrono::minutes(20));
  EXPECT_EQ(h.sim.api->list<corev1::Pod>("default").size(), 50u);
  EXPECT_TRUE(h.sim.api->get<appsv1::ReplicaSet>("default", "hue")->status.conditions.empty());
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
  sort_for_deletion(pods, {}, WallTime(seconds(10)));
  std::vector<std::string> names;
  for (const PodPtr& p : pods) names.push_back(p->metadata.name);
  EXPECT_EQ(names, (std::vector<std::string>{"free", "sick", "young", "old"}));
}

corev1::Pod running_pod(std::string name, int64_t ready_at) {
  corev1::Pod pod = make_pod(name);
  pod.metadata.uid = std::move(name);
  pod.metadata.creationTimestamp = api::Time{1};
  pod.spec.nodeName = "n";
  pod.status.phase = "Running";
  corev1::PodCondition& condition = pod.status.conditions.emplace_back();
  condition.type = "Ready";
  condition.status = "True";
  condition.lastTransitionTime = api::Time{ready_at};
  return pod;
}

std::vector<std::string> in_order_of_deletion(std::vector<corev1::Pod> pods, int64_t now,
                                              const std::map<std::string, int>& on_node = {}) {
  std::vector<PodPtr> sorted;
  for (corev1::Pod& pod : pods) sorted.push_back(std::make_shared<const corev1::Pod>(std::move(pod)));
  sort_for_deletion(sorted, on_node, WallTime(seconds(now)));
  std::vector<std::string> names;
  for (const PodPtr& pod : sorted) names.push_back(pod->metadata.name);
  return names;
}

TEST(SortForDeletion, AgesOfOneOrderOfMagnitudeGoByUid) {
  // 1000 and 900 seconds are within one power of two; 10 seconds are not.
  std::vector<corev1::Pod> pods = {running_pod("b", 1100), running_pod("a", 1000), running_pod("z", 1990)};
  EXPECT_EQ(in_order_of_deletion(pods, 2000), (std::vector<std::string>{"z", "a", "b"}));
}

TEST(SortForDeletion, ContainersThatRestartedMoreGoFirstThenSidecars) {
  corev1::Pod calm = running_pod("calm", 1), container = running_pod("container", 1),
              sidecar = running_pod("sidecar", 1);
  container.status.containerStatuses.emplace_back().restartCount = 1;
  sidecar.spec.initContainers.emplace_back().name = "proxy";
  sidecar.spec.initContainers.back().restartPolicy = "Always";
  sidecar.status.initContainerStatuses.emplace_back().name = "proxy";
  sidecar.status.initContainerStatuses.back().restartCount = 7;
  EXPECT_EQ(in_order_of_deletion({calm, sidecar, container}, 100),
            (std::vector<std::string>{"container", "sidecar", "calm"}));
}

TEST(SortForDeletion, CostComesBeforeCrowdedNodesAndBadCostsCountAsNone) {
  corev1::Pod cheap = running_pod("cheap", 1), crowded = running_pod("crowded", 1),
              broken = running_pod("broken", 1);
  cheap.metadata.annotations["controller.kubernetes.io/pod-deletion-cost"] = "-5";
  broken.metadata.annotations["controller.kubernetes.io/pod-deletion-cost"] = "-9x";
  crowded.spec.nodeName = "full";
  EXPECT_EQ(in_order_of_deletion({broken, crowded, cheap}, 100, {{"full", 3}, {"n", 2}}),
            (std::vector<std::string>{"cheap", "crowded", "broken"}));
}

}  // namespace
}  // namespace xebec::controllers
