#include "storage/memory/memory_store.h"

#include "base/sim_executor.h"
#include "storage/test_store.h"

namespace xebec::storage::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Sim {
  SimExecutor executor;
  std::shared_ptr<SimClock> clock =
      std::make_shared<SimClock>(executor, WallTime(std::chrono::hours(500'000)));

  std::unique_ptr<Store> open(std::shared_ptr<FaultPlan> faults = nullptr) {
    MemoryOptions options;
    options.clock = clock;
    options.executor = &executor;
    options.faults = std::move(faults);
    return make_memory_store(options);
  }
};

Task<void> write_one(Store& store, Txn txn, std::vector<std::string>& log) {
  Result<TxnResult> result = co_await store.txn(std::move(txn));
  log.push_back(result ? std::to_string(result->revision) + (result->succeeded ? " ok" : " refused")
                       : result.error().reason);
}

Task<void> watch_all(Store& store, CancelToken cancel, std::vector<std::string>& log) {
  Result<std::unique_ptr<Watcher>> watcher = co_await store.watch("", 2);
  if (!watcher) co_return;
  for (;;) {
    Result<WatchBatch> batch = co_await (*watcher)->next(cancel);
    if (!batch) {
      log.push_back("watch ended: " + batch.error().reason);
      co_return;
    }
    for (const auto& event : batch->events) log.push_back(text(*event));
  }
}

TEST(MemoryStore, AKeyExpiresAfterItsTtl) {
  Sim sim;
  std::unique_ptr<Store> store = sim.open();
  std::vector<std::string> log;
  Scope scope(sim.executor);
  scope.spawn(write_one(*store, put_txn("a", "1", 10), log));
  scope.spawn(write_one(*store, put_txn("b", "1", 20), log));
  sim.executor.run_for(milliseconds(9'999));
  scope.spawn(write_one(*store, put_txn("b", "2", 20), log));
  EXPECT_EQ(store->current_revision(), 3);
  sim.executor.run_for(milliseconds(2));
  EXPECT_EQ(store->current_revision(), 5);
  sim.executor.run_for(seconds(15));
  EXPECT_EQ(store->current_revision(), 5) << "the second put restarts the TTL";
  sim.executor.run_for(seconds(5));
  EXPECT_EQ(store->current_revision(), 6);
  EXPECT_EQ(log, (std::vector<std::string>{"2 ok", "3 ok", "4 ok"}));
}

std::vector<std::string> run_with_faults(uint64_t seed) {
  Sim sim;
  FaultRates rates;
  rates.delay = 0.5;
  rates.max_delay = seconds(1);
  rates.error = 0.1;
  rates.unknown_outcome = 0.2;
  rates.watch_break = 0.02;
  std::unique_ptr<Store> store = sim.open(make_random_faults(make_seeded_rng(seed), rates));
  std::vector<std::string> log;
  Scope scope(sim.executor);
  scope.spawn(watch_all(*store, scope.token(), log));
  for (int i = 0; i < 100; ++i) {
    scope.spawn(write_one(*store, cas_txn("k" + std::to_string(i % 60), 0, std::to_string(i)), log));
  }
  sim.executor.run_for(seconds(10));
  log.push_back("revision " + std::to_string(store->current_revision()));
  scope.cancel();
  sim.executor.run_for(seconds(10));
  return log;
}

TEST(MemoryStore, TheSameSeedIsTheSameRun) {
  std::vector<std::string> first = run_with_faults(7);
  EXPECT_EQ(first, run_with_faults(7));
  EXPECT_NE(first, run_with_faults(8));
  EXPECT_THAT(first, ::testing::Contains("UnknownOutcome"));
  EXPECT_THAT(first, ::testing::Contains("ServiceUnavailable"));
}

// Faults as a test wants them.
class Script final : public FaultPlan {
 public:
  explicit Script(std::vector<Fault> faults) : faults_(std::move(faults)) {}
  Fault next(OpKind, std::string_view) override { return at_ < faults_.size() ? faults_[at_++] : Fault(); }

 private:
  std::vector<Fault> faults_;
  size_t at_ = 0;
};

TEST(MemoryStore, AnUnknownOutcomeMayHaveBeenAppliedOrNot) {
  Fault applied;
  applied.unknown_outcome = true;
  applied.applied = true;
  Fault lost;
  lost.unknown_outcome = true;
  Sim sim;
  std::unique_ptr<Store> store = sim.open(std::make_shared<Script>(std::vector<Fault>{applied, lost}));
  Result<TxnResult> first = block_on(store->txn(put_txn("a", "1")));
  EXPECT_TRUE(first.error().is(reason::kUnknownOutcome));
  Result<TxnResult> second = block_on(store->txn(put_txn("a", "2")));
  EXPECT_TRUE(second.error().is(reason::kUnknownOutcome));
  EXPECT_EQ(text(block_on(store->get("a"))->kv), "1");
}

TEST(MemoryStore, ABrokenWatchStaysBroken) {
  Fault broken;
  broken.error = compacted();
  Sim sim;
  std::unique_ptr<Store> store = sim.open(std::make_shared<Script>(std::vector<Fault>{Fault(), broken}));
  Result<std::unique_ptr<Watcher>> watcher = block_on(store->watch("", 0));
  ASSERT_TRUE(watcher);
  EXPECT_EQ(block_on((*watcher)->next()).error().code, 410);
  EXPECT_EQ(block_on((*watcher)->next()).error().code, 410);
}

TEST(MemoryStore, HasNoSnapshot) {
  Sim sim;
  EXPECT_EQ(block_on(sim.open()->snapshot("/nowhere")).error().code, 400);
}

}  // namespace
}  // namespace xebec::storage::testing
