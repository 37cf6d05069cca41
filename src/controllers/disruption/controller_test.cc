#include "controllers/disruption/controller.h"

#include "api/gen/autoscalingv1.h"
#include "client/controller_ref.h"
#include "controllers/disruption/budget.h"
#include "controllers/testing/harness.h"

namespace xebec::controllers {
namespace {

using std::chrono::seconds;

XEBEC_CONTROLLER_SUITE(DisruptionControllerTest);

policyv1::PodDisruptionBudget budget_of(std::string name) {
  policyv1::PodDisruptionBudget budget;
  budget.metadata.name = std::move(name);
  budget.metadata.namespace_ = "default";
  budget.metadata.generation = 1;
  budget.spec.selector.emplace().matchLabels["app"] = "a";
  return budget;
}

corev1::Pod pod_named(std::string name, bool ready = true) {
  corev1::Pod pod;
  pod.metadata.name = std::move(name);
  pod.metadata.namespace_ = "default";
  pod.metadata.labels["app"] = "a";
  pod.status.phase = "Running";
  corev1::PodCondition& condition = pod.status.conditions.emplace_back();
  condition.type = "Ready";
  condition.status = ready ? "True" : "False";
  return pod;
}

template <class T>
T workload(std::string name, int32_t replicas) {
  T out;
  out.metadata.name = std::move(name);
  out.metadata.namespace_ = "default";
  out.metadata.uid = "uid-of-" + out.metadata.name;
  out.spec.replicas = replicas;
  return out;
}

template <class T>
corev1::Pod owned_by(const T& owner, corev1::Pod pod) {
  pod.metadata.ownerReferences = {client::new_controller_ref(owner)};
  return pod;
}

policyv1::PodDisruptionBudgetStatus status_of(client::testing::Sim& sim, std::string_view name = "b") {
  auto budget = sim.api->get<policyv1::PodDisruptionBudget>("default", name);
  return budget ? budget->status : policyv1::PodDisruptionBudgetStatus();
}

// "expected/desired/healthy/allowed reason".
std::string told(const policyv1::PodDisruptionBudgetStatus& status) {
  return fmt::format("{}/{}/{}/{} {}", status.expectedPods, status.desiredHealthy, status.currentHealthy,
                     status.disruptionsAllowed,
                     status.conditions.empty() ? "-" : status.conditions[0].reason);
}

TEST_P(DisruptionControllerTest, ABudgetCountsItsHealthyPods) {
  testing::Harness<DisruptionController> h(GetParam());
  policyv1::PodDisruptionBudget budget = budget_of("b");
  budget.spec.minAvailable = api::IntOrString(1);
  h.sim.api->put(budget);
  h.sim.run_for(seconds(10));
  EXPECT_EQ(told(status_of(h.sim)), "0/1/0/0 InsufficientPods");
  EXPECT_FALSE(h.events("NoPods").empty());
  h.sim.api->put(pod_named("ready"));
  h.sim.api->put(pod_named("unready", false));
  corev1::Pod other = pod_named("other");
  other.metadata.labels["app"] = "b";
  h.sim.api->put(other);
  h.sim.run_for(seconds(10));
  EXPECT_EQ(told(status_of(h.sim)), "2/1/1/0 InsufficientPods");
  h.sim.api->put(pod_named("unready", true));
  h.sim.run_for(seconds(10));
  EXPECT_EQ(told(status_of(h.sim)), "2/1/2/1 SufficientPods");
  EXPECT_EQ(status_of(h.sim).conditions[0].status, "True");
  EXPECT_EQ(status_of(h.sim).observedGeneration, 1);
  // One leaves by its labels, one by being deleted.
  other.metadata.name = "ready";
  h.sim.api->put(other);
  h.sim.run_for(seconds(10));
  EXPECT_EQ(told(status_of(h.sim)), "1/1/1/0 InsufficientPods");
  h.sim.api->remove<corev1::Pod>("default", "unready");
  h.sim.run_for(seconds(10));
  EXPECT_EQ(told(status_of(h.sim)), "0/1/0/0 InsufficientPods");
}

TEST_P(DisruptionControllerTest, ADeletedPodIsNotHealthyAnyMore) {
  testing::Harness<DisruptionController> h(GetParam());
  policyv1::PodDisruptionBudget budget = budget_of("b");
  budget.spec.minAvailable = api::IntOrString(1);
  h.sim.api->put(budget);
  corev1::Pod going = pod_named("going");
  going.metadata.deletionTimestamp = api::Time{1764460800};
  going.metadata.finalizers = {"test/keep"};
  h.sim.api->put(going);
  h.sim.api->put(pod_named("staying"));
  h.sim.run_for(seconds(10));
  EXPECT_EQ(told(status_of(h.sim)), "2/1/1/0 InsufficientPods");
}

TEST_P(DisruptionControllerTest, MaxUnavailableIsOfWhatTheControllersWant) {
  testing::Harness<DisruptionController> h(GetParam());
  auto deployment = h.sim.api->put(workload<appsv1::Deployment>("d", 4));
  appsv1::ReplicaSet set = workload<appsv1::ReplicaSet>("s", 9);  // in the middle of a rollout
  set.metadata.ownerReferences = {client::new_controller_ref(deployment)};
  set = h.sim.api->put(set);
  auto stateful = h.sim.api->put(workload<appsv1::StatefulSet>("t", 3));
  auto replication = h.sim.api->put(workload<corev1::ReplicationController>("r", 2));
  h.sim.api->put(owned_by(set, pod_named("d1")));
  h.sim.api->put(owned_by(set, pod_named("d2")));
  h.sim.api->put(owned_by(stateful, pod_named("t1")));
  h.sim.api->put(owned_by(replication, pod_named("r1")));
  h.sim.run_for(seconds(10));
  policyv1::PodDisruptionBudget budget = budget_of("b");
  budget.spec.maxUnavailable = api::IntOrString("30%");
  h.sim.api->put(budget);
  h.sim.run_for(seconds(10));
  EXPECT_EQ(told(status_of(h.sim)), "9/6/4/0 InsufficientPods");  // 30% of 9 is 3, rounded up
  budget = *h.sim.api->get<policyv1::PodDisruptionBudget>("default", "b");
  budget.spec.maxUnavailable = api::IntOrString(6);
  budget.metadata.generation = 2;
  h.sim.api->put(budget);
  h.sim.run_for(seconds(10));
  EXPECT_EQ(told(status_of(h.sim)), "9/3/4/1 SufficientPods");
  EXPECT_EQ(status_of(h.sim).observedGeneration, 2);
}

TEST_P(DisruptionControllerTest, APercentageOfMinAvailableIsRoundedUp) {
  testing::Harness<DisruptionController> h(GetParam());
  auto set = h.sim.api->put(workload<appsv1::ReplicaSet>("s", 3));
  for (const char* name : {"p1", "p2", "p3"}) h.sim.api->put(owned_by(set, pod_named(name)));
  h.sim.api->put(pod_named("alone"));
  h.sim.run_for(seconds(10));
  policyv1::PodDisruptionBudget budget = budget_of("b");
  budget.spec.minAvailable = api::IntOrString("50%");
  h.sim.api->put(budget);
  h.sim.run_for(seconds(10));
  EXPECT_EQ(told(status_of(h.sim)), "3/2/4/2 SufficientPods");
  ASSERT_FALSE(h.events("UnmanagedPods").empty());
  EXPECT_NE(h.events("UnmanagedPods")[0].find("(selector: &LabelSelector{MatchLabels:map[string]string{app: "
                                              "a,},MatchExpressions:[]LabelSelectorRequirement{},})"),
            std::string::npos)
      << h.events("UnmanagedPods")[0];
}

TEST_P(DisruptionControllerTest, ScalesOfOtherKindsAreAskedFor) {
  testing::Harness<DisruptionController> h(GetParam());
  h.sim.api->set_hook([](const http::Request& request) -> std::optional<http::Response> {
    if (request.path != "/apis/apps/v1/namespaces/default/statefulsets/t/scale") return std::nullopt;
    http::Response answer;
    answer.headers.add("Content-Type", "application/json");
    answer.set_body(
        R"({"kind":"Scale","apiVersion":"autoscaling/v1","metadata":{"name":"t","namespace":"default",
            "uid":"unknown-to-informers"},"spec":{"replicas":5},"status":{"replicas":5}})");
    return answer;
  });
  corev1::Pod pod = pod_named("p");
  metav1::OwnerReference& owner = pod.metadata.ownerReferences.emplace_back();
  owner.apiVersion = "apps/v1";
  owner.kind = "StatefulSet";
  owner.name = "t";
  owner.uid = "unknown-to-informers";
  owner.controller = true;
  h.sim.api->put(pod);
  policyv1::PodDisruptionBudget budget = budget_of("b");
  budget.spec.maxUnavailable = api::IntOrString(4);
  h.sim.api->put(budget);
  h.sim.run_for(seconds(10));
  EXPECT_EQ(told(status_of(h.sim)), "5/1/1/0 InsufficientPods");
}

