// Servers that die, hang, fill up or are out of reach: watches and writes go on, and whoever wrote knows what
// is not known.
#include <thread>

#include "storage/etcd/etcd_store.h"
#include "storage/etcd/testing/etcd_cluster.h"
#include "storage/test_store.h"

namespace xebec::storage::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class EtcdFaults : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!etcd_installed()) GTEST_SKIP() << kEtcdMissing;
  }
  static std::unique_ptr<Store> open(EtcdOptions options) {
    Result<std::unique_ptr<Store>> store = block_on(open_etcd(std::move(options)));
    if (store) return std::move(*store);
    ADD_FAILURE() << store.error().message;
    return nullptr;
  }
  static EtcdOptions options_of(std::vector<std::string> servers) {
    EtcdOptions options;
    options.servers = std::move(servers);
    if (getenv("XEBEC_TEST_LOG") != nullptr) {
      options.logger = Logger(make_fd_sink(2), std::make_shared<SystemClock>(), LogLevel::kDebug);
    }
    return options;
  }
};

// Writes numbers to one key, each after the one before; watches it at the same time. Every number that was
// acknowledged is seen, in order, once.
class Counter {
 public:
  Counter(Store& store, std::string key) : store_(store), key_(std::move(key)) {
    watcher_ = block_on(store_.watch(key_, 0)).value_or(nullptr);
    writer_ = std::thread([this] { write(); });
    reader_ = std::thread([this] { read(); });
  }
  ~Counter() {
    if (writer_.joinable()) finish();
  }

