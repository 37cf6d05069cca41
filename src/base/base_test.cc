#include <thread>

#include "base/all_of.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/scope.h"
#include "base/sim_executor.h"
#include "base/sync.h"

namespace xebec {
namespace {

Task<int64_t> add(int64_t a, int64_t b) { co_return a + b; }

Task<int64_t> sum_to(int n) {
  int64_t sum = 0;
  for (int i = 1; i <= n; ++i) sum = co_await add(sum, i);
  co_return sum;
}

TEST(Task, ALongChainOfAwaitsDoesNotGrowTheStack) { EXPECT_EQ(block_on(sum_to(100000)), 5000050000); }

Task<void> set_from_thread(OneShot<int> shot, std::thread& thread) {
  thread = std::thread([shot] { shot.set(7); });
  co_return;
}

Task<int> await_thread() {
  OneShot<int> shot;
  std::thread thread;
  co_await set_from_thread(shot, thread);
  int value = co_await shot;
  thread.join();
  co_return value;
}

TEST(OneShot, AValueSetByAnotherThreadResumesTheWaiter) { EXPECT_EQ(block_on(await_thread()), 7); }

TEST(OneShot, OnlyTheFirstValueCounts) {
  OneShot<int> shot;
  EXPECT_TRUE(shot.set(1));
  EXPECT_FALSE(shot.set(2));
}

Task<Result<int>> wait_cancelled() {
  CancelSource source;
  OneShot<Result<int>> shot;
  source.cancel();
  co_return co_await wait_for(shot, source.token());
}

TEST(OneShot, ACancelledWaitReturnsTheCancellation) {
  Result<int> result = block_on(wait_cancelled());
  ASSERT_FALSE(result.has_value());
  EXPECT_TRUE(result.error().is(reason::kCancelled));
}

Task<void> record_after(Duration delay, std::string name, std::vector<std::string>& log) {
  co_await sleep_for(delay);
  log.push_back(std::move(name));
}

TEST(SimExecutor, SleepersWakeInOrderOfVirtualTimeWithoutRealWaiting) {
  SimExecutor executor;
  std::vector<std::string> log;
  Scope scope(executor);
  scope.spawn(record_after(std::chrono::hours(2), "late", log));
  scope.spawn(record_after(std::chrono::hours(1), "early", log));
  executor.run_for(std::chrono::hours(3));
  EXPECT_EQ(log, (std::vector<std::string>{"early", "late"}));
}

Task<void> until_cancelled(CancelToken token, bool& ended) {
  co_await sleep_for(std::chrono::hours(1000), token);
  ended = true;
}

Task<void> cancel_and_join(Scope& scope) {
  scope.cancel();
  co_await scope.join();
}

TEST(Scope, CancelEndsSleepingChildrenAndJoinWaitsForThem) {
  RunLoop loop;
  Scope scope(loop);
  bool ended = false;
  scope.spawn(until_cancelled(scope.token(), ended));
  detail::run_root(loop, detail::run_void_and_stop(cancel_and_join(scope), loop));
  EXPECT_TRUE(ended);
}

Task<void> consume(Queue<int>& queue, std::vector<int>& out) {
  for (;;) {
    std::optional<int> value = co_await queue.pop();
    if (!value) co_return;
    out.push_back(*value);
  }
}

Task<Result<void>> fail_after(Duration duration, const char* message) {
  co_await sleep_for(duration);
  if (message == nullptr) co_return Result<void>();
  co_return fail(errors::internal(message));
}

TEST(AllOf, RunsAllAtOnceAndReturnsTheFirstErrorInTheirOrder) {
  SimExecutor executor;
  std::vector<Task<Result<void>>> tasks;
  tasks.push_back(fail_after(std::chrono::seconds(3), nullptr));
  tasks.push_back(fail_after(std::chrono::seconds(2), "second"));
  tasks.push_back(fail_after(std::chrono::seconds(1), "third"));
  Result<void> result;
  MonotonicTime start = executor.now();
  auto run = [](std::vector<Task<Result<void>>> all, Result<void>& out) -> Task<void> {
    out = co_await all_of(std::move(all));
  };
  Scope scope(executor);
  scope.spawn(run(std::move(tasks), result));
  executor.run_for(std::chrono::seconds(2));
  EXPECT_TRUE(result.has_value()) << "not before all have ended";
  executor.run_for(std::chrono::seconds(1));
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().message, "Internal error occurred: second");
  EXPECT_EQ(executor.now() - start, std::chrono::seconds(3));
}

TEST(Queue, DeliversInOrderAndEndsWhenClosed) {
  Queue<int> queue;
  std::vector<int> out;
  std::thread producer([&] {
    for (int i = 0; i < 1000; ++i) queue.push(i);
    queue.close();
  });
  block_on(consume(queue, out));
  producer.join();
  ASSERT_EQ(out.size(), 1000u);
  EXPECT_EQ(out.back(), 999);
}

Task<void> critical(AsyncMutex& mutex, int& inside, int& most) {
  AsyncMutex::Guard guard = co_await mutex.lock();
  most = std::max(most, ++inside);
  co_await sleep_for(std::chrono::milliseconds(1));
  --inside;
}

TEST(AsyncMutex, LetsOneCoroutineIn) {
  SimExecutor executor;
  AsyncMutex mutex;
  Scope scope(executor);
  int inside = 0;
  int most = 0;
  for (int i = 0; i < 10; ++i) scope.spawn(critical(mutex, inside, most));
  executor.run_for(std::chrono::seconds(1));
  EXPECT_EQ(most, 1);
}

TEST(Cancel, CallbacksRunOnceAndRemovedOnesDoNot) {
  CancelSource source;
  int calls = 0;
  int removed = 0;
  auto kept = source.token().on_cancel([&] { ++calls; });
  {
    auto gone = source.token().on_cancel([&] { ++removed; });
  }
  source.cancel();
  source.cancel();
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(removed, 0);
}

Result<int> half(int n) {
  if (n % 2 != 0) return fail(errors::bad_request("odd"));
  return n / 2;
}

Result<int> quarter(int n) {
  TRY(int h, half(n));
  TRY(int q, half(h));
  return q;
}

TEST(Result, TryReturnsTheFirstError) {
  EXPECT_EQ(*quarter(8), 2);
  EXPECT_EQ(quarter(6).error().message, "odd");
}

TEST(Status, TextsAreUpstreams) {
  EXPECT_EQ(errors::not_found({"apps", "deployments"}, "hue").message, "deployments.apps \"hue\" not found");
  EXPECT_EQ(errors::modified({"", "pods"}, "hue").message,
            "Operation cannot be fulfilled on pods \"hue\": the object has been modified; please apply your "
            "changes to "
            "the latest version and try again");
  std::vector<StatusCause> causes = {{"FieldValueRequired", "Required value", "spec.a"},
                                     {"FieldValueRequired", "Required value", "spec.b"}};
  EXPECT_EQ(errors::invalid({"", "Pod"}, "hue", causes).message,
            "Pod \"hue\" is invalid: [spec.a: Required value, spec.b: Required value]");
}

TEST(Rng, UuidsHaveVersionAndVariant) {
  auto rng = make_seeded_rng(1);
  std::string uuid = make_uuid(*rng);
  ASSERT_EQ(uuid.size(), 36u);
  EXPECT_EQ(uuid[14], '4');
  EXPECT_NE(std::string("89ab").find(uuid[19]), std::string::npos);
}

}  // namespace
}  // namespace xebec
