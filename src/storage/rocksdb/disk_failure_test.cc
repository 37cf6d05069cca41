// Disks that are full, read-only or broken: a clear error, nothing acknowledged that is not there, a clean
// reopen.
#include <sys/mount.h>
#include <unistd.h>

#include "storage/rocksdb/engine.h"
#include "storage/rocksdb/test_rocks.h"
#include "storage/test_store.h"

namespace xebec::storage::testing {
namespace {

struct Fatal {
  std::atomic<int> calls{0};
  std::string message;
  std::function<void(const Status&)> callback() {
    return [this](const Status& status) {
      message = status.message;
      ++calls;
    };
  }
};

class BrokenDisk : public ::testing::Test {
 protected:
  BrokenDisk() : fs_(std::make_shared<FailingFs>()), env_(rocksdb::NewCompositeEnv(fs_)) {}

  std::unique_ptr<Store> open() {
    RocksdbOptions options = rocksdb_options(dir_.path("store"));
    options.on_fatal = fatal_.callback();
    Result<std::unique_ptr<Store>> store = open_rocksdb_on(env_.get(), options);
    if (store) return std::move(*store);
    ADD_FAILURE() << store.error().message;
    return nullptr;
  }

  // Writes fail from now on: the store stops and says so.
  void expect_stop(Store& store) {
    auto watcher = block_on(store.watch("", 0));
    Result<TxnResult> failed = block_on(store.txn(put_txn("b", "1")));
    ASSERT_FALSE(failed);
    EXPECT_TRUE(failed.error().is(reason::kUnknownOutcome)) << failed.error().message;
    EXPECT_EQ(fatal_.calls, 1);
    EXPECT_THAT(fatal_.message, ::testing::HasSubstr("injected failure"));
    // The disk is well again, the store is not: what the kernel dropped stays dropped.
    fs_->fail_sync = false;
    fs_->fail_append = false;
    Result<TxnResult> later = block_on(store.txn(put_txn("c", "1")));
    ASSERT_FALSE(later);
    EXPECT_EQ(later.error().code, 503);
    EXPECT_THAT(later.error().message, ::testing::HasSubstr("the store has stopped after a failed write"));
    EXPECT_EQ(block_on(store.compact(2)).error().code, 503);
    EXPECT_EQ(fatal_.calls, 1);
    // Nothing of it became visible.
    EXPECT_EQ(store.current_revision(), 2);
    EXPECT_EQ(text(block_on(store.get("b"))->kv), "<none>");
    EXPECT_EQ(text(block_on(store.get("a"))->kv), "1");
    (*watcher)->request_progress();
    EXPECT_TRUE(block_on((*watcher)->next())->events.empty());
  }

  TempDir dir_;
  std::shared_ptr<FailingFs> fs_;
  std::unique_ptr<rocksdb::Env> env_;
  Fatal fatal_;
};

TEST_F(BrokenDisk, AFailedFsyncStopsTheStore) {
  {
    auto store = open();
    ASSERT_TRUE(block_on(store->txn(put_txn("a", "1"))));
    fs_->fail_sync = true;
    expect_stop(*store);
  }
  auto store = open();
  EXPECT_EQ(text(block_on(store->get("a"))->kv), "1");
  EXPECT_TRUE(block_on(store->txn(put_txn("c", "1"))));
}

TEST_F(BrokenDisk, AFailedWriteStopsTheStoreAndItsHalfIsForgotten) {
  {
    auto store = open();
    ASSERT_TRUE(block_on(store->txn(put_txn("a", "1"))));
    fs_->fail_append = true;
    expect_stop(*store);
  }
  auto store = open();
  EXPECT_EQ(store->current_revision(), 2);
  EXPECT_EQ(text(block_on(store->get("b"))->kv), "<none>");
  ASSERT_TRUE(block_on(store->txn(put_txn("c", "1"))));
  store.reset();
  EXPECT_EQ(text(block_on(open()->get("c"))->kv), "1");
}

TEST_F(BrokenDisk, WritersShareAnFsync) {
  auto store = open();
  int before = fs_->syncs;
  ThreadExecutor executor("writers");
  Scope scope(executor);
  auto write = [](Store& s, int i) -> Task<void> {
    Result<TxnResult> result = co_await s.txn(put_txn("/k/" + std::to_string(i), "1"));
    EXPECT_TRUE(result);
  };
  for (int i = 0; i < 500; ++i) scope.spawn(write(*store, i));
  block_on(scope.join());
  EXPECT_GE(fs_->syncs, before + 1);
  EXPECT_LT(fs_->syncs, before + 250);
  // A transaction that changes nothing needs none.
  before = fs_->syncs;
  EXPECT_FALSE(block_on(store->txn(cas_txn("/k/1", 0, "2")))->succeeded);
  EXPECT_EQ(fs_->syncs, before);
}

// A small file system of its own; needs root.
class Mounted {
 public:
  explicit Mounted(std::string path) : path_(std::move(path)) {
    std::filesystem::create_directory(path_);
    mounted_ = mount("xebec-test", path_.c_str(), "tmpfs", 0, "size=3m") == 0;
  }
  ~Mounted() {
    if (mounted_) umount2(path_.c_str(), MNT_DETACH);
  }
  bool ok() const { return mounted_; }
  void remount(unsigned long flags, const char* data) const {
    ASSERT_EQ(mount("xebec-test", path_.c_str(), "tmpfs", MS_REMOUNT | flags, data), 0);
  }