  int64_t acknowledged() const { return acknowledged_; }
  // Returns when so many more have been acknowledged.
  void await(int64_t more) {
    const int64_t goal = acknowledged_ + more;
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (acknowledged_ < goal) {
      ASSERT_LT(std::chrono::steady_clock::now(), end) << last_error_;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }
  void finish() {
    stop_ = true;
    writer_.join();
    reader_.join();
    EXPECT_GE(seen_, acknowledged_);
    EXPECT_EQ(disorder_, "");
  }
  int64_t seen() const { return seen_; }

 private:
  // The number and revision of what is there.
  bool look() {
    Result<GetResult> now = block_on(store_.get(key_));
    if (!now) return note(now.error());
    number_ = now->kv ? std::stoll(*now->kv->value) : 0;
    revision_ = now->kv ? now->kv->mod_revision : 0;
    return true;
  }
  bool note(const Status& error) {
    last_error_ = error.message;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    return false;
  }
  void write() {
    while (!stop_) {
      Result<TxnResult> result = block_on(store_.txn(cas_txn(key_, revision_, std::to_string(number_ + 1))));
      if (result && result->succeeded) {
        revision_ = result->revision;
        acknowledged_ = ++number_;
        continue;
      }
      // Nobody else writes: a write that was refused for its revision is one of ours, done after all.
      if (!result) note(result.error());
      while (!look() && !stop_) {
      }
    }
    while (!look()) {
    }
    last_ = number_;
    watcher_->request_progress();  // whoever has seen everything waits for nothing more
  }
  void read() {
    while (last_ < 0 || seen_ < last_) {
      Result<WatchBatch> batch = block_on(watcher_->next());
      if (!batch) {
        disorder_ = batch.error().message;
        return;
      }
      for (const auto& event : batch->events) {
        const int64_t number = std::stoll(*event->kv.value);
        if (number != seen_ + 1) disorder_ = fmt::format("{} after {}", number, seen_.load());
        seen_ = number;
      }
    }
  }

  Store& store_;
  const std::string key_;
  std::unique_ptr<Watcher> watcher_;
  int64_t number_ = 0, revision_ = 0;  // of the writer
  std::atomic<int64_t> acknowledged_{0}, seen_{0}, last_{-1};
  std::atomic<bool> stop_{false};
  std::string last_error_, disorder_;
  std::thread writer_, reader_;
};

TEST_F(EtcdFaults, ASingleServerThatIsKilledAndComesBackLosesNothing) {
  EtcdCluster cluster;
  EtcdOptions options = options_of(cluster.urls());
  options.read_timeout = options.write_timeout = std::chrono::milliseconds(500);
  auto store = open(options);
  Counter counter(*store, "/c");
  counter.await(50);
  for (int round = 0; round < 3; ++round) {
    cluster.kill(0);
    Result<int64_t> revision = block_on(store->read_revision());
    ASSERT_FALSE(revision);
    EXPECT_EQ(revision.error().code, 503);
    EXPECT_THAT(revision.error().message, HasSubstr("etcd is not available"));
    cluster.start(0);
    counter.await(50);
  }
  counter.finish();
}

TEST_F(EtcdFaults, OfThreeMembersAnyOneMayDie) {
  EtcdClusterOptions three;
  three.members = 3;
  EtcdCluster cluster(three);
  auto store = open(options_of(cluster.urls()));
  Counter counter(*store, "/c");
  counter.await(50);
  for (int round = 0; round < 2; ++round) {
    const int leader = cluster.leader();
    ASSERT_GE(leader, 0);
    cluster.kill(leader);
    counter.await(50);
    cluster.start(leader);
    cluster.await(leader);
  }
  // The one that is in use, if it was not the leader.
  for (int member = 0; member < 3; ++member) {
    cluster.kill(member);
    counter.await(20);
    cluster.start(member);
    cluster.await(member);
  }
  counter.finish();
}

TEST_F(EtcdFaults, WithoutAMajorityNothingIsPromised) {
  EtcdClusterOptions three;
  three.members = 3;
  EtcdCluster cluster(three);
  EtcdOptions options = options_of(cluster.urls());
  options.read_timeout = options.write_timeout = std::chrono::seconds(2);
  auto store = open(options);
  ASSERT_TRUE(block_on(store->txn(put_txn("/a", "1"))));
  cluster.kill(1);
  cluster.kill(2);
  Result<TxnResult> write = block_on(store->txn(put_txn("/a", "2")));
  ASSERT_FALSE(write);
  Result<GetResult> read = block_on(store->get("/a"));
  ASSERT_FALSE(read) << "a read of the minority could be stale";
  cluster.start(1);
  cluster.await(1);
  cluster.await(0);
  read = block_on(store->get("/a"));
  ASSERT_TRUE(read) << read.error().message;
  const bool done = text(read->kv) == "2";
  EXPECT_TRUE(!done || write.error().is(reason::kUnknownOutcome)) << write.error().message;
}

TEST_F(EtcdFaults, AWriteWithoutAnAnswerHasAnUnknownOutcome) {
  EtcdCluster cluster;
  EtcdOptions options = options_of(cluster.urls());
  options.write_timeout = std::chrono::milliseconds(300);
  options.read_timeout = std::chrono::milliseconds(300);
  auto store = open(options);
  cluster.suspend(0);
  Result<TxnResult> result = block_on(store->txn(put_txn("/a", "1")));
  ASSERT_FALSE(result);
  EXPECT_TRUE(result.error().is(reason::kUnknownOutcome)) << result.error().message;
  Result<GetResult> read = block_on(store->get("/a"));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, 503);
  cluster.resume(0);
  cluster.await(0);
  read = block_on(store->get("/a"));
  ASSERT_TRUE(read) << read.error().message;
}

TEST_F(EtcdFaults, ServersThatAreNotThereArePassedOver) {
  EtcdCluster cluster;
  const std::string nowhere = fmt::format("http://127.0.0.1:{}", free_port());
  auto store = open(options_of({nowhere, cluster.url(0)}));
  ASSERT_NE(store, nullptr);
  Result<TxnResult> result = block_on(store->txn(put_txn("/a", "1")));
  EXPECT_TRUE(result) << result.error().message;
}

