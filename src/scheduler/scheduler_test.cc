// The parts of the scheduler: plugins' decisions, the cache, the queue.
#include <fmt/format.h>

#include "base/scope.h"
#include "base/sim_executor.h"
#include "scheduler/cache.h"
#include "scheduler/diagnosis.h"
#include "scheduler/plugins/plugins.h"
#include "scheduler/queue.h"
#include "scheduler/scheduler_metrics.h"
#include "scheduler/test_objects.h"

namespace xebec::scheduler {
namespace {

using testing::make_node;
using testing::make_pod;

NodeInfo info_of(std::shared_ptr<const corev1::Node> node) {
  NodeInfo info;
  info.set_node(std::move(node));
  return info;
}

Rejection filter(std::unique_ptr<Plugin> plugin, const corev1::Pod& pod, const NodeInfo& node) {
  CycleState state;
  PodInfo info(std::make_shared<const corev1::Pod>(pod));
  return dynamic_cast<FilterPlugin&>(*plugin).filter(state, info, node);
}

TEST(NodeResourcesFit, NamesEachResourceThatIsShort) {
  NodeInfo node = info_of(make_node("n", "1", "1"));
  node.add_pod(std::make_shared<const PodInfo>(make_pod("there", "600m", "n")));
  Rejection rejection = filter(make_node_resources_fit(), *make_pod("p", "500m"), node);
  EXPECT_EQ(rejection.reasons, (std::vector<std::string>{"Too many pods", "Insufficient cpu"}));
}

TEST(TaintToleration, AnUntoleratedTaintRejectsInUpstreamsWords) {
  corev1::Node node = *make_node("n");
  corev1::Taint& taint = node.spec.taints.emplace_back();
  taint.key = "node.kubernetes.io/not-ready";
  taint.effect = "NoSchedule";
  NodeInfo info = info_of(std::make_shared<const corev1::Node>(node));
  corev1::Pod pod = *make_pod("p");
  Rejection rejection = filter(make_taint_toleration(), pod, info);
  ASSERT_TRUE(rejection.rejected());
  EXPECT_EQ(rejection.reasons[0], "node(s) had untolerated taint(s)");
  corev1::Toleration& toleration = pod.spec.tolerations.emplace_back();
  toleration.operator_ = "Exists";
  EXPECT_FALSE(filter(make_taint_toleration(), pod, info).rejected());
}

TEST(NodeAffinity, SelectorAndRequiredTermsMustMatch) {
  corev1::Node node = *make_node("n");
  node.metadata.labels["disk"] = "ssd";
  node.metadata.labels["cores"] = "8";
  corev1::PodSpec spec;
  spec.nodeSelector["disk"] = "ssd";
  EXPECT_TRUE(matches_node_affinity(spec, node));
  auto& terms = spec.affinity.emplace()
                    .nodeAffinity.emplace()
                    .requiredDuringSchedulingIgnoredDuringExecution.emplace()
                    .nodeSelectorTerms;
  auto& requirement = terms.emplace_back().matchExpressions.emplace_back();
  requirement.key = "cores";
  requirement.operator_ = "Gt";
  requirement.values = {"8"};
  EXPECT_FALSE(matches_node_affinity(spec, node));
  requirement.values = {"4"};
  EXPECT_TRUE(matches_node_affinity(spec, node));
}

TEST(HostPorts, TheWildcardAddressConflictsWithEveryOther) {
  HostPorts ports;
  corev1::ContainerPort port;
  port.hostPort = 80;
  port.protocol = "TCP";
  port.hostIP = "10.0.0.1";
  ports.add(port);
  corev1::ContainerPort other = port;
  other.hostIP = "10.0.0.2";
  EXPECT_FALSE(ports.conflicts(other));
  other.hostIP.clear();
  EXPECT_TRUE(ports.conflicts(other));
}

TEST(Diagnosis, CountsReasonsAsUpstreamDoes) {
  Diagnosis diagnosis(3);
  diagnosis.add("a", Rejection::because("Insufficient memory"), "NodeResourcesFit");
  diagnosis.add("b", Rejection::because("Too many pods"), "NodeResourcesFit");
  diagnosis.add("c", Rejection::because("Too many pods"), "NodeResourcesFit");
  EXPECT_EQ(diagnosis.message(), "0/3 nodes are available: 1 Insufficient memory, 2 Too many pods.");
  EXPECT_EQ(Diagnosis(0).message(), "no nodes available to schedule pods");
}

TEST(Diagnosis, NodesThatWereNotLookedAtCountToo) {
  Diagnosis diagnosis(3);
  diagnosis.set_rest("node(s) didn't satisfy plugin(s) [NodeAffinity]", "NodeAffinity");
  diagnosis.add("a", Rejection::because("Insufficient cpu"), "NodeResourcesFit");
  diagnosis.set_preemption("not eligible due to preemptionPolicy=Never.");
  EXPECT_EQ(diagnosis.message(),
            "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) didn't satisfy plugin(s) [NodeAffinity]. "
            "no new claims to deallocate, preemption: not eligible due to preemptionPolicy=Never.");
}

TEST(Cache, AnAssumedPodCountsUntilItIsForgotten) {
  Cache cache;
  cache.set_node(make_node("n"));
  cache.assume(std::make_shared<const PodInfo>(make_pod("p", "1")), "n");
  EXPECT_EQ(cache.nodes()[0]->requested.milli_cpu, 1000);
  cache.forget("p");
  EXPECT_EQ(cache.nodes()[0]->requested.milli_cpu, 0);
  cache.assume(std::make_shared<const PodInfo>(make_pod("p", "1")), "n");
  cache.set_pod(make_pod("p", "1", "n"));
  cache.forget("p");
  EXPECT_EQ(cache.nodes()[0]->requested.milli_cpu, 1000);
}

class QueueTest : public ::testing::Test {
 protected:
  std::optional<QueuedPod> pop() {
    // Shared: when nothing comes, the task goes on waiting after the caller has left.
    auto out = std::make_shared<std::optional<QueuedPod>>();
    scope_.spawn(keep(queue_, scope_.token(), out));
    executor_.run_for(std::chrono::milliseconds(1));
    return *out;
  }
  ~QueueTest() override {
    scope_.cancel();
    executor_.run_for(std::chrono::seconds(1));
  }
  // The next Pod is tried, and this plugin does not want it.
  void reject(std::string plugin) {
    QueuedPod pod = *pop();
    pod.rejected_by = {std::move(plugin)};
    queue_.add_unschedulable(std::move(pod), queue_.event_counter());
  }
  static Task<void> keep(SchedulingQueue& queue, CancelToken token,
                         std::shared_ptr<std::optional<QueuedPod>> out) {
    std::optional<QueuedPod> popped = co_await queue.pop(token);
    if (popped) out->emplace(std::move(*popped));
  }

