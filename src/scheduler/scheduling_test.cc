// The whole scheduler over a fake API, in virtual time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/testing/sim.h"
#include "scheduler/scheduler.h"
#include "scheduler/test_objects.h"

namespace xebec::scheduler {
namespace {

using namespace std::chrono_literals;

class SchedulingTest : public ::testing::Test {
 protected:
  void start() {
    sim.env.metrics = &metrics;
    scheduler = std::make_unique<Scheduler>(sim.rest, sim.env, SchedulerOptions(), default_profile());
    life = std::make_unique<Scope>(sim.executor);
    life->spawn(scheduler->run(life->token()));
    run(100ms);
  }
  ~SchedulingTest() override {
    if (!life) return;
    life->cancel();
    sim.run_for(1s);
  }
  void run(Duration duration) { sim.run_for(duration); }
  corev1::Pod get(const std::string& name) { return sim.api->get<corev1::Pod>("default", name).value(); }
  void put(const std::string& name, const std::string& cpu, std::optional<int32_t> priority = {},
           const std::string& node = "") {
    corev1::Pod pod = *testing::make_pod(name, cpu, node);
    pod.spec.schedulerName = "default-scheduler";
    pod.spec.priority = priority;
    pod.status.phase = node.empty() ? "Pending" : "Running";
    sim.api->put(pod);
  }
  std::vector<std::string> events(const std::string& name) {
    std::vector<std::string> out;
    for (const corev1::Event& event : sim.api->list<corev1::Event>("default")) {
      if (event.involvedObject.name == name)
        out.push_back(event.type + " " + event.reason + ": " + event.message);
    }
    return out;
  }
  const corev1::PodCondition* condition(const corev1::Pod& pod, std::string_view type) {
    for (const corev1::PodCondition& c : pod.status.conditions) {
      if (c.type == type) return &c;
    }
    return nullptr;
  }

