// What only the distributed engine does: several processes on one etcd, its leases, prefixes and snapshots,
// TLS.
#include "storage/etcd/etcd_store.h"

#include <fstream>

#include "storage/etcd/testing/etcd_cluster.h"
#include "storage/test_store.h"

namespace xebec::storage::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class EtcdStore : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!etcd_installed()) GTEST_SKIP() << kEtcdMissing;
  }

  static EtcdOptions options_of(const EtcdCluster& cluster) {
    EtcdOptions options;
    options.servers = cluster.urls();
    return options;
  }
  static std::unique_ptr<Store> open(EtcdOptions options) {
    Result<std::unique_ptr<Store>> store = block_on(open_etcd(std::move(options)));
    if (store) return std::move(*store);
    ADD_FAILURE() << store.error().message;
    return nullptr;
  }
  static int64_t put(Store& store, std::string key, std::string value, int64_t ttl = 0) {
    Result<TxnResult> result = block_on(store.txn(put_txn(std::move(key), std::move(value), ttl)));
    if (result) return result->revision;
    ADD_FAILURE() << result.error().message;
    return 0;
  }
  static std::string value(Store& store, std::string key) {
    Result<GetResult> result = block_on(store.get(std::move(key)));
    return result ? text(result->kv) : result.error().message;
  }
  static std::vector<std::string> events(Watcher& watcher, size_t count) {
    std::vector<std::string> out;
    while (out.size() < count) {
      Result<WatchBatch> batch = block_on(watcher.next());
      if (!batch) {
        out.push_back(batch.error().message);
        return out;
      }
      for (const auto& event : batch->events) out.push_back(text(*event));
    }
    return out;
  }
};

TEST_F(EtcdStore, BytesAreWhatEtcdctlReads) {
  EtcdCluster cluster;
  auto store = open(options_of(cluster));
  const std::string bytes("k8s\0\x0a\x0b\xff", 7);
  put(*store, "/registry/pods/default/a", bytes);
  EXPECT_EQ(cluster.ctl({"get", "/registry/pods/default/a", "--print-value-only"}), bytes + "\n");
  cluster.ctl({"put", "/registry/pods/default/b", "from etcdctl"});
  EXPECT_EQ(value(*store, "/registry/pods/default/b"), "from etcdctl");
}

TEST_F(EtcdStore, TwoStoresOnOneEtcdSeeEachOther) {
  EtcdCluster cluster;
  auto a = open(options_of(cluster));
  auto b = open(options_of(cluster));
  auto watcher = block_on(b->watch("/r/", 0));
  ASSERT_TRUE(watcher);
  EXPECT_EQ(put(*a, "/r/x", "1"), 2);
  EXPECT_EQ(*block_on(b->read_revision()), 2);
  EXPECT_EQ(value(*b, "/r/x"), "1");
  EXPECT_EQ(put(*b, "/r/x", "2"), 3);
  EXPECT_THAT(events(**watcher, 2), ElementsAre("put /r/x=1@2 was <none>", "put /r/x=2@3 was 1"));
  EXPECT_FALSE(block_on(a->txn(cas_txn("/r/x", 2, "3")))->succeeded);
  EXPECT_TRUE(block_on(a->txn(cas_txn("/r/x", 3, "3")))->succeeded);
}

TEST_F(EtcdStore, KeysWithATtlShareALeaseAndAreDeleted) {
  EtcdCluster cluster;
  auto store = open(options_of(cluster));
  put(*store, "/e/1", "x", 3600);
  put(*store, "/e/2", "x", 3600);
  put(*store, "/e/kept", "x", 3600);
  put(*store, "/e/kept", "y");
  put(*store, "/s/short", "x", 1);
  const int64_t lease = block_on(store->get("/e/1"))->kv->lease;
  EXPECT_NE(lease, 0);
  EXPECT_EQ(block_on(store->get("/e/2"))->kv->lease, lease);
  EXPECT_EQ(block_on(store->get("/e/kept"))->kv->lease, 0);
  auto watcher = block_on(store->watch("/", 7));
  ASSERT_TRUE(watcher);
  EXPECT_THAT(events(**watcher, 1), ElementsAre("delete /s/short@7 was x"));
  cluster.ctl({"lease", "revoke", fmt::format("{:x}", lease)});
  EXPECT_THAT(events(**watcher, 2), ElementsAre("delete /e/1@8 was x", "delete /e/2@8 was x"));
  EXPECT_EQ(value(*store, "/e/kept"), "y");
}

