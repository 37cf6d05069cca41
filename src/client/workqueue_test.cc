#include "client/workqueue.h"

#include "base/metrics.h"
#include "base/sim_executor.h"

namespace xebec::client {
namespace {

using namespace std::chrono_literals;

class WorkQueueTest : public ::testing::Test {
 protected:
  // What get() gives at once; nothing when it waits.
  std::optional<std::string> take() {
    std::optional<std::string> taken;
    CancelSource give_up;
    scope_.spawn(take_into(queue_, taken, give_up.token()));
    executor_.run_for(0ns);
    give_up.cancel();
    executor_.run_for(0ns);
    return taken;
  }
  static Task<void> take_into(WorkQueue<>& queue, std::optional<std::string>& into, CancelToken token) {
    std::optional<std::string> got = co_await queue.get(token);
    into = std::move(got);
  }

  SimExecutor executor_;
  Scope scope_{executor_};
  WorkQueue<> queue_{executor_};
};

TEST_F(WorkQueueTest, AKeyWaitsOnceAndIsNotWorkedOnTwiceAtATime) {
  queue_.add("a");
  queue_.add("b");
  queue_.add("a");
  EXPECT_EQ(queue_.size(), 2u);
  EXPECT_EQ(take(), "a");
  queue_.add("a");  // while it is worked on
  EXPECT_EQ(take(), "b");
  EXPECT_EQ(take(), std::nullopt);
  queue_.done("a");
  EXPECT_EQ(take(), "a");
  queue_.done("a");
  EXPECT_EQ(take(), std::nullopt);
}

TEST_F(WorkQueueTest, ADelayedKeyComesAtTheEarliestOfItsTimes) {
  queue_.add_after("a", 10s);
  queue_.add_after("a", 3s);
  queue_.add_after("a", 20s);
  executor_.run_for(2999ms);
  EXPECT_EQ(take(), std::nullopt);
  executor_.run_for(1ms);
  EXPECT_EQ(take(), "a");
  queue_.done("a");
  executor_.run_for(60s);
  EXPECT_EQ(take(), std::nullopt);
}

TEST_F(WorkQueueTest, FailuresDelayExponentiallyUntilForgotten) {
  std::vector<Duration> delays;
  for (int i = 0; i < 4; ++i) {
    MonotonicTime start = executor_.now();
    queue_.add_rate_limited("a");
    while (queue_.size() == 0) executor_.step();
    delays.push_back(executor_.now() - start);
    EXPECT_EQ(take(), "a");
    queue_.done("a");
  }
  EXPECT_THAT(delays, ::testing::ElementsAre(5ms, 10ms, 20ms, 40ms));
  EXPECT_EQ(queue_.num_requeues("a"), 4);
  queue_.forget("a");
  EXPECT_EQ(queue_.num_requeues("a"), 0);
  EXPECT_EQ(exponential_delay(5ms, 1000s, 60), 1000s);
}

TEST_F(WorkQueueTest, TheBucketLimitsAllKeysTogether) {
  for (int i = 0; i < 120; ++i) queue_.add_rate_limited("key" + std::to_string(i));
  executor_.run_for(1s);
  EXPECT_EQ(queue_.size(), 110u);  // 100 at once, then 10 a second
  executor_.run_for(1s);
  EXPECT_EQ(queue_.size(), 120u);
}

TEST_F(WorkQueueTest, ShutDownGivesWhatIsLeftThenNothing) {
  queue_.add("a");
  queue_.add_after("late", 1s);
  queue_.shut_down();
  queue_.add("b");
  EXPECT_EQ(take(), "a");
  EXPECT_EQ(take(), std::nullopt);
  executor_.run_for(10s);
  EXPECT_EQ(take(), std::nullopt);
}

TEST_F(WorkQueueTest, ACancelledWaiterLosesNoKeyForOthers) {
  std::optional<std::string> first, second;
  CancelSource cancel;
  scope_.spawn(take_into(queue_, first, cancel.token()));
  scope_.spawn(take_into(queue_, second, {}));
  executor_.run_for(0ns);
  queue_.add("a");  // wakes the first
  cancel.cancel();
  executor_.run_for(0ns);
  EXPECT_EQ(first, std::nullopt);
  EXPECT_EQ(second, "a");
}

// Each key fails as often as told, and the most that ran at once is kept.
struct Reconciler {
  std::map<std::string, int> failures;
  std::vector<std::string> runs;
  int running = 0, most = 0;

