#include "apiserver/registry/compactor.h"

#include <gtest/gtest.h>

#include "base/scope.h"
#include "base/sim_executor.h"
#include "storage/memory/memory_store.h"

namespace xebec::apiserver {
namespace {

class CompactorTest : public ::testing::Test {
 protected:
  void put(const char* value) {
    storage::Txn txn;
    txn.ops.push_back(storage::Put{"/registry/a", storage::make_bytes(value)});
    scope_.spawn(write(*store_, std::move(txn)));
    executor_.run_for(std::chrono::milliseconds(1));
  }
  std::string claimed() {
    std::string out;
    scope_.spawn(read(*store_, out));
    executor_.run_for(std::chrono::milliseconds(1));
    return out;
  }
  static Task<void> write(storage::Store& store, storage::Txn txn) {
    (void)co_await store.txn(std::move(txn));
  }
  static Task<void> read(storage::Store& store, std::string& out) {
    Result<storage::GetResult> got = co_await store.get("compact_rev_key");
    if (got && got->kv) out = *got->kv->value;
  }
  // Lets the compactors end.
  void TearDown() override {
    scope_.cancel();
    executor_.run_for(std::chrono::milliseconds(1));
    block_on(scope_.join());
  }

  SimExecutor executor_;
  std::unique_ptr<storage::Store> store_ = storage::make_memory_store({});
  Scope scope_{executor_};
};

TEST_F(CompactorTest, OneOfSeveralServersCompactsInAPeriod) {
  Compactor a(*store_, Logger(), std::chrono::minutes(5), true);
  Compactor b(*store_, Logger(), std::chrono::minutes(5), true);
  put("1");
  put("2");
  scope_.spawn(a.run(scope_.token()));
  scope_.spawn(b.run(scope_.token()));
  executor_.run_for(std::chrono::minutes(1));
  put("3");
  executor_.run_for(std::chrono::minutes(5));
  EXPECT_EQ(store_->compacted_revision(), 3) << "what was current at the start";
  EXPECT_EQ(claimed(), "3");
  EXPECT_EQ(store_->current_revision(), 5) << "the key was written once";
  executor_.run_for(std::chrono::minutes(5));
  EXPECT_EQ(store_->current_revision(), 6);
  EXPECT_GE(store_->compacted_revision(), 4);
}

TEST_F(CompactorTest, AStoreOfItsOwnNeedsNoKey) {
  Compactor alone(*store_, Logger(), std::chrono::minutes(5));
  put("1");
  scope_.spawn(alone.run(scope_.token()));
  executor_.run_for(std::chrono::minutes(6));
  EXPECT_EQ(store_->compacted_revision(), 2);
  EXPECT_EQ(store_->current_revision(), 2);
}

}  // namespace
}  // namespace xebec::apiserver
