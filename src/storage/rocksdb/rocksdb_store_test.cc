// What only the engine on disk does: it comes back, keeps its directory to itself, expires keys, gives space
// back.
#include "storage/rocksdb/rocksdb_store.h"

#include "storage/rocksdb/test_rocks.h"
#include "storage/test_store.h"

namespace xebec::storage::testing {
namespace {

std::unique_ptr<Store> open(const RocksdbOptions& options) {
  Result<std::unique_ptr<Store>> store = open_rocksdb(options);
  if (store) return std::move(*store);
  ADD_FAILURE() << store.error().message;
  return nullptr;
}

int64_t put(Store& store, std::string key, std::string value, int64_t ttl = 0) {
  Result<TxnResult> result = block_on(store.txn(put_txn(std::move(key), std::move(value), ttl)));
  if (result) return result->revision;
  ADD_FAILURE() << result.error().message;
  return 0;
}

std::string value(Store& store, std::string key, int64_t revision = 0) {
  Result<GetResult> result = block_on(store.get(std::move(key), revision));
  return result ? text(result->kv) : result.error().message;
}

TEST(RocksdbStore, ReopensWhereItEnded) {
  TempDir dir;
  RocksdbOptions options = rocksdb_options(dir.path("store"));
  {
    auto store = open(options);
    put(*store, "a", "1");
    put(*store, "a", "2");
    put(*store, "b", "1");
    block_on(store->txn(delete_txn("b")));
  }
  auto store = open(options);
  EXPECT_EQ(store->current_revision(), 5);
  EXPECT_EQ(value(*store, "a"), "2");
  EXPECT_EQ(value(*store, "a", 2), "1");
  EXPECT_EQ(value(*store, "b"), "<none>");
  EXPECT_EQ(value(*store, "b", 4), "1");
  auto watcher = block_on(store->watch("", 3));
  ASSERT_TRUE(watcher);
  EXPECT_EQ(put(*store, "a", "3"), 6);
  std::vector<std::string> events;
  while (events.size() < 4) {
    Result<WatchBatch> batch = block_on((*watcher)->next());
    ASSERT_TRUE(batch);
    for (const auto& event : batch->events) events.push_back(text(*event));
  }
  EXPECT_THAT(events, ::testing::ElementsAre("put a=2@3 was 1", "put b=1@4 was <none>", "delete b@5 was 1",
                                             "put a=3@6 was 2"));
}

TEST(RocksdbStore, TheRevisionSurvivesCompactionOfEverything) {
  TempDir dir;
  RocksdbOptions options = rocksdb_options(dir.path("store"));
  {
    auto store = open(options);
    put(*store, "a", "1");
    block_on(store->txn(delete_txn("a")));
    ASSERT_TRUE(block_on(store->compact(3)));
  }
  auto store = open(options);
  EXPECT_EQ(store->current_revision(), 3);
  EXPECT_EQ(store->compacted_revision(), 3);
  EXPECT_EQ(put(*store, "a", "2"), 4);
  EXPECT_EQ(block_on(store->get("a", 2)).error().code, 410);
}

TEST(RocksdbStore, CompactionDeletesWhatNobodyCanRead) {
  TempDir dir;
  RocksdbOptions options = rocksdb_options(dir.path("store"));
  options.sync = false;
  {
    auto store = open(options);
    for (int i = 0; i < 3000; ++i) put(*store, "/k/" + std::to_string(i % 10), std::to_string(i));
    for (int i = 0; i < 5; ++i) block_on(store->txn(delete_txn("/k/" + std::to_string(i))));
    ASSERT_TRUE(block_on(store->compact(store->current_revision())));
  }
  RawKeys raw = count_raw_keys(options.dir);
  EXPECT_EQ(raw.versions, 5);
  EXPECT_EQ(raw.log_entries, 1) << "the compacted revision's own";
  auto store = open(options);
  EXPECT_EQ(value(*store, "/k/7"), "2997");
  EXPECT_EQ(value(*store, "/k/2"), "<none>");
}

TEST(RocksdbStore, ExpiredKeysAreDeletedAlsoAfterAReopen) {
  TempDir dir;
  auto clock = std::make_shared<ManualClock>();
  RocksdbOptions options = rocksdb_options(dir.path("store"));
  options.clock = clock;
  {
    auto store = open(options);
    put(*store, "short", "1", 10);
    put(*store, "long", "1", 3600);
    put(*store, "kept", "1", 10);
    put(*store, "kept", "2");
    EXPECT_NE(block_on(store->get("short"))->kv->lease, 0);
  }
  auto store = open(options);
  auto watcher = block_on(store->watch("", 0));
  ASSERT_TRUE(watcher);
  clock->advance(std::chrono::seconds(11));
  Result<WatchBatch> batch = block_on((*watcher)->next());
  ASSERT_TRUE(batch);
  ASSERT_EQ(batch->events.size(), 1u);
  EXPECT_EQ(text(*batch->events[0]), "delete short@6 was 1");
  clock->advance(std::chrono::hours(1));
  batch = block_on((*watcher)->next());
  ASSERT_TRUE(batch);
  EXPECT_EQ(text(*batch->events[0]), "delete long@7 was 1");
  EXPECT_EQ(value(*store, "kept"), "2");
}

TEST(RocksdbStore, ASnapshotOpensAsAStore) {
  TempDir dir;
  auto store = open(rocksdb_options(dir.path("store")));
  put(*store, "a", "1");
  Result<void> copied = block_on(store->snapshot(dir.path("copy")));
  ASSERT_TRUE(copied) << copied.error().message;
  put(*store, "a", "2");
  auto copy = open(rocksdb_options(dir.path("copy")));
  EXPECT_EQ(copy->current_revision(), 2);
  EXPECT_EQ(value(*copy, "a"), "1");
  Result<void> again = block_on(store->snapshot(dir.path("copy")));
  EXPECT_EQ(again.error().code, 400);
}

TEST(RocksdbStore, ADirectoryInUseIsRefused) {
  TempDir dir;
  auto store = open(rocksdb_options(dir.path("store")));
  Result<std::unique_ptr<Store>> second = open_rocksdb(rocksdb_options(dir.path("store")));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().message,
            "storage directory " + dir.path("store") + " is in use by another process");
}

TEST(RocksdbStore, ADirectoryThatCannotBeMadeIsRefused) {
  TempDir dir;
  Result<std::unique_ptr<Store>> store = open_rocksdb(rocksdb_options(dir.path("missing/store")));
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().message, "storage directory " + dir.path("missing/store") +
                                       " cannot be created: No such file or directory");
}