TEST_F(EtcdStore, ALeaseThatIsGoneIsReplaced) {
  EtcdCluster cluster;
  auto store = open(options_of(cluster));
  put(*store, "/e/1", "x", 3600);
  const int64_t lease = block_on(store->get("/e/1"))->kv->lease;
  cluster.ctl({"lease", "revoke", fmt::format("{:x}", lease)});
  put(*store, "/e/2", "x", 3600);
  Result<GetResult> second = block_on(store->get("/e/2"));
  ASSERT_TRUE(second && second->kv);
  EXPECT_NE(second->kv->lease, lease);
}

TEST_F(EtcdStore, AnotherPrefixStandsForRegistry) {
  EtcdCluster cluster;
  cluster.ctl({"put", "/registry/pods/theirs", "x"});
  EtcdOptions options = options_of(cluster);
  options.prefix = "mine";
  auto store = open(options);
  auto watcher = block_on(store->watch("/registry/", 0));
  ASSERT_TRUE(watcher);
  cluster.ctl({"put", "/registry/pods/theirs", "y"});
  put(*store, "/registry/pods/a", "1");
  EXPECT_EQ(cluster.ctl({"get", "/mine/", "--prefix"}), "/mine/pods/a\n1\n");
  EXPECT_THAT(events(**watcher, 1), ElementsAre("put /registry/pods/a=1@4 was <none>"));
  Result<RangeResult> all = block_on(store->list(RangeOptions::of_prefix("/registry/")));
  ASSERT_TRUE(all);
  ASSERT_EQ(all->kvs.size(), 1u);
  EXPECT_EQ(all->kvs[0].key, "/registry/pods/a");
}

TEST_F(EtcdStore, AWatchOfThePrefixAloneAsksForProgress) {
  EtcdCluster cluster;
  EtcdOptions options = options_of(cluster);
  options.watch_scope = EtcdWatchScope::kPrefix;
  auto store = open(options);
  auto watcher = block_on(store->watch("/registry/", 0));
  ASSERT_TRUE(watcher);
  put(*store, "/registry/a", "1");
  cluster.ctl({"put", "/elsewhere", "x"});
  EXPECT_EQ(*block_on(store->read_revision()), 3);
  EXPECT_THAT(events(**watcher, 1), ElementsAre("put /registry/a=1@2 was <none>"));
  (*watcher)->request_progress();
  Result<WatchBatch> progress = block_on((*watcher)->next());
  ASSERT_TRUE(progress) << progress.error().message;
  EXPECT_EQ(progress->revision, 3);
  EXPECT_TRUE(progress->events.empty());
}

TEST_F(EtcdStore, AUserWhoMayReadOnePrefixOnlyIsServed) {
  EtcdCluster cluster;
  const std::string url = cluster.url(0);
  for (std::vector<std::string> command : std::vector<std::vector<std::string>>{
           {"user", "add", "root:root"},
           {"role", "add", "guest"},
           {"role", "grant-permission", "guest", "readwrite", "/registry/", "/registry0"},
           {"role", "grant-permission", "guest", "readwrite", "compact_rev_key"}}) {
    bool ok = false;
    const std::string output = cluster.ctl(command, &ok);
    ASSERT_TRUE(ok) << output;
  }
  // Without credentials etcd has no user; what it then refuses is told in its words.
  cluster.ctl({"user", "grant-role", "root", "root"});
  cluster.ctl({"auth", "enable"});
  EtcdOptions options = options_of(cluster);
  Result<std::unique_ptr<Store>> store = block_on(open_etcd(options));
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().message, "etcdserver: user name is empty");
}

