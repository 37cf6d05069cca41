#include "controllers/tainteviction/controller.h"

#include "controllers/testing/harness.h"

namespace xebec::controllers {
namespace {

using std::chrono::seconds;

XEBEC_CONTROLLER_SUITE(TaintEvictionControllerTest);

constexpr std::string_view kUnreachable = "node.kubernetes.io/unreachable";

corev1::Taint taint_of(std::string_view key) {
  corev1::Taint taint;
  taint.key = key;
  taint.effect = "NoExecute";
  return taint;
}

corev1::Toleration toleration_of(std::string_view key, std::optional<int64_t> for_seconds) {
  corev1::Toleration toleration;
  toleration.key = key;
  toleration.operator_ = "Exists";
  toleration.effect = "NoExecute";
  toleration.tolerationSeconds = for_seconds;
  return toleration;
}

corev1::Node node_with(std::vector<corev1::Taint> taints) {
  corev1::Node node;
  node.metadata.name = "n";
  node.spec.taints = std::move(taints);
  return node;
}

// With a finalizer, so that what was done to it can be seen.
corev1::Pod pod_with(std::string name, std::vector<corev1::Toleration> tolerations) {
  corev1::Pod pod;
  pod.metadata.name = std::move(name);
  pod.metadata.namespace_ = "default";
  pod.metadata.finalizers = {"test/keep"};
  pod.spec.nodeName = "n";
  pod.spec.tolerations = std::move(tolerations);
  pod.status.phase = "Running";
  return pod;
}

bool deleted(client::testing::Sim& sim, std::string_view name) {
  return sim.api->get<corev1::Pod>("default", name)->metadata.deletionTimestamp.has_value();
}

TEST_P(TaintEvictionControllerTest, PodsGoWhenTheirTolerationRunsOut) {
  testing::Harness<TaintEvictionController> h(GetParam());
  h.sim.api->put(node_with({}));
  h.sim.api->put(pod_with("now", {}));
  h.sim.api->put(pod_with("later", {toleration_of(kUnreachable, 100)}));
  h.sim.api->put(pod_with("never", {toleration_of(kUnreachable, std::nullopt)}));
  h.sim.run_for(seconds(30));
  EXPECT_FALSE(deleted(h.sim, "now"));
  h.sim.api->put(node_with({taint_of(kUnreachable)}));
  h.sim.run_for(seconds(30));
  EXPECT_TRUE(deleted(h.sim, "now"));
  EXPECT_FALSE(deleted(h.sim, "later"));
  h.sim.run_for(seconds(90));
  EXPECT_TRUE(deleted(h.sim, "later"));
  EXPECT_FALSE(deleted(h.sim, "never"));
  EXPECT_EQ(h.events("TaintManagerEviction"),
            (std::vector<std::string>{"Marking for deletion Pod default/later",
                                      "Marking for deletion Pod default/now"}));
  corev1::Pod pod = *h.sim.api->get<corev1::Pod>("default", "now");
  ASSERT_EQ(pod.status.conditions.size(), 1u);
  EXPECT_EQ(pod.status.conditions[0].type, "DisruptionTarget");
  EXPECT_EQ(pod.status.conditions[0].status, "True");
  EXPECT_EQ(pod.status.conditions[0].reason, "DeletionByTaintManager");
  EXPECT_EQ(pod.status.conditions[0].message, "Taint manager: deleting due to NoExecute taint");
  EXPECT_EQ(pod.status.phase, "Running");
}

TEST_P(TaintEvictionControllerTest, ATaintThatIsTakenOffInTimeSparesThePod) {
  testing::Harness<TaintEvictionController> h(GetParam());
  h.sim.api->put(node_with({taint_of(kUnreachable)}));
  h.sim.api->put(pod_with("lucky", {toleration_of(kUnreachable, 100)}));
  h.sim.run_for(seconds(50));
  h.sim.api->put(node_with({}));
  h.sim.run_for(seconds(200));
  EXPECT_FALSE(deleted(h.sim, "lucky"));
  EXPECT_EQ(h.events("TaintManagerEviction"),
            std::vector<std::string>{"Cancelling deletion of Pod default/lucky"});
  // The time begins again.
  h.sim.api->put(node_with({taint_of(kUnreachable)}));
  h.sim.run_for(seconds(80));
  EXPECT_FALSE(deleted(h.sim, "lucky"));
  h.sim.run_for(seconds(40));
  EXPECT_TRUE(deleted(h.sim, "lucky"));
}

TEST(AllowedStay, OfEachTaintTheFirstTolerationCountsAndOfAllTheShortest) {
  std::vector<corev1::Taint> one = {taint_of("a")}, two = {taint_of("a"), taint_of("b")};
  EXPECT_EQ(allowed_stay({}, {}), std::nullopt);
  EXPECT_EQ(allowed_stay({}, one), 0);
  EXPECT_EQ(allowed_stay({toleration_of("a", std::nullopt), toleration_of("a", 5)}, one), std::nullopt);
  EXPECT_EQ(allowed_stay({toleration_of("a", 60), toleration_of("b", 30)}, two), 30);
  EXPECT_EQ(allowed_stay({toleration_of("a", 60)}, two), 0);
  EXPECT_EQ(allowed_stay({toleration_of("", std::nullopt)}, two), std::nullopt);
  EXPECT_EQ(allowed_stay({toleration_of("a", -1)}, one), 0);
  corev1::Taint other = taint_of("a");
  other.effect = "NoSchedule";
  EXPECT_EQ(allowed_stay({}, {other}), std::nullopt);
  corev1::Toleration equal = toleration_of("a", 7);
  equal.operator_ = "Equal";
  equal.value = "x";
  EXPECT_EQ(allowed_stay({equal}, one), 0);
  one[0].value = "x";
  EXPECT_EQ(allowed_stay({equal}, one), 7);
}

}  // namespace
}  // namespace xebec::controllers