  Metrics metrics;
  client::testing::Sim sim;
  std::unique_ptr<Scheduler> scheduler;
  std::unique_ptr<Scope> life;
};

TEST_F(SchedulingTest, APodThatFitsIsBound) {
  sim.api->put(*testing::make_node("n"));
  start();
  put("web", "500m");
  run(1s);
  EXPECT_EQ(get("web").spec.nodeName, "n");
  EXPECT_EQ(events("web"),
            std::vector<std::string>{"Normal Scheduled: Successfully assigned default/web to n"});
}

TEST_F(SchedulingTest, AttemptsAndQueuesAreCounted) {
  using ::testing::AllOf;
  using ::testing::HasSubstr;
  sim.api->put(*testing::make_node("n", "1"));
  start();
  put("fits", "500m", 0);
  put("waits", "900m", 0);
  run(1s);
  EXPECT_THAT(
      metrics.text(),
      AllOf(HasSubstr(
                "scheduler_schedule_attempts_total{profile=\"default-scheduler\",result=\"scheduled\"} 1\n"),
            HasSubstr("scheduler_schedule_attempts_total{profile=\"default-scheduler\",result="
                      "\"unschedulable\"} 1\n"),
            HasSubstr(
                "scheduler_scheduling_attempt_duration_seconds_count{profile=\"default-scheduler\",result="
                "\"scheduled\"} 1\n"),
            HasSubstr("scheduler_scheduling_algorithm_duration_seconds_count 2\n"),
            HasSubstr("scheduler_pod_scheduling_attempts_bucket{le=\"1\"} 1\n"),
            HasSubstr("scheduler_pod_scheduling_sli_duration_seconds_count{attempts=\"1\"} 1\n"),
            HasSubstr(
                "scheduler_queue_incoming_pods_total{event=\"UnschedulablePodAdd\",queue=\"active\"} 2\n"),
            HasSubstr("scheduler_queue_incoming_pods_total{event=\"ScheduleAttemptFailure\",queue="
                      "\"unschedulable\"} 1\n"),
            HasSubstr("scheduler_pending_pods{queue=\"active\"} 0\n"),
            HasSubstr("scheduler_pending_pods{queue=\"unschedulable\"} 1\n")));
  sim.api->put(*testing::make_node("m", "1"));
  run(20s);
  EXPECT_EQ(get("waits").spec.nodeName, "m");
  EXPECT_THAT(metrics.text(),
              AllOf(HasSubstr("scheduler_queue_incoming_pods_total{event=\"NodeAdd\",queue="),
                    HasSubstr("scheduler_pending_pods{queue=\"unschedulable\"} 0\n"),
                    HasSubstr("scheduler_pod_scheduling_sli_duration_seconds_count{attempts=\"2\"} 1\n")));
}

TEST_F(SchedulingTest, APodThatDoesNotFitSaysWhyAndIsPlacedWhenThereIsRoom) {
  sim.api->put(*testing::make_node("n", "1"));
  put("there", "800m", 0, "n");
  start();
  put("web", "500m", 0);
  run(1s);
  std::string why =
      "0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, "
      "preemption: 0/1 nodes are available: 1 No preemption "
      "victims "
      "found for incoming pod.";
  EXPECT_EQ(events("web"), std::vector<std::string>{"Warning FailedScheduling: " + why});
  corev1::Pod pod = get("web");
  const corev1::PodCondition* scheduled = condition(pod, "PodScheduled");
  ASSERT_NE(scheduled, nullptr);
  EXPECT_EQ(scheduled->status + " " + scheduled->reason, "False Unschedulable");
  EXPECT_EQ(scheduled->message, why);
  sim.api->remove<corev1::Pod>("default", "there");
  run(3s);
  EXPECT_EQ(get("web").spec.nodeName, "n");
}

TEST_F(SchedulingTest, WithoutNodesThePodWaits) {
  start();
  put("web", "");
  run(1s);
  EXPECT_EQ(events("web"),
            std::vector<std::string>{"Warning FailedScheduling: no nodes available to schedule pods"});
  sim.api->put(*testing::make_node("n"));
  run(3s);
  EXPECT_EQ(get("web").spec.nodeName, "n");
}

TEST_F(SchedulingTest, AGatedPodIsNotTried) {
  sim.api->put(*testing::make_node("n"));
  start();
  corev1::Pod pod = *testing::make_pod("web");
  pod.spec.schedulerName = "default-scheduler";
  pod.spec.schedulingGates.emplace_back().name = "example.com/wait";
  sim.api->put(pod);
  run(5s);
  EXPECT_EQ(get("web").spec.nodeName, "");
  EXPECT_TRUE(events("web").empty());
  pod = get("web");
  pod.spec.schedulingGates.clear();
  sim.api->put(pod);
  run(1s);
  EXPECT_EQ(get("web").spec.nodeName, "n");
}

TEST_F(SchedulingTest, PodsOfOtherSchedulersAreLeftAlone) {
  sim.api->put(*testing::make_node("n"));
  start();
  corev1::Pod pod = *testing::make_pod("web");
  pod.spec.schedulerName = "mine";
  sim.api->put(pod);
  run(2s);
  EXPECT_EQ(get("web").spec.nodeName, "");
}

TEST_F(SchedulingTest, AMoreImportantPodTakesThePlaceOfALesserOne) {
  sim.api->put(*testing::make_node("n", "1"));
  put("lesser", "800m", 0, "n");
  start();
  put("web", "500m", 1000);
  run(1s);
  EXPECT_FALSE(sim.api->get<corev1::Pod>("default", "lesser")) << "the fake knows no grace";
  EXPECT_EQ(events("lesser"), std::vector<std::string>{"Normal Preempted: Preempted by pod web on node n"});
  run(3s);
  EXPECT_EQ(get("web").spec.nodeName, "n");
}

}  // namespace
}  // namespace xebec::scheduler