TEST_F(EtcdStore, LargeHistoryComesInWholeRevisions) {
  EtcdCluster cluster;
  EtcdOptions options = options_of(cluster);
  options.watch_ring_bytes = 0;
  auto store = open(options);
  constexpr int kWrites = 24;
  for (int i = 0; i < kWrites; ++i) {
    Txn txn = put_txn("/l/a", std::string(300'000, static_cast<char>('a' + i)));
    txn.ops.push_back(Put{"/l/b", make_bytes(std::string(300'000, 'b'))});
    ASSERT_TRUE(block_on(store->txn(std::move(txn))));
  }
  auto watcher = block_on(store->watch("/l/", 2));
  ASSERT_TRUE(watcher);
  int64_t next = 2;
  while (next < 2 + kWrites) {
    Result<WatchBatch> batch = block_on((*watcher)->next());
    ASSERT_TRUE(batch) << batch.error().message;
    ASSERT_EQ(batch->events.size() % 2, 0u);
    for (size_t i = 0; i < batch->events.size(); i += 2, ++next) {
      EXPECT_EQ(batch->events[i]->kv.mod_revision, next);
      EXPECT_EQ(batch->events[i + 1]->kv.mod_revision, next);
      EXPECT_EQ(batch->events[i]->kv.value->front(), 'a' + next - 2);
    }
  }
}

TEST_F(EtcdStore, AListIsOneRevisionWhateverItsSize) {
  EtcdCluster cluster;
  auto store = open(options_of(cluster));
  for (int i = 0; i < 1300; ++i) put(*store, fmt::format("/n/{:04}", i), std::string(1000, 'x'));
  Result<RangeResult> all = block_on(store->list(RangeOptions::of_prefix("/n/")));
  ASSERT_TRUE(all);
  EXPECT_EQ(all->kvs.size(), 1300u);
  EXPECT_FALSE(all->more);
  RangeOptions options = RangeOptions::of_prefix("/n/");
  options.limit = 1100;
  options.with_count = true;
  Result<RangeResult> page = block_on(store->list(options));
  ASSERT_TRUE(page);
  EXPECT_EQ(page->kvs.size(), 1100u);
  EXPECT_EQ(page->kvs.back().key, "/n/1099");
  EXPECT_TRUE(page->more);
  EXPECT_EQ(page->count, 1300);
}

TEST_F(EtcdStore, ASnapshotStartsAnEtcd) {
  EtcdCluster cluster;
  auto store = open(options_of(cluster));
  put(*store, "/registry/a", "1");
  TempDir dir;
  Result<void> copied = block_on(store->snapshot(dir.path("copy")));
  ASSERT_TRUE(copied) << copied.error().message;
  put(*store, "/registry/a", "2");
  EtcdClusterOptions from_snapshot;
  from_snapshot.restore_from = dir.path("copy/snapshot.db");
  EtcdCluster restored(from_snapshot);
  auto copy = open(options_of(restored));
  EXPECT_EQ(copy->current_revision(), 2);
  EXPECT_EQ(value(*copy, "/registry/a"), "1");
  EXPECT_EQ(block_on(store->snapshot(dir.path("copy"))).error().code, 400);
  EXPECT_EQ(block_on(store->snapshot(dir.path("missing/copy"))).error().code, 500);
}

TEST_F(EtcdStore, WhatOthersCompactedIsKnown) {
  EtcdCluster cluster;
  auto store = open(options_of(cluster));
  for (int i = 0; i < 5; ++i) put(*store, "/registry/a", std::to_string(i));
  auto watcher = block_on(store->watch("", 7));
  put(*store, "compact_rev_key", "5");
  ASSERT_EQ(events(**watcher, 1).size(), 1u);
  EXPECT_EQ(store->compacted_revision(), 5);
  cluster.ctl({"compact", "5"});
  EXPECT_EQ(open(options_of(cluster))->compacted_revision(), 5);
  EXPECT_EQ(block_on(store->get("/registry/a", 4)).error(), compacted());
}

TEST_F(EtcdStore, TlsShowsAndChecksCertificates) {
  TempDir dir;
  make_certificates(dir.path());
  EtcdClusterOptions secure;
  secure.ca_file = dir.path("ca.crt");
  secure.cert_file = dir.path("tls.crt");
  secure.key_file = dir.path("tls.key");
  EtcdCluster cluster(secure);
  EtcdOptions options = options_of(cluster);
  options.ca_file = secure.ca_file;
  options.cert_file = secure.cert_file;
  options.key_file = secure.key_file;
  auto store = open(options);
  ASSERT_NE(store, nullptr);
  put(*store, "/registry/a", "1");
  EXPECT_EQ(cluster.ctl({"get", "/registry/a", "--print-value-only"}), "1\n");

  EtcdOptions stranger = options;
  stranger.cert_file = stranger.key_file = "";
  stranger.dial_timeout = std::chrono::seconds(1);
  Result<std::unique_ptr<Store>> refused = block_on(open_etcd(stranger));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, 503);

  TempDir other;
  make_certificates(other.path());
  EtcdOptions distrusting = options;
  distrusting.ca_file = other.path("ca.crt");
  distrusting.dial_timeout = std::chrono::seconds(1);
  refused = block_on(open_etcd(distrusting));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, 503);
  EXPECT_THAT(refused.error().message, HasSubstr("etcd is not available"));
}

}  // namespace
}  // namespace xebec::storage::testing
