#include "controllers/podgc/controller.h"

#include "controllers/testing/harness.h"

namespace xebec::controllers {
namespace {

using std::chrono::seconds;

XEBEC_CONTROLLER_SUITE(PodGcControllerTest);

corev1::Pod pod_on(std::string name, std::string node, std::string phase = "Running") {
  corev1::Pod pod;
  pod.metadata.name = std::move(name);
  pod.metadata.namespace_ = "default";
  pod.spec.nodeName = std::move(node);
  pod.status.phase = std::move(phase);
  return pod;
}

corev1::Pod terminating(corev1::Pod pod) {
  pod.metadata.deletionTimestamp = api::Time{1764460800};
  pod.metadata.finalizers = {"test/keep"};  // or the fake server would take it away
  return pod;
}

corev1::Node node_named(std::string name) {
  corev1::Node node;
  node.metadata.name = std::move(name);
  return node;
}

std::vector<std::string> pods(client::testing::Sim& sim) {
  std::vector<std::string> out;
  for (const corev1::Pod& pod : sim.api->list<corev1::Pod>("default")) out.push_back(pod.metadata.name);
  return out;
}

size_t deletions_of(client::testing::Sim& sim, std::string_view name) {
  return static_cast<size_t>(std::count(sim.api->requests().begin(), sim.api->requests().end(),
                                        "DELETE /api/v1/namespaces/default/pods/" + std::string(name)));
}

TEST_P(PodGcControllerTest, APodOfANodeThatIsGoneFailsAndGoes) {
  testing::Harness<PodGcController> h(GetParam());
  h.sim.api->put(node_named("alive"));
  h.sim.api->put(pod_on("kept", "alive"));
  corev1::Pod lost = pod_on("lost", "dead");
  lost.metadata.finalizers = {"test/keep"};
  h.sim.api->put(lost);
  h.sim.run_for(seconds(50));
  EXPECT_EQ(deletions_of(h.sim, "lost"), 0u);  // the node may come back
  h.sim.run_for(seconds(70));
  lost = *h.sim.api->get<corev1::Pod>("default", "lost");
  EXPECT_TRUE(lost.metadata.deletionTimestamp.has_value());
  EXPECT_EQ(lost.status.phase, "Failed");
  ASSERT_EQ(lost.status.conditions.size(), 1u);
  EXPECT_EQ(lost.status.conditions[0].type, "DisruptionTarget");
  EXPECT_EQ(lost.status.conditions[0].reason, "DeletionByPodGC");
  EXPECT_EQ(lost.status.conditions[0].message, "PodGC: node no longer exists");
  EXPECT_EQ(pods(h.sim), (std::vector<std::string>{"kept", "lost"}));
  EXPECT_EQ(deletions_of(h.sim, "kept"), 0u);
}

TEST_P(PodGcControllerTest, ATerminatingPodThatNeverHadANodeGoes) {
  testing::Harness<PodGcController> h(GetParam());
  h.sim.api->put(terminating(pod_on("never", "", "Pending")));
  h.sim.api->put(pod_on("waiting", "", "Pending"));
  h.sim.run_for(seconds(60));
  EXPECT_GT(deletions_of(h.sim, "never"), 0u);
  EXPECT_EQ(h.sim.api->get<corev1::Pod>("default", "never")->status.phase, "Failed");
  EXPECT_EQ(deletions_of(h.sim, "waiting"), 0u);
}

TEST_P(PodGcControllerTest, TerminatingPodsOfANodeOutOfServiceGo) {
  testing::Harness<PodGcController> h(GetParam());
  corev1::Node node = node_named("broken");
  node.spec.taints.emplace_back().key = "node.kubernetes.io/out-of-service";
  h.sim.api->put(node);
  h.sim.api->put(node_named("slow"));
  h.sim.api->put(terminating(pod_on("a", "broken")));
  h.sim.api->put(pod_on("b", "broken"));
  h.sim.api->put(terminating(pod_on("c", "slow")));
  h.sim.run_for(seconds(60));
  EXPECT_GT(deletions_of(h.sim, "a"), 0u);
  EXPECT_EQ(deletions_of(h.sim, "b"), 0u);
  EXPECT_EQ(deletions_of(h.sim, "c"), 0u);
}

TEST_P(PodGcControllerTest, FinishedPodsBeyondTheThresholdGoEvictedAndOldOnesFirst) {
  ControllerOptions options;
  options.terminated_pod_gc_threshold = 2;
  testing::Harness<PodGcController> h(GetParam(), options);
  h.sim.api->put(node_named("n"));
  int64_t age = 0;
  for (const char* name : {"oldest", "old", "young", "youngest"}) {
    corev1::Pod pod = pod_on(name, "n", "Succeeded");
    pod.metadata.creationTimestamp = api::Time{++age};
    h.sim.api->put(pod);
  }
  corev1::Pod evicted = pod_on("evicted", "n", "Failed");
  evicted.status.reason = "Evicted";
  evicted.metadata.creationTimestamp = api::Time{100};
  h.sim.api->put(evicted);
  h.sim.api->put(pod_on("running", "n"));
  h.sim.run_for(seconds(60));
  EXPECT_EQ(pods(h.sim), (std::vector<std::string>{"running", "young", "youngest"}));
}

}  // namespace
}  // namespace xebec::controllers