TEST_P(DisruptionControllerTest, NothingIsAllowedWhenTheNumbersCannotBeFoundOut) {
  testing::Harness<DisruptionController> h(GetParam());
  corev1::Pod pod = pod_named("p");
  metav1::OwnerReference& owner = pod.metadata.ownerReferences.emplace_back();
  owner.apiVersion = "example.com/v1";
  owner.kind = "Thing";
  owner.name = "t";
  owner.uid = "u";
  owner.controller = true;
  h.sim.api->put(pod);
  policyv1::PodDisruptionBudget budget = budget_of("b");
  budget.spec.maxUnavailable = api::IntOrString(1);
  budget.status.disruptionsAllowed = 3;
  h.sim.api->put(budget);
  h.sim.run_for(seconds(10));
  EXPECT_EQ(status_of(h.sim).disruptionsAllowed, 0);
  ASSERT_EQ(status_of(h.sim).conditions.size(), 1u);
  EXPECT_EQ(status_of(h.sim).conditions[0].reason, "SyncFailed");
  EXPECT_EQ(status_of(h.sim).conditions[0].message,
            "no matches for kind \"Thing\" in version \"example.com/v1\"");
  ASSERT_FALSE(h.events("CalculateExpectedPodCountFailed").empty());
  EXPECT_EQ(h.events("CalculateExpectedPodCountFailed")[0],
            "Failed to calculate the number of expected pods: no matches for kind \"Thing\" in version "
            "\"example.com/v1\"");
}

