#include "controllers/nodelifecycle/controller.h"

#include "controllers/nodelifecycle/taints.h"
#include "controllers/testing/harness.h"

namespace xebec::controllers {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

XEBEC_CONTROLLER_SUITE(NodeLifecycleControllerTest);

corev1::Node ready_node(std::string name, std::string zone = {}) {
  corev1::Node node;
  node.metadata.name = std::move(name);
  if (!zone.empty()) node.metadata.labels["topology.kubernetes.io/zone"] = zone;
  node.metadata.labels["kubernetes.io/os"] = "linux";
  corev1::NodeCondition& condition = node.status.conditions.emplace_back();
  condition.type = "Ready";
  condition.status = "True";
  condition.reason = "KubeletReady";
  return node;
}

corev1::Pod ready_pod(std::string name, std::string node) {
  corev1::Pod pod;
  pod.metadata.name = std::move(name);
  pod.metadata.namespace_ = "default";
  pod.spec.nodeName = std::move(node);
  pod.status.phase = "Running";
  corev1::PodCondition& condition = pod.status.conditions.emplace_back();
  condition.type = "Ready";
  condition.status = "True";
  return pod;
}

// The leases of these nodes are renewed every ten seconds for that long; those of others are not.
void live(client::testing::Sim& sim, const std::vector<std::string>& nodes, Duration time) {
  for (Duration passed{}; passed < time; passed += seconds(10)) {
    for (const std::string& name : nodes) {
      coordinationv1::Lease lease;
      lease.metadata.name = name;
      lease.metadata.namespace_ = "kube-node-lease";
      lease.spec.renewTime = api::MicroTime::from_unix_micros(
          std::chrono::duration_cast<std::chrono::microseconds>(sim.clock.now().time_since_epoch()).count());
      sim.api->put(lease);
    }
    sim.run_for(seconds(10));
  }
}

corev1::Node node_of(client::testing::Sim& sim, std::string_view name) {
  return *sim.api->get<corev1::Node>("", name);
}

size_t tainted(client::testing::Sim& sim, std::string_view key) {
  size_t count = 0;
  for (const corev1::Node& node : sim.api->list<corev1::Node>()) count += has_execution_taint(node, key);
  return count;
}

TEST_P(NodeLifecycleControllerTest, ASilentNodeBecomesUnknownTaintedAndItsPodsNotReady) {
  testing::Harness<NodeLifecycleController> h(GetParam());
  h.sim.api->put(ready_node("alive"));
  h.sim.api->put(ready_node("dead"));
  h.sim.api->put(ready_pod("a", "alive"));
  h.sim.api->put(ready_pod("d", "dead"));
  live(h.sim, {"alive", "dead"}, minutes(2));
  EXPECT_TRUE(node_of(h.sim, "dead").spec.taints.empty());
  live(h.sim, {"alive"}, minutes(2));
  corev1::Node dead = node_of(h.sim, "dead");
  const corev1::NodeCondition* ready = condition_of(dead, "Ready");
  EXPECT_EQ(ready->status, "Unknown");
  EXPECT_EQ(ready->reason, "NodeStatusUnknown");
  EXPECT_EQ(ready->message, "Kubelet stopped posting node status.");
  EXPECT_EQ(condition_of(dead, "MemoryPressure")->reason, "NodeStatusNeverUpdated");
  ASSERT_EQ(dead.spec.taints.size(), 2u);
  for (const corev1::Taint& taint : dead.spec.taints) {
    EXPECT_EQ(taint.key, kTaintUnreachable);
    EXPECT_TRUE(taint.timeAdded.has_value());
  }
  EXPECT_TRUE(pod_ready(*h.sim.api->get<corev1::Pod>("default", "a")));
  EXPECT_FALSE(pod_ready(*h.sim.api->get<corev1::Pod>("default", "d")));
  EXPECT_TRUE(node_of(h.sim, "alive").spec.taints.empty());
  EXPECT_EQ(h.events("NodeNotReady"),
            (std::vector<std::string>{"Node is not ready", "Node dead status is now: NodeNotReady"}));
}

TEST_P(NodeLifecycleControllerTest, ANodeThatComesBackLosesItsTaintsAtOnce) {
  testing::Harness<NodeLifecycleController> h(GetParam());
  h.sim.api->put(ready_node("alive"));
  h.sim.api->put(ready_node("flaky"));
  live(h.sim, {"alive"}, minutes(3));
  ASSERT_EQ(tainted(h.sim, kTaintUnreachable), 1u);
  corev1::Node back = node_of(h.sim, "flaky");
  for (auto& condition : back.status.conditions)
    condition.status = condition.type == "Ready" ? "True" : "False";
  h.sim.api->put(back);
  live(h.sim, {"alive", "flaky"}, seconds(30));
  EXPECT_TRUE(node_of(h.sim, "flaky").spec.taints.empty());
}

TEST_P(NodeLifecycleControllerTest, ANodeThatSaysItIsNotReadyIsTaintedSo) {
  testing::Harness<NodeLifecycleController> h(GetParam());
  h.sim.api->put(ready_node("alive"));
  corev1::Node sick = ready_node("sick");
  sick.status.conditions[0].status = "False";
  corev1::NodeCondition& pressure = sick.status.conditions.emplace_back();
  pressure.type = "DiskPressure";
  pressure.status = "True";
  sick.spec.unschedulable = true;
  h.sim.api->put(sick);
  live(h.sim, {"alive", "sick"}, seconds(60));
  std::set<std::string> taints;
  for (const auto& taint : node_of(h.sim, "sick").spec.taints) taints.insert(taint.key + ":" + taint.effect);
  EXPECT_EQ(taints, (std::set<std::string>{"node.kubernetes.io/not-ready:NoSchedule",
                                           "node.kubernetes.io/not-ready:NoExecute",
                                           "node.kubernetes.io/disk-pressure:NoSchedule",
                                           "node.kubernetes.io/unschedulable:NoSchedule"}));
}

TEST_P(NodeLifecycleControllerTest, ANodeThatNeverSpokeHasTheStartupGracePeriod) {
  testing::Harness<NodeLifecycleController> h(GetParam());
  h.sim.api->put(ready_node("alive"));
  corev1::Node mute;
  mute.metadata.name = "mute";
  h.sim.api->put(mute);
  live(h.sim, {"alive"}, seconds(50));
  EXPECT_TRUE(node_of(h.sim, "mute").status.conditions.empty());
  live(h.sim, {"alive"}, seconds(60));
  EXPECT_EQ(condition_of(node_of(h.sim, "mute"), "Ready")->reason, "NodeStatusNeverUpdated");
}

TEST_P(NodeLifecycleControllerTest, NodesOfAZoneAreTaintedOneInTenSeconds) {
  testing::Harness<NodeLifecycleController> h(GetParam());
  std::vector<std::string> alive;
  for (int i = 0; i < 12; ++i) alive.push_back("alive-" + std::to_string(i));
  for (const std::string& name : alive) h.sim.api->put(ready_node(name));
  for (int i = 0; i < 10; ++i) h.sim.api->put(ready_node("dead-" + std::to_string(i)));
  live(h.sim, alive, seconds(60));
  size_t early = tainted(h.sim, kTaintUnreachable);
  live(h.sim, alive, seconds(50));
  size_t later = tainted(h.sim, kTaintUnreachable);
  EXPECT_LE(early, 2u);
  EXPECT_GE(later, early + 3);
  EXPECT_LE(later, early + 6);
  live(h.sim, alive, minutes(2));
  EXPECT_EQ(tainted(h.sim, kTaintUnreachable), 10u);
}

TEST_P(NodeLifecycleControllerTest, InASmallZoneThatIsMostlyDownNobodyIsEvicted) {
  testing::Harness<NodeLifecycleController> h(GetParam());
  h.sim.api->put(ready_node("alive", "a"));
  for (int i = 0; i < 4; ++i) h.sim.api->put(ready_node("dead-" + std::to_string(i), "a"));
  h.sim.api->put(ready_node("elsewhere", "b"));
  live(h.sim, {"alive", "elsewhere", "dead-0", "dead-1", "dead-2", "dead-3"}, seconds(60));
  live(h.sim, {"alive", "elsewhere"}, minutes(5));
  // The first may have gone before the zone was found to be down.
  EXPECT_LE(tainted(h.sim, kTaintUnreachable), 1u);
  EXPECT_EQ(condition_of(node_of(h.sim, "dead-3"), "Ready")->status, "Unknown");
}

TEST_P(NodeLifecycleControllerTest, WhenEveryNodeIsSilentNobodyIsEvicted) {
  testing::Harness<NodeLifecycleController> h(GetParam());
  h.sim.api->put(ready_node("a", "1"));
  h.sim.api->put(ready_node("b", "2"));
  live(h.sim, {"a", "b"}, seconds(60));
  h.sim.run_for(minutes(10));
  EXPECT_EQ(condition_of(node_of(h.sim, "a"), "Ready")->status, "Unknown");
  EXPECT_EQ(condition_of(node_of(h.sim, "b"), "Ready")->status, "Unknown");
  EXPECT_EQ(tainted(h.sim, kTaintUnreachable), 0u);
}

TEST_P(NodeLifecycleControllerTest, NodesHaveTheirBetaLabels) {
  testing::Harness<NodeLifecycleController> h(GetParam());
  h.sim.api->put(ready_node("a"));
  h.sim.run_for(seconds(20));
  EXPECT_EQ(node_of(h.sim, "a").metadata.labels.value_or("beta.kubernetes.io/os", ""), "linux");
}

TEST_P(NodeLifecycleControllerTest, ComingAndGoingIsTold) {
  testing::Harness<NodeLifecycleController> h(GetParam());
  h.sim.api->put(ready_node("a"));
  h.sim.run_for(seconds(20));
  h.sim.api->remove<corev1::Node>("", "a");
  h.sim.run_for(seconds(20));
  EXPECT_EQ(h.events("RegisteredNode"),
            std::vector<std::string>{"Node a event: Registered Node a in Controller"});
  EXPECT_EQ(h.events("RemovingNode"),
            std::vector<std::string>{"Node a event: Removing Node a from Controller"});
}

TEST(ZoneState, NeedsThreeNodesDownToBePartial) {
  EXPECT_EQ(zone_state(1, 2, 0.55), ZoneState::kNormal);
  EXPECT_EQ(zone_state(2, 3, 0.55), ZoneState::kPartialDisruption);
  EXPECT_EQ(zone_state(4, 3, 0.55), ZoneState::kNormal);
  EXPECT_EQ(zone_state(0, 1, 0.55), ZoneState::kFullDisruption);
  EXPECT_EQ(zone_state(0, 0, 0.55), ZoneState::kNormal);
}

TEST(ZoneQueue, GivesOneAtOnceAndThenAtItsRate) {
  ZoneQueue queue(0.1);
  MonotonicTime now{seconds(100)};
  EXPECT_TRUE(queue.add("a"));
  EXPECT_FALSE(queue.add("a"));
  queue.add("b");
  EXPECT_EQ(queue.take(now), "a");
  EXPECT_EQ(queue.take(now + seconds(9)), std::nullopt);
  EXPECT_EQ(queue.next(), now + seconds(10));
  EXPECT_FALSE(queue.add("a"));  // until it is well again
  EXPECT_TRUE(queue.remove("a"));
  EXPECT_TRUE(queue.add("a"));
  // A change of the rate gives no turn for nothing.
  queue.set_rate(0, now + seconds(10));
  EXPECT_EQ(queue.take(now + seconds(50)), std::nullopt);
  queue.set_rate(0.1, now + seconds(50));
  EXPECT_EQ(queue.take(now + seconds(50)), std::nullopt);
  EXPECT_EQ(queue.take(now + seconds(60)), "b");
}

}  // namespace
}  // namespace xebec::controllers