  SimExecutor executor_;
  Profile profile_ = default_profile();
  SchedulingQueue queue_{executor_, profile_};
  Scope scope_{executor_};
};

TEST_F(QueueTest, TheHighestPriorityComesFirst) {
  corev1::Pod urgent = *make_pod("urgent");
  urgent.spec.priority = 100;
  queue_.add_or_update(make_pod("usual"));
  queue_.add_or_update(std::make_shared<const corev1::Pod>(urgent));
  EXPECT_EQ(pop()->info->uid(), "urgent");
  EXPECT_EQ(pop()->info->uid(), "usual");
}

TEST_F(QueueTest, ARejectedPodWaitsForAnEventThatItsPluginCaresAbout) {
  queue_.add_or_update(make_pod("p"));
  QueuedPod pod = *pop();
  pod.rejected_by = {"NodeResourcesFit"};
  queue_.add_unschedulable(std::move(pod), queue_.event_counter());
  queue_.on_event(ClusterEvent(ClusterEvent::kNodeLabel));
  EXPECT_EQ(queue_.unschedulable(), 1u);
  queue_.on_event(ClusterEvent(ClusterEvent::kAssignedPodDeleted));
  EXPECT_EQ(queue_.backing_off(), 1u);
  executor_.run_for(std::chrono::seconds(2));
  EXPECT_EQ(queue_.active(), 1u);
}

TEST_F(QueueTest, ABackOffThatIsOverIsNotWaitedForAgain) {
  queue_.add_or_update(make_pod("p"));
  reject("NodeResourcesFit");
  executor_.run_for(std::chrono::seconds(20));
  EXPECT_EQ(queue_.unschedulable(), 1u);
  queue_.on_event(ClusterEvent(ClusterEvent::kAssignedPodDeleted));
  EXPECT_EQ(queue_.active(), 1u);
}

TEST_F(QueueTest, BackOffDoublesWithEveryAttempt) {
  queue_.add_or_update(make_pod("p"));
  std::vector<int> waits;
  for (int i = 0; i < 6; ++i) {
    reject("NodeResourcesFit");
    queue_.on_event(ClusterEvent(ClusterEvent::kAssignedPodDeleted));
    int seconds = 0;
    for (; queue_.active() == 0 && seconds < 100; ++seconds) executor_.run_for(std::chrono::seconds(1));
    waits.push_back(seconds);
  }
  EXPECT_EQ(waits, (std::vector<int>{1, 2, 4, 8, 10, 10}));
}

TEST_F(QueueTest, WithNothingElseToDoABackOffIsCutShort) {
  queue_.add_or_update(make_pod("p"));
  reject("NodeResourcesFit");
  queue_.on_event(ClusterEvent(ClusterEvent::kAssignedPodDeleted));
  ASSERT_EQ(queue_.backing_off(), 1u);
  EXPECT_EQ(pop()->info->uid(), "p");
}

TEST_F(QueueTest, AnErrorIsWaitedOut) {
  queue_.add_or_update(make_pod("p"));
  QueuedPod pod = *pop();
  queue_.add_unschedulable(std::move(pod), queue_.event_counter());
  EXPECT_EQ(queue_.backing_off(), 1u);
  EXPECT_FALSE(pop());
  executor_.run_for(std::chrono::seconds(2));
  EXPECT_EQ(queue_.backing_off(), 0u);
}

TEST_F(QueueTest, AHintSavesUselessAttempts) {
  corev1::Pod pod = *make_pod("p", "4");
  queue_.add_or_update(std::make_shared<const corev1::Pod>(pod));
  reject("NodeResourcesFit");
  ClusterEvent event(ClusterEvent::kNodeAdded);
  event.node = make_node("small", "2");
  queue_.on_event(event);
  EXPECT_EQ(queue_.unschedulable(), 1u);
  event.node = make_node("big", "8");
  queue_.on_event(event);
  EXPECT_EQ(queue_.backing_off(), 1u);
}

TEST_F(QueueTest, MetricsNameWhatBroughtAPodAsUpstream) {
  Metrics metrics;
  SchedulerMetrics counts(&metrics, "default-scheduler");
  SchedulingQueue queue(executor_, profile_, &counts);
  auto came_by = [&](std::string_view event) {
    return metrics.text().find(fmt::format("scheduler_queue_incoming_pods_total{{event=\"{}\",queue=",
                                           event)) != std::string::npos;
  };
  corev1::Pod pod = *make_pod("p", "4");
  pod.spec.schedulingGates.emplace_back().name = "example.com/wait";
  auto update = [&] { queue.add_or_update(std::make_shared<const corev1::Pod>(pod)); };
  update();
  EXPECT_TRUE(came_by("UnschedulablePodAdd"));
  pod.metadata.labels["a"] = "b";
  update();
  EXPECT_FALSE(came_by("UnschedulablePodUpdatePodLabel")) << "the gate is still there";
  pod.spec.schedulingGates.clear();
  update();
  EXPECT_TRUE(came_by("UnschedulablePodUpdatePodSchedulingGatesEliminated"));
  pod.spec.nodeSelector["a"] = "b";
  update();
  EXPECT_TRUE(came_by("UnschedulablePodUpdate"));
}

TEST_F(QueueTest, AGatedPodWaitsForItsGatesOnly) {
  corev1::Pod pod = *make_pod("p");
  pod.spec.schedulingGates.emplace_back().name = "example.com/wait";
  queue_.add_or_update(std::make_shared<const corev1::Pod>(pod));
  executor_.run_for(std::chrono::minutes(6));
  queue_.on_event(ClusterEvent(ClusterEvent::kNodeAdded));
  EXPECT_EQ(queue_.unschedulable(), 1u);
  pod.metadata.labels["a"] = "b";
  queue_.add_or_update(std::make_shared<const corev1::Pod>(pod));
  EXPECT_EQ(queue_.unschedulable(), 1u);
  pod.spec.schedulingGates.clear();
  queue_.add_or_update(std::make_shared<const corev1::Pod>(pod));
  EXPECT_EQ(queue_.active(), 1u) << "it was never tried: there is no back-off";
}

TEST_F(QueueTest, AnEventDuringTheAttemptIsNotLost) {
  queue_.add_or_update(make_pod("p"));
  QueuedPod pod = *pop();
  uint64_t popped_at = queue_.event_counter();
  queue_.on_event(ClusterEvent(ClusterEvent::kNodeAdded));
  pod.rejected_by = {"NodeResourcesFit"};
  queue_.add_unschedulable(std::move(pod), popped_at);
  EXPECT_EQ(queue_.backing_off(), 1u);
}

TEST_F(QueueTest, NothingWaitsLongerThanFiveMinutes) {
  queue_.add_or_update(make_pod("p"));
  QueuedPod pod = *pop();
  pod.rejected_by = {"NodeName"};
  queue_.add_unschedulable(std::move(pod), queue_.event_counter());
  executor_.run_for(std::chrono::minutes(6));
  EXPECT_EQ(queue_.active(), 1u);
}

}  // namespace
}  // namespace xebec::scheduler