TEST_P(DisruptionControllerTest, AnEvictedPodCountsNoMoreUntilItIsGivenUp) {
  testing::Harness<DisruptionController> h(GetParam());
  h.sim.api->put(pod_named("p"));
  h.sim.api->put(pod_named("q"));
  h.sim.run_for(seconds(10));  // an entry whose Pod is not seen yet would be dropped
  policyv1::PodDisruptionBudget budget = budget_of("b");
  budget.spec.minAvailable = api::IntOrString(1);
  budget.status.disruptedPods["p"] = to_time(h.sim.clock.now());
  budget.status.disruptedPods["gone"] = to_time(h.sim.clock.now());
  h.sim.api->put(budget);
  h.sim.run_for(seconds(60));
  EXPECT_EQ(told(status_of(h.sim)), "2/1/1/0 InsufficientPods");
  EXPECT_EQ(status_of(h.sim).disruptedPods.size(), 1u);  // one does not exist
  EXPECT_TRUE(h.events("NotDeleted").empty());
  h.sim.run_for(seconds(70));
  EXPECT_EQ(told(status_of(h.sim)), "2/1/2/1 SufficientPods");
  EXPECT_TRUE(status_of(h.sim).disruptedPods.empty());
  EXPECT_EQ(
      h.events("NotDeleted"),
      (std::vector<std::string>{"Pod was expected by PDB default/default to be deleted but it wasn't"}));
}

TEST_P(DisruptionControllerTest, EveryBudgetOfAPodIsKeptAndTheUserIsTold) {
  testing::Harness<DisruptionController> h(GetParam());
  policyv1::PodDisruptionBudget budget = budget_of("b");
  budget.spec.minAvailable = api::IntOrString(0);
  h.sim.api->put(budget);
  budget.metadata.name = "c";
  budget.spec.selector.emplace();  // every Pod
  h.sim.api->put(budget);
  h.sim.run_for(seconds(10));
  h.sim.api->put(pod_named("p"));
  h.sim.run_for(seconds(10));
  EXPECT_EQ(told(status_of(h.sim, "b")), "1/0/1/1 SufficientPods");
  EXPECT_EQ(told(status_of(h.sim, "c")), "1/0/1/1 SufficientPods");
  ASSERT_FALSE(h.events("MultiplePodDisruptionBudgets").empty());
  EXPECT_EQ(h.events("MultiplePodDisruptionBudgets")[0],
            "Pod \"default\"/\"p\" matches multiple PodDisruptionBudgets.  Chose \"b\" arbitrarily.");
}

TEST_P(DisruptionControllerTest, AStaleDisruptionTargetIsTakenBack) {
  testing::Harness<DisruptionController> h(GetParam());
  auto with_target = [&h](std::string name, std::string reason) {
    corev1::Pod pod = pod_named(std::move(name));
    corev1::PodCondition& target = pod.status.conditions.emplace_back();
    target.type = "DisruptionTarget";
    target.status = "True";
    target.reason = std::move(reason);
    target.message = "m";
    target.lastTransitionTime = to_time(h.sim.clock.now());
    return pod;
  };
  h.sim.api->put(with_target("stale", "EvictionByEvictionAPI"));
  h.sim.api->put(with_target("kubelets", "TerminationByKubelet"));
  corev1::Pod finished = with_target("finished", "DeletionByTaintManager");
  finished.status.phase = "Failed";
  h.sim.api->put(finished);
  auto target = [&h](std::string_view name) {
    return h.sim.api->get<corev1::Pod>("default", name)->status.conditions[1];
  };
  h.sim.run_for(seconds(100));
  EXPECT_EQ(target("stale").status, "True");
  h.sim.run_for(seconds(40));
  EXPECT_EQ(target("stale").status, "False");
  EXPECT_EQ(target("stale").reason, "");
  EXPECT_EQ(target("kubelets").status, "True");
  EXPECT_EQ(target("finished").status, "True");
}

}  // namespace
}  // namespace xebec::controllers
