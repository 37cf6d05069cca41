#include "controllers/job/controller.h"

#include "client/controller_ref.h"
#include "controllers/testing/harness.h"

namespace xebec::controllers {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

XEBEC_CONTROLLER_SUITE(JobControllerTest);

batchv1::Job make_job(int32_t completions, int32_t parallelism) {
  batchv1::Job job;
  job.metadata.name = "work";
  job.metadata.namespace_ = "default";
  job.metadata.generation = 1;
  job.spec.completions = completions;
  job.spec.parallelism = parallelism;
  job.spec.backoffLimit = 6;
  job.spec.completionMode = "NonIndexed";
  job.spec.selector.emplace().matchLabels["job"] = "work";
  job.spec.template_.metadata.labels["job"] = "work";
  job.spec.template_.spec.restartPolicy = "Never";
  job.spec.template_.spec.containers.emplace_back().name = "main";
  return job;
}

batchv1::Job indexed_job(int32_t completions, int32_t parallelism) {
  batchv1::Job job = make_job(completions, parallelism);
  job.spec.completionMode = "Indexed";
  return job;
}

batchv1::Job stored(client::testing::Sim& sim) { return *sim.api->get<batchv1::Job>("default", "work"); }

std::vector<corev1::Pod> pods(client::testing::Sim& sim) { return sim.api->list<corev1::Pod>("default"); }

std::vector<corev1::Pod> running(client::testing::Sim& sim) {
  std::vector<corev1::Pod> out;
  for (const corev1::Pod& pod : pods(sim)) {
    if (pod_active(pod)) out.push_back(pod);
  }
  return out;
}

// Plays the kubelet: the Pod has ended now with that exit code.
void end(client::testing::Sim& sim, corev1::Pod pod, int32_t code) {
  pod.status.phase = code == 0 ? "Succeeded" : "Failed";
  corev1::ContainerStatus& status = pod.status.containerStatuses.emplace_back();
  status.name = "main";
  auto& terminated = status.state.terminated.ensure();
  terminated.exitCode = code;
  terminated.finishedAt = to_time(sim.clock.now());
  sim.api->put(pod);
}

std::string finished(client::testing::Sim& sim) {
  for (const auto& condition : stored(sim).status.conditions) {
    bool terminal = condition.type == "Complete" || condition.type == "Failed";
    if (terminal && condition.status == "True") return condition.type + " " + condition.reason;
  }
  return "";
}

bool has_condition(client::testing::Sim& sim, std::string_view type) {
  return job::true_condition(stored(sim), type) != nullptr;
}

TEST_P(JobControllerTest, RunsAsManyAsItMayUntilEnoughHaveSucceeded) {
  testing::Harness<JobController> h(GetParam());
  h.sim.api->put(make_job(5, 2));
  int done = 0;
  for (int round = 0; round < 5 && done < 5; ++round) {
    h.sim.run_for(seconds(60));
    std::vector<corev1::Pod> now = running(h.sim);
    EXPECT_EQ(now.size(), static_cast<size_t>(std::min(2, 5 - done)));
    for (const corev1::Pod& pod : now) {
      EXPECT_TRUE(job::has_finalizer(pod));
      EXPECT_TRUE(client::is_controlled_by(pod.metadata, stored(h.sim).metadata.uid));
      end(h.sim, pod, 0);
      ++done;
    }
  }
  h.sim.run_for(seconds(60));
  batchv1::Job job = stored(h.sim);
  EXPECT_EQ(finished(h.sim), "Complete CompletionsReached");
  EXPECT_TRUE(has_condition(h.sim, "SuccessCriteriaMet"));
  EXPECT_EQ(job.status.succeeded, 5);
  EXPECT_EQ(job.status.failed, 0);
  EXPECT_EQ(job.status.active, 0);
  EXPECT_TRUE(job.status.completionTime.has_value());
  EXPECT_TRUE(job.status.startTime.has_value());
  EXPECT_TRUE(job.status.uncountedTerminatedPods->succeeded.empty());
  EXPECT_EQ(pods(h.sim).size(), 5u);
  for (const corev1::Pod& pod : pods(h.sim)) EXPECT_FALSE(job::has_finalizer(pod));
  EXPECT_EQ(h.events("Completed"), std::vector<std::string>{"Job completed"});
}

TEST_P(JobControllerTest, EveryFailureMakesTheNextTryWaitLongerUntilTheLimit) {
  testing::Harness<JobController> h(GetParam());
  batchv1::Job job = make_job(1, 1);
  job.spec.backoffLimit = 2;
  h.sim.api->put(job);
  h.sim.run_for(seconds(20));
  ASSERT_EQ(running(h.sim).size(), 1u);
  end(h.sim, running(h.sim)[0], 1);
  h.sim.run_for(seconds(8));
  EXPECT_TRUE(running(h.sim).empty());  // 10 s
  h.sim.run_for(seconds(30));
  ASSERT_EQ(running(h.sim).size(), 1u);
  end(h.sim, running(h.sim)[0], 1);
  h.sim.run_for(seconds(18));
  EXPECT_TRUE(running(h.sim).empty());  // 20 s
  h.sim.run_for(seconds(30));
  ASSERT_EQ(running(h.sim).size(), 1u);
  end(h.sim, running(h.sim)[0], 1);
  h.sim.run_for(minutes(5));
  EXPECT_EQ(finished(h.sim), "Failed BackoffLimitExceeded");
  EXPECT_TRUE(has_condition(h.sim, "FailureTarget"));
  EXPECT_EQ(stored(h.sim).status.failed, 3);
  EXPECT_EQ(pods(h.sim).size(), 3u);
  EXPECT_EQ(h.events("BackoffLimitExceeded"),
            std::vector<std::string>{"Job has reached the specified backoff limit"});
}

TEST_P(JobControllerTest, AJobThatFailsEndsThePodsThatRun) {
  testing::Harness<JobController> h(GetParam());
  batchv1::Job job = make_job(10, 3);
  job.spec.backoffLimit = 0;
  h.sim.api->put(job);
  h.sim.run_for(seconds(60));
  ASSERT_EQ(running(h.sim).size(), 3u);
  end(h.sim, running(h.sim)[0], 1);
  h.sim.run_for(seconds(60));
  EXPECT_EQ(finished(h.sim), "Failed BackoffLimitExceeded");
  EXPECT_TRUE(running(h.sim).empty());
  EXPECT_EQ(stored(h.sim).status.failed, 3);
  EXPECT_EQ(stored(h.sim).status.active, 0);
  EXPECT_EQ(stored(h.sim).status.terminating, 0);
}

TEST_P(JobControllerTest, TheDeadlineEndsIt) {
  testing::Harness<JobController> h(GetParam());
  batchv1::Job job = make_job(1, 1);
  job.spec.activeDeadlineSeconds = 100;
  h.sim.api->put(job);
  h.sim.run_for(seconds(80));
  EXPECT_EQ(finished(h.sim), "");
  h.sim.run_for(seconds(60));
  EXPECT_EQ(finished(h.sim), "Failed DeadlineExceeded");
  EXPECT_TRUE(running(h.sim).empty());
}

TEST_P(JobControllerTest, SuspendedItHasNoPodsAndResumedItStartsAnew) {
  testing::Harness<JobController> h(GetParam());
  batchv1::Job job = make_job(2, 2);
  job.spec.suspend = true;
  h.sim.api->put(job);
  h.sim.run_for(seconds(60));
  EXPECT_TRUE(pods(h.sim).empty());
  EXPECT_TRUE(has_condition(h.sim, "Suspended"));
  EXPECT_FALSE(stored(h.sim).status.startTime.has_value());
  auto suspend = [&](bool value) {
    batchv1::Job now = stored(h.sim);
    now.spec.suspend = value;
    ++now.metadata.generation;
    h.sim.api->put(now);
    h.sim.run_for(seconds(60));
  };
  suspend(false);
  EXPECT_EQ(running(h.sim).size(), 2u);
  EXPECT_FALSE(has_condition(h.sim, "Suspended"));
  suspend(true);
  EXPECT_TRUE(running(h.sim).empty());
  // Pods that are given up are no failures.
  EXPECT_EQ(stored(h.sim).status.failed, 0);
  suspend(false);
  for (const corev1::Pod& pod : running(h.sim)) end(h.sim, pod, 0);
  h.sim.run_for(seconds(60));
  EXPECT_EQ(finished(h.sim), "Complete CompletionsReached");
  EXPECT_EQ(h.events("Suspended").size(), 1u);  // told twice, as one event
  EXPECT_EQ(h.events("Resumed").size(), 1u);
}

TEST_P(JobControllerTest, IndexedPodsHaveTheirIndexAndFailedOnesASuccessor) {
  testing::Harness<JobController> h(GetParam());
  h.sim.api->put(indexed_job(3, 3));
  h.sim.run_for(seconds(60));
  ASSERT_EQ(running(h.sim).size(), 3u);
  std::set<int> indexes;
  for (const corev1::Pod& pod : running(h.sim)) {
    int index = job::index_of(pod);
    indexes.insert(index);
    EXPECT_EQ(pod.spec.hostname, "work-" + std::to_string(index));
    EXPECT_TRUE(pod.metadata.name.starts_with("work-" + std::to_string(index) + "-"));
    EXPECT_EQ(pod.metadata.labels.value_or(job::kIndexKey, ""), std::to_string(index));
    EXPECT_EQ(pod.spec.containers[0].env.at(0).name, "JOB_COMPLETION_INDEX");
    end(h.sim, pod, index == 1 ? 7 : 0);
  }
  EXPECT_EQ(indexes, (std::set<int>{0, 1, 2}));
  h.sim.run_for(seconds(60));
  EXPECT_EQ(stored(h.sim).status.completedIndexes, "0,2");
  EXPECT_EQ(stored(h.sim).status.failed, 1);
  ASSERT_EQ(running(h.sim).size(), 1u);
  EXPECT_EQ(job::index_of(running(h.sim)[0]), 1);
  end(h.sim, running(h.sim)[0], 0);
  h.sim.run_for(seconds(60));
  EXPECT_EQ(finished(h.sim), "Complete CompletionsReached");
  EXPECT_EQ(stored(h.sim).status.completedIndexes, "0-2");
  EXPECT_EQ(stored(h.sim).status.succeeded, 3);
}

TEST_P(JobControllerTest, ALimitOfAnIndexFailsTheIndexAndTheJobWhenAllAreThrough) {
  testing::Harness<JobController> h(GetParam());
  batchv1::Job job = indexed_job(2, 2);
  job.spec.backoffLimitPerIndex = 1;
  job.spec.backoffLimit = std::numeric_limits<int32_t>::max();
  h.sim.api->put(job);
  h.sim.run_for(seconds(60));
  auto fail_first = [&] {
    for (const corev1::Pod& pod : running(h.sim)) {
      if (job::index_of(pod) == 0) end(h.sim, pod, 1);
    }
    h.sim.run_for(seconds(60));
  };
  fail_first();
  ASSERT_EQ(running(h.sim).size(), 2u);
  for (const corev1::Pod& pod : running(h.sim))
    EXPECT_EQ(job::index_failures(pod), job::index_of(pod) == 0 ? 1 : 0);
  fail_first();
  EXPECT_EQ(stored(h.sim).status.failedIndexes, "0");
  ASSERT_EQ(running(h.sim).size(), 1u);  // the other index goes on
  end(h.sim, running(h.sim)[0], 0);
  h.sim.run_for(seconds(60));
  EXPECT_EQ(finished(h.sim), "Failed FailedIndexes");
  EXPECT_EQ(stored(h.sim).status.completedIndexes, "1");
}

batchv1::PodFailurePolicyRule exit_rule(std::string action, std::vector<int32_t> codes) {
  batchv1::PodFailurePolicyRule rule;
  rule.action = std::move(action);
  auto& on = rule.onExitCodes.ensure();
  on.operator_ = "In";
  on.values = std::move(codes);
  return rule;
}

TEST_P(JobControllerTest, TheFailurePolicyFailsTheJobOrIgnoresAFailure) {
  testing::Harness<JobController> h(GetParam());
  batchv1::Job job = make_job(1, 1);
  job.spec.backoffLimit = 0;
  auto& rules = job.spec.podFailurePolicy.ensure().rules;
  rules.push_back(exit_rule("FailJob", {42}));
  batchv1::PodFailurePolicyRule& disruption = rules.emplace_back();
  disruption.action = "Ignore";
  disruption.onPodConditions.emplace_back().type = "DisruptionTarget";
  disruption.onPodConditions.back().status = "True";
  h.sim.api->put(job);
  h.sim.run_for(seconds(60));
  ASSERT_EQ(running(h.sim).size(), 1u);
  corev1::Pod evicted = running(h.sim)[0];
  corev1::PodCondition& condition = evicted.status.conditions.emplace_back();
  condition.type = "DisruptionTarget";
  condition.status = "True";
  end(h.sim, evicted, 137);
  h.sim.run_for(seconds(60));
  EXPECT_EQ(finished(h.sim), "");
  EXPECT_EQ(stored(h.sim).status.failed, 0);
  ASSERT_EQ(running(h.sim).size(), 1u);
  corev1::Pod broken = running(h.sim)[0];
  end(h.sim, broken, 42);
  h.sim.run_for(seconds(60));
  EXPECT_EQ(finished(h.sim), "Failed PodFailurePolicy");
  EXPECT_EQ(job::true_condition(stored(h.sim), "Failed")->message,
            "Container main for pod default/" + broken.metadata.name +
                " failed with exit code 42 matching FailJob rule at index 0");
}

TEST_P(JobControllerTest, TheSuccessPolicyEndsItBeforeAllAreDone) {
  testing::Harness<JobController> h(GetParam());
  batchv1::Job job = indexed_job(3, 3);
  job.spec.successPolicy.ensure().rules.emplace_back().succeededIndexes = "1";
  h.sim.api->put(job);
  h.sim.run_for(seconds(60));
  for (const corev1::Pod& pod : running(h.sim)) {
    if (job::index_of(pod) == 1) end(h.sim, pod, 0);
  }
  h.sim.run_for(seconds(60));
  EXPECT_EQ(finished(h.sim), "Complete SuccessPolicy");
  EXPECT_TRUE(running(h.sim).empty());
  EXPECT_EQ(stored(h.sim).status.succeeded, 1);
  EXPECT_EQ(stored(h.sim).status.failed, 0);
}

// Pods that nobody counts any more must not stay for ever.
TEST_P(JobControllerTest, PodsOfADeletedJobLoseTheirFinalizer) {
  testing::Harness<JobController> h(GetParam());
  h.sim.api->put(make_job(2, 2));
  h.sim.run_for(seconds(60));
  ASSERT_EQ(running(h.sim).size(), 2u);
  h.sim.api->remove<batchv1::Job>("default", "work");
  h.sim.run_for(seconds(60));
  for (const corev1::Pod& pod : pods(h.sim)) EXPECT_FALSE(job::has_finalizer(pod));
}

TEST_P(JobControllerTest, AnotherManagersJobIsLeftAlone) {
  testing::Harness<JobController> h(GetParam());
  batchv1::Job job = make_job(1, 1);
  job.spec.managedBy = "example.com/queue";
  h.sim.api->put(job);
  h.sim.run_for(minutes(5));
  EXPECT_TRUE(pods(h.sim).empty());
  EXPECT_TRUE(stored(h.sim).status.conditions.empty());
}

// Whatever request fails, every Pod is counted once.
TEST_P(JobControllerTest, FailingRequestsNeitherLoseNorDoubleACount) {
  testing::Harness<JobController> h(GetParam());
  uint64_t state = 12345 + GetParam();
  h.sim.api->set_hook([&](const http::Request& request) -> std::optional<http::Response> {
    if (request.method == "GET" || request.path.find("/events") != std::string::npos) return std::nullopt;
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    if ((state >> 33) % 4 != 0) return std::nullopt;
    return client::testing::FakeApi::error_response(errors::internal("etcdserver: request timed out"));
  });
  h.sim.api->put(make_job(8, 3));
  std::set<std::string> ended;
  for (int round = 0; round < 200 && finished(h.sim).empty(); ++round) {
    h.sim.run_for(seconds(10));
    for (const corev1::Pod& pod : running(h.sim)) {
      if (ended.insert(pod.metadata.name).second) end(h.sim, pod, 0);
    }
  }
  EXPECT_EQ(finished(h.sim), "Complete CompletionsReached");
  EXPECT_EQ(stored(h.sim).status.succeeded, 8);
  EXPECT_EQ(pods(h.sim).size(), 8u);
}

}  // namespace
}  // namespace xebec::controllers
