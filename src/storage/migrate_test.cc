// Between the engines of this process; etcd/integration/migrate_test.cc has etcd.
#include "storage/migrate.h"

#include "storage/test_store.h"

namespace xebec::storage::testing {
namespace {

using ::testing::HasSubstr;

struct Two {
  TempDir dir;
  std::unique_ptr<Store> from = *open_rocksdb(rocksdb_options(dir.path("from")));
  std::unique_ptr<Store> to = make_memory_store({});

  int64_t put(Store& store, std::string key, std::string value, int64_t ttl = 0) {
    return block_on(store.txn(put_txn(std::move(key), std::move(value), ttl)))->revision;
  }
  Result<MigrationResult> run(MigrationOptions options = {}) {
    options.source_name = "there";
    return block_on(migrate(*from, *to, std::move(options)));
  }
};

TEST(Migrate, AllKeysComeWithNewerRevisions) {
  Two stores;
  for (int i = 0; i < 1234; ++i)
    stores.put(*stores.from, fmt::format("/registry/k/{:04}", i), std::to_string(i));
  for (int i = 0; i < 900; ++i) stores.put(*stores.from, "/registry/k/0000", "last");
  Result<MigrationResult> done = stores.run();
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->keys, 1234);
  EXPECT_EQ(done->from_revision, 2135);
  EXPECT_GT(done->to_revision, done->from_revision);
  Result<RangeResult> all = block_on(stores.to->list(RangeOptions::of_prefix("")));
  ASSERT_EQ(all->kvs.size(), 1234u) << "and no marker";
  for (const KeyValue& kv : all->kvs) {
    std::optional<KeyValue> old = block_on(stores.from->get(kv.key))->kv;
    ASSERT_TRUE(old);
    EXPECT_EQ(*kv.value, *old->value);
    EXPECT_GT(kv.mod_revision, done->from_revision);
  }
}

TEST(Migrate, KeysKeepTheTimeTheyHaveLeft) {
  Two stores;
  auto clock = std::make_shared<ManualClock>();
  RocksdbOptions options = rocksdb_options(stores.dir.path("timed"));
  options.clock = clock;
  stores.from = *open_rocksdb(options);
  MemoryOptions memory;
  memory.clock = clock;
  stores.to = make_memory_store(memory);
  stores.put(*stores.from, "/registry/events/a", "x", 3600);
  stores.put(*stores.from, "/registry/pods/a", "x");
  clock->advance(std::chrono::seconds(600));
  MigrationOptions how;
  how.local_expiry = true;
  how.now_ms = std::chrono::duration_cast<std::chrono::milliseconds>(clock->now().time_since_epoch()).count();
  ASSERT_TRUE(stores.run(how));
  EXPECT_EQ(block_on(stores.to->get("/registry/events/a"))->kv->lease, how.now_ms + 3'000'000);
  EXPECT_EQ(block_on(stores.to->get("/registry/pods/a"))->kv->lease, 0);
}

TEST(Migrate, ATargetThatIsNotEmptyIsRefused) {
  Two stores;
  stores.put(*stores.from, "/registry/a", "1");
  stores.put(*stores.to, "/registry/b", "1");
  Result<MigrationResult> done = stores.run();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message, "the target is not empty: it has /registry/b");
  EXPECT_TRUE(block_on(check_not_migrating(*stores.to)));
}

// As if the process had ended in the middle.
TEST(Migrate, AnInterruptedRunIsSeenAndGoesOn) {
  Two stores;
  stores.put(*stores.from, "/registry/a", "1");
  stores.put(*stores.from, "/registry/b", "2");
  stores.put(*stores.to, kMigrationKey, "from there at revision 3");
  stores.put(*stores.to, "/registry/a", "1");
  Result<void> usable = block_on(check_not_migrating(*stores.to));
  ASSERT_FALSE(usable);
  EXPECT_THAT(usable.error().message,
              HasSubstr("the store holds an unfinished migration from there at revision 3"));
  Result<MigrationResult> done = stores.run();
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->keys, 2);
  EXPECT_TRUE(block_on(check_not_migrating(*stores.to)));
  EXPECT_EQ(text(block_on(stores.to->get("/registry/b"))->kv), "2");
}

TEST(Migrate, AnotherMigrationsTargetIsRefused) {
  Two stores;
  stores.put(*stores.from, "/registry/a", "1");
  stores.put(*stores.to, kMigrationKey, "from elsewhere at revision 3");
  EXPECT_THAT(stores.run().error().message, HasSubstr("an unfinished migration from elsewhere"));
}

}  // namespace
}  // namespace xebec::storage::testing