  Task<Result<void>> reconcile(std::string key) {
    runs.push_back(key);
    most = std::max(most, ++running);
    co_await sleep_for(1s);
    --running;
    if (failures[key]-- > 0) co_return fail(errors::internal("not yet"));
    co_return Result<void>();
  }
};

TEST(RunController, RequeuesFailuresAndRunsSeveralWorkers) {
  SimExecutor executor;
  WorkQueue<> queue(executor);
  Reconciler reconciler;
  reconciler.failures["a"] = 2;
  Scope scope(executor);
  run_controller(scope, queue, 2, [&](std::string key) { return reconciler.reconcile(std::move(key)); });
  for (const char* key : {"a", "b", "c"}) queue.add(key);
  executor.run_for(30s);
  EXPECT_THAT(reconciler.runs, ::testing::ElementsAre("a", "b", "c", "a", "a"));
  EXPECT_EQ(reconciler.most, 2);
  EXPECT_EQ(queue.num_requeues("a"), 0);
  scope.cancel();
  executor.run_for(1s);
}

TEST(WorkQueueMetrics, TellOfDepthAddsWaitsWorkAndRetries) {
  SimExecutor executor;
  SimClock clock{executor, WallTime(std::chrono::seconds(1764460800))};
  std::unique_ptr<Rng> rng = make_seeded_rng(1);
  Metrics metrics;
  Env env(executor, clock, *rng, Logger());
  env.metrics = &metrics;
  Scope scope(executor);
  auto queue = std::make_unique<WorkQueue<>>(env, "deployment");
  auto has = [&](const std::string& line) { return metrics.text().find(line + "\n") != std::string::npos; };
  queue->add("a");
  queue->add("b");
  queue->add("a");
  EXPECT_TRUE(has("workqueue_adds_total{name=\"deployment\"} 2"));
  EXPECT_TRUE(has("workqueue_depth{name=\"deployment\"} 2"));
  executor.run_for(2s);
  std::optional<std::string> taken;
  auto take = [](WorkQueue<>& from, std::optional<std::string>& into) -> Task<void> {
    std::optional<std::string> got = co_await from.get();
    into = std::move(got);
  };
  scope.spawn(take(*queue, taken));
  executor.run_for(3s);
  ASSERT_EQ(taken, "a");
  EXPECT_TRUE(has("workqueue_depth{name=\"deployment\"} 1"));
  EXPECT_TRUE(has("workqueue_queue_duration_seconds_bucket{name=\"deployment\",le=\"1\"} 0"));
  EXPECT_TRUE(has("workqueue_queue_duration_seconds_sum{name=\"deployment\"} 2"));
  EXPECT_TRUE(has("workqueue_unfinished_work_seconds{name=\"deployment\"} 3"));
  EXPECT_TRUE(has("workqueue_longest_running_processor_seconds{name=\"deployment\"} 3"));
  queue->add_rate_limited("a");
  EXPECT_TRUE(has("workqueue_retries_total{name=\"deployment\"} 1"));
  queue->done("a");
  EXPECT_TRUE(has("workqueue_work_duration_seconds_sum{name=\"deployment\"} 3"));
  EXPECT_TRUE(has("workqueue_unfinished_work_seconds{name=\"deployment\"} 0"));
  queue.reset();
  EXPECT_TRUE(has("workqueue_adds_total{name=\"deployment\"} 2")) << "a queue that has gone is still told of";
}

}  // namespace
}  // namespace xebec::client