 private:
  std::string path_;
  bool mounted_;
};

TEST(FullDisk, StopsTheStoreAndKeepsWhatWasAcknowledged) {
  TempDir dir;
  Mounted disk(dir.path("disk"));
  if (!disk.ok()) GTEST_SKIP() << "cannot mount a tmpfs here";
  RocksdbOptions options = rocksdb_options(dir.path("disk/store"));
  Fatal fatal;
  options.on_fatal = fatal.callback();
  std::vector<std::string> acknowledged;
  std::string value(20'000, 'x');
  {
    auto store = open_rocksdb(options);
    ASSERT_TRUE(store) << store.error().message;
    for (int i = 0; i < 1000; ++i) {
      std::string key = "/k/" + std::to_string(i);
      Result<TxnResult> result = block_on((*store)->txn(put_txn(key, value)));
      if (!result) {
        EXPECT_TRUE(result.error().is(reason::kUnknownOutcome));
        EXPECT_THAT(result.error().message, ::testing::HasSubstr("no space left on device"));
        break;
      }
      acknowledged.push_back(key);
    }
    EXPECT_EQ(fatal.calls, 1);
    EXPECT_EQ(block_on((*store)->txn(put_txn("late", "1"))).error().code, 503);
  }
  ASSERT_LT(acknowledged.size(), 1000u);
  ASSERT_GT(acknowledged.size(), 10u);
  // Still full: it either opens or says why not; it loses nothing.
  Result<std::unique_ptr<Store>> full = open_rocksdb(options);
  if (full) {
    full->reset();
  } else {
    EXPECT_THAT(full.error().message, ::testing::HasSubstr("no space left on device"));
  }

  disk.remount(0, "size=64m");
  auto store = open_rocksdb(options);
  ASSERT_TRUE(store) << store.error().message;
  for (const std::string& key : acknowledged) EXPECT_EQ(text(block_on((*store)->get(key))->kv), value);
  EXPECT_TRUE(block_on((*store)->txn(put_txn("after", "1"))));
}

TEST(ReadOnlyDisk, IsRefusedAtOpen) {
  TempDir dir;
  Mounted disk(dir.path("disk"));
  if (!disk.ok()) GTEST_SKIP() << "cannot mount a tmpfs here";
  RocksdbOptions options = rocksdb_options(dir.path("disk/store"));
  {
    auto store = open_rocksdb(options);
    ASSERT_TRUE(store) << store.error().message;
    ASSERT_TRUE(block_on((*store)->txn(put_txn("a", "1"))));
  }
  disk.remount(MS_RDONLY, "");
  Result<std::unique_ptr<Store>> refused = open_rocksdb(options);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, 503);
  EXPECT_THAT(refused.error().message, ::testing::HasSubstr(options.dir));
  EXPECT_THAT(refused.error().message, ::testing::HasSubstr("Read-only file system"));
  refused = open_rocksdb(rocksdb_options(dir.path("disk/new")));
  EXPECT_THAT(refused.error().message, ::testing::HasSubstr("cannot be created: Read-only file system"));
  disk.remount(0, "");
  auto store = open_rocksdb(options);
  ASSERT_TRUE(store) << store.error().message;
  EXPECT_EQ(text(block_on((*store)->get("a"))->kv), "1");
}

}  // namespace
}  // namespace xebec::storage::testing