TEST_F(EtcdFaults, AWriteThatReachesNoServerIsKnownNotToBeDone) {
  EtcdCluster cluster;
  EtcdOptions options = options_of(cluster.urls());
  options.write_timeout = std::chrono::milliseconds(300);
  auto store = open(options);
  cluster.kill(0);
  // The first one may be on the connection that breaks.
  (void)block_on(store->txn(put_txn("/a", "1")));
  Result<TxnResult> result = block_on(store->txn(put_txn("/a", "1")));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, 503) << result.error().message;
}

TEST_F(EtcdFaults, NoServerAtAllIsSaidClearly) {
  EtcdOptions options = options_of({fmt::format("http://127.0.0.1:{}", free_port())});
  options.dial_timeout = std::chrono::milliseconds(300);
  Result<std::unique_ptr<Store>> store = block_on(open_etcd(options));
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, 503);
  EXPECT_THAT(store.error().message, HasSubstr("etcd is not available: failed to connect"));
}

TEST_F(EtcdFaults, AFullDatabaseSaysSoAndStillReads) {
  EtcdClusterOptions small;
  small.flags = {"--quota-backend-bytes=8388608"};
  EtcdCluster cluster(small);
  auto store = open(options_of(cluster.urls()));
  Result<TxnResult> result;
  for (int i = 0; i < 40 && (i == 0 || result); ++i) {
    result = block_on(store->txn(put_txn("/full", std::string(1 << 20, 'x'))));
  }
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, 500);
  EXPECT_EQ(result.error().message, "etcdserver: mvcc: database space exceeded");
  Result<GetResult> read = block_on(store->get("/full"));
  ASSERT_TRUE(read && read->kv) << "reads go on";
  ASSERT_TRUE(block_on(store->compact(read->revision)));
  cluster.ctl({"defrag"});
  cluster.ctl({"alarm", "disarm"});
  result = block_on(store->txn(put_txn("/full", "x")));
  EXPECT_TRUE(result) << result.error().message;
}

TEST_F(EtcdFaults, WatchersThatCompactionOvertookWhileAwayExpire) {
  EtcdCluster cluster;
  EtcdGateway gateway(cluster);
  auto store = open(options_of({gateway.url()}));
  ASSERT_TRUE(block_on(store->txn(put_txn("/a", "0"))));
  auto watcher = block_on(store->watch("/", 2));
  ASSERT_TRUE(watcher);
  ASSERT_TRUE(block_on((*watcher)->next()));
  gateway.cut();
  for (int i = 1; i <= 5; ++i) cluster.ctl({"put", "/a", std::to_string(i)});
  cluster.ctl({"compact", "6"});
  gateway.mend();
  Result<WatchBatch> batch = block_on((*watcher)->next());
  ASSERT_FALSE(batch);
  EXPECT_EQ(batch.error(), compacted());
  EXPECT_EQ(block_on(store->watch("/", 4)).error(), compacted());
  watcher = block_on(store->watch("/", 7));
  ASSERT_TRUE(watcher) << watcher.error().message;
  batch = block_on((*watcher)->next());
  ASSERT_TRUE(batch) << batch.error().message;
  ASSERT_EQ(batch->events.size(), 1u);
  EXPECT_EQ(text(*batch->events[0]), "put /a=5@7 was 4");
}

TEST_F(EtcdFaults, WatchersThatWereAwayMissNothing) {
  EtcdCluster cluster;
  EtcdGateway gateway(cluster);
  auto store = open(options_of({gateway.url()}));
  auto watcher = block_on(store->watch("/", 0));
  ASSERT_TRUE(watcher);
  gateway.cut();
  cluster.ctl({"put", "/a", "1"});
  cluster.ctl({"del", "/a"});
  gateway.mend();
  std::vector<std::string> seen;
  while (seen.size() < 2) {
    Result<WatchBatch> batch = block_on((*watcher)->next());
    ASSERT_TRUE(batch) << batch.error().message;
    for (const auto& event : batch->events) seen.push_back(text(*event));
  }
  EXPECT_THAT(seen, ElementsAre("put /a=1@2 was <none>", "delete /a@3 was 1"));
}

}  // namespace
}  // namespace xebec::storage::testing