TEST(RocksdbStore, AFormatOfTheFutureIsRefused) {
  TempDir dir;
  open(rocksdb_options(dir.path("store"))).reset();
  write_raw(dir.path("store"), "mformat", "2");
  Result<std::unique_ptr<Store>> store = open_rocksdb(rocksdb_options(dir.path("store")));
  ASSERT_FALSE(store);
  EXPECT_THAT(store.error().message, ::testing::HasSubstr("has format 2, which this version does not know"));
}

TEST(RocksdbStore, CloseFinishesWhatWasAccepted) {
  TempDir dir;
  RocksdbOptions options = rocksdb_options(dir.path("store"));
  auto store = open(options);
  ThreadExecutor executor("writers");
  Scope scope(executor);
  std::atomic<int> acknowledged{0};
  std::atomic<int> refused{0};
  auto write = [](Store& s, int i, std::atomic<int>& ok, std::atomic<int>& no) -> Task<void> {
    Result<TxnResult> result = co_await s.txn(put_txn("/k/" + std::to_string(i), "1"));
    ++(result ? ok : no);
  };
  for (int i = 0; i < 200; ++i) scope.spawn(write(*store, i, acknowledged, refused));
  block_on(store->close());
  block_on(scope.join());
  EXPECT_EQ(acknowledged + refused, 200);
  store.reset();
  EXPECT_EQ(open(options)->current_revision(), 1 + acknowledged);
}

}  // namespace
}  // namespace xebec::storage::testing
