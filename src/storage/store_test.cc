// What every engine does: run over all of them, and once more with a watch ring so small that watchers live
// on the log.
#include "storage/store.h"

#include "base/sync.h"
#include "storage/test_store.h"

namespace xebec::storage::testing {
namespace {

class StoreTest : public ::testing::TestWithParam<Engine> {
 protected:
  void SetUp() override {
    Opened opened = GetParam().open(dir_);
    if (!opened.missing.empty()) GTEST_SKIP() << opened.missing;
    below_ = std::move(opened.below);
    store_ = std::move(opened.store);
    ASSERT_NE(store_, nullptr);
  }

  TxnResult txn(Txn t) {
    Result<TxnResult> result = block_on(store_->txn(std::move(t)));
    if (result) return *result;
    ADD_FAILURE() << result.error().message;
    return {};
  }
  int64_t put(std::string key, std::string value) {
    TxnResult result = txn(put_txn(std::move(key), std::move(value)));
    EXPECT_TRUE(result.succeeded);
    return result.revision;
  }
  int64_t del(std::string key) { return txn(delete_txn(std::move(key))).revision; }

  Result<GetResult> get(std::string key, int64_t revision = 0) {
    return block_on(store_->get(std::move(key), revision));
  }
  std::string value(std::string key, int64_t revision = 0) {
    Result<GetResult> result = get(std::move(key), revision);
    return result ? text(result->kv) : result.error().message;
  }
  RangeResult list(RangeOptions options) {
    Result<RangeResult> result = block_on(store_->list(std::move(options)));
    if (result) return *result;
    ADD_FAILURE() << result.error().message;
    return {};
  }
  std::vector<std::string> keys(RangeOptions options) {
    std::vector<std::string> out;
    for (const KeyValue& kv : list(std::move(options)).kvs) out.push_back(kv.key);
    return out;
  }
  std::unique_ptr<Watcher> watch(std::string prefix, int64_t from) {
    Result<std::unique_ptr<Watcher>> watcher = block_on(store_->watch(std::move(prefix), from));
    if (watcher) return std::move(*watcher);
    ADD_FAILURE() << watcher.error().message;
    return nullptr;
  }
  // Reads from the watcher until it has delivered `revision`.
  std::vector<std::string> events_through(Watcher& watcher, int64_t revision) {
    std::vector<std::string> out;
    for (int64_t at = 0; at < revision;) {
      watcher.request_progress();
      Result<WatchBatch> batch = block_on(watcher.next());
      if (!batch) {
        out.push_back(batch.error().message);
        return out;
      }
      EXPECT_GE(batch->revision, at);
      at = batch->revision;
      for (const auto& event : batch->events) out.push_back(text(*event));
    }
    return out;
  }

  TempDir dir_;
  std::shared_ptr<void> below_;
  std::unique_ptr<Store> store_;
};

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_P(StoreTest, AnEmptyStoreIsAtRevisionOne) {
  EXPECT_EQ(store_->current_revision(), 1);
  EXPECT_EQ(*block_on(store_->read_revision()), 1);
  Result<GetResult> result = get("a");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->revision, 1);
  EXPECT_FALSE(result->kv);
  EXPECT_EQ(list(RangeOptions::of_prefix("")).revision, 1);
}

TEST_P(StoreTest, APutMakesARevisionAndKeepsCreateRevisionAndVersion) {
  EXPECT_EQ(put("a", "1"), 2);
  EXPECT_EQ(put("b", "1"), 3);
  EXPECT_EQ(put("a", "2"), 4);
  Result<GetResult> result = get("a");
  ASSERT_TRUE(result && result->kv);
  EXPECT_EQ(result->revision, 4);
  EXPECT_EQ(*result->kv->value, "2");
  EXPECT_EQ(result->kv->create_revision, 2);
  EXPECT_EQ(result->kv->mod_revision, 4);
  EXPECT_EQ(result->kv->version, 2);
  EXPECT_EQ(result->kv->lease, 0);
}

TEST_P(StoreTest, AKeyThatIsCreatedAgainStartsAtVersionOne) {
  put("a", "1");
  put("a", "2");
  EXPECT_EQ(del("a"), 4);
  EXPECT_EQ(value("a"), "<none>");
  put("a", "3");
  Result<GetResult> result = get("a");
  ASSERT_TRUE(result && result->kv);
  EXPECT_EQ(result->kv->create_revision, 5);
  EXPECT_EQ(result->kv->version, 1);
}

TEST_P(StoreTest, OldRevisionsStayReadable) {
  put("a", "1");
  put("a", "2");
  del("a");
  put("a", "3");
  EXPECT_EQ(value("a", 1), "<none>");
  EXPECT_EQ(value("a", 2), "1");
  EXPECT_EQ(value("a", 3), "2");
  EXPECT_EQ(value("a", 4), "<none>");
  EXPECT_EQ(value("a", 5), "3");
  EXPECT_EQ(value("a"), "3");
}

TEST_P(StoreTest, AFutureRevisionIsRefused) {
  put("a", "1");
  Result<GetResult> result = get("a", 3);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, 504);
  EXPECT_EQ(result.error().message, "Timeout: Too large resource version: 3, current: 2");
  ASSERT_EQ(result.error().details.causes.size(), 1u);
  EXPECT_EQ(result.error().details.causes[0].reason, "ResourceVersionTooLarge");
  RangeOptions options = RangeOptions::of_prefix("");
  options.revision = 3;
  EXPECT_FALSE(block_on(store_->list(options)));
}

TEST_P(StoreTest, ACreateFailsWhenTheKeyExistsAndShowsIt) {
  EXPECT_TRUE(txn(cas_txn("a", 0, "1")).succeeded);
  TxnResult again = txn(cas_txn("a", 0, "2"));
  EXPECT_FALSE(again.succeeded);
  EXPECT_EQ(again.revision, 2);
  ASSERT_EQ(again.current.size(), 1u);
  EXPECT_EQ(text(again.current[0]), "1");
  EXPECT_EQ(again.current[0]->mod_revision, 2);
  EXPECT_EQ(value("a"), "1");
}

TEST_P(StoreTest, AnUpdateNeedsTheCurrentRevision) {
  put("a", "1");
  EXPECT_FALSE(txn(cas_txn("a", 1, "x")).succeeded);
  EXPECT_FALSE(txn(cas_txn("a", 3, "x")).succeeded);
  TxnResult updated = txn(cas_txn("a", 2, "2"));
  EXPECT_TRUE(updated.succeeded);
  ASSERT_EQ(updated.previous.size(), 1u);
  EXPECT_EQ(text(updated.previous[0]), "1");
  TxnResult missing = txn(cas_txn("b", 2, "x"));
  EXPECT_FALSE(missing.succeeded);
  ASSERT_EQ(missing.current.size(), 1u);
  EXPECT_FALSE(missing.current[0]);
}

TEST_P(StoreTest, DeletingAMissingKeyChangesNothing) {
  put("a", "1");
  TxnResult result = txn(delete_txn("b"));
  EXPECT_TRUE(result.succeeded);
  EXPECT_EQ(result.revision, 2);
  ASSERT_EQ(result.previous.size(), 1u);
  EXPECT_FALSE(result.previous[0]);
}

TEST_P(StoreTest, ATransactionOfSeveralKeysIsOneRevision) {
  put("a", "1");
  put("b", "1");
  Txn t;
  t.compares = {{"a", 2}, {"c", 0}};
  t.ops = {Put{"a", make_bytes("2")}, Delete{"b"}, Put{"c", make_bytes("2")}};
  TxnResult result = txn(t);
  EXPECT_TRUE(result.succeeded);
  EXPECT_EQ(result.revision, 4);
  EXPECT_EQ(text(result.previous[0]), "1");
  EXPECT_EQ(text(result.previous[1]), "1");
  EXPECT_EQ(text(result.previous[2]), "<none>");
  EXPECT_EQ(get("a")->kv->mod_revision, 4);
  EXPECT_EQ(get("c")->kv->mod_revision, 4);
  EXPECT_EQ(value("b"), "<none>");
  result = txn(t);
  EXPECT_FALSE(result.succeeded);
  EXPECT_EQ(store_->current_revision(), 4);
}

TEST_P(StoreTest, MalformedTransactionsAreRefused) {
  Txn twice;
  twice.ops = {Put{"a", make_bytes("1")}, Delete{"a"}};
  EXPECT_EQ(block_on(store_->txn(twice)).error().message, "etcdserver: duplicate key given in txn request");
  EXPECT_EQ(block_on(store_->txn(put_txn("", "1"))).error().message, "etcdserver: key is not provided");
  Result<TxnResult> large = block_on(store_->txn(put_txn("a", std::string(2 << 20, 'x'))));
  EXPECT_EQ(large.error().code, 413);
  EXPECT_EQ(store_->current_revision(), 1);
}

TEST_P(StoreTest, ListIsOrderedAndBoundedByPrefix) {
  for (const char* key : {"/b/2", "/a/1", "/b/1", "/b", "/c", "/b/10"}) put(key, key);
  EXPECT_THAT(keys(RangeOptions::of_prefix("/b/")), ElementsAre("/b/1", "/b/10", "/b/2"));
  EXPECT_THAT(keys(RangeOptions::of_prefix("")), ElementsAre("/a/1", "/b", "/b/1", "/b/10", "/b/2", "/c"));
  EXPECT_THAT(keys(RangeOptions::of_prefix("/x")), IsEmpty());
  RangeOptions range;
  range.start = "/b/1";
  range.end = "/b/2";
  EXPECT_THAT(keys(range), ElementsAre("/b/1", "/b/10"));
}

TEST_P(StoreTest, KeysOfAnyBytesKeepTheirOrder) {
  std::vector<std::string> all = {std::string("\0", 1),
                                  std::string("\0\0", 2),
                                  std::string("\0\1", 2),
                                  std::string("\0\xff", 2),
                                  "a",
                                  std::string("a\0", 2),
                                  std::string("a\0b", 3),
                                  "a\1",
                                  "a\xff",
                                  "b",
                                  "\xff",
                                  "\xff\xff"};
  for (size_t i = 0; i < all.size(); ++i) put(all[(i * 5) % all.size()], "1");
  for (size_t i = 0; i < all.size(); ++i) put(all[i], "2");
  EXPECT_EQ(keys(RangeOptions::of_prefix("")), all);
  EXPECT_THAT(keys(RangeOptions::of_prefix("\xff")), ElementsAre("\xff", "\xff\xff"));
  EXPECT_THAT(keys(RangeOptions::of_prefix(std::string("a\0", 2))),
              ElementsAre(std::string("a\0", 2), std::string("a\0b", 3)));
}

TEST_P(StoreTest, PagesAtOneRevisionAreAConsistentWhole) {
  std::vector<std::string> expected;
  for (int i = 0; i < 25; ++i) {
    expected.push_back("/p/" + std::to_string(100 + i));
    put(expected.back(), "1");
  }
  RangeOptions page = RangeOptions::of_prefix("/p/");
  page.limit = 10;
  page.with_count = true;
  std::vector<std::string> seen;
  for (int pages = 1;; ++pages) {
    RangeResult result = list(page);
    for (const KeyValue& kv : result.kvs) {
      seen.push_back(kv.key);
      EXPECT_EQ(*kv.value, "1");
    }
    EXPECT_EQ(result.count, 25 - (pages - 1) * 10);
    // What happens between the pages does not show in them.
    put("/p/110x", "2");
    put("/p/120", "2");
    del("/p/123");
    if (!result.more) break;
    EXPECT_EQ(result.kvs.size(), 10u);
    page.revision = result.revision;
    page.start = next_key(result.kvs.back().key);
  }
  EXPECT_EQ(seen, expected);
}

TEST_P(StoreTest, CountsWithoutTheKeys) {
  for (int i = 0; i < 7; ++i) put("/p/" + std::to_string(i), "1");
  del("/p/3");
  RangeOptions options = RangeOptions::of_prefix("/p/");
  options.count_only = true;
  RangeResult now = list(options);
  EXPECT_EQ(now.count, 6);
  EXPECT_EQ(now.revision, 9);
  EXPECT_THAT(now.kvs, IsEmpty());
  options.revision = 8;
  EXPECT_EQ(list(options).count, 7);
  RangeOptions names = RangeOptions::of_prefix("/p/");
  names.keys_only = true;
  RangeResult result = list(names);
  ASSERT_EQ(result.kvs.size(), 6u);
  EXPECT_EQ(result.kvs[0].value, nullptr);
  EXPECT_EQ(result.kvs[0].mod_revision, 2);
  EXPECT_EQ(result.count, 0);
}

TEST_P(StoreTest, AWatchReplaysHistoryAndGoesOnLive) {
  put("/w/a", "1");
  put("/x", "1");
  put("/w/a", "2");
  std::unique_ptr<Watcher> watcher = watch("/w/", 2);
  EXPECT_THAT(events_through(*watcher, 4), ElementsAre("put /w/a=1@2 was <none>", "put /w/a=2@4 was 1"));
  del("/w/a");
  put("/y", "1");
  put("/w/b", "1");
  EXPECT_THAT(events_through(*watcher, 7), ElementsAre("delete /w/a@5 was 2", "put /w/b=1@7 was <none>"));
}

TEST_P(StoreTest, AWatchWithoutRevisionSeesWhatComesAfter) {
  put("/w/a", "1");
  std::unique_ptr<Watcher> watcher = watch("/w/", 0);
  put("/w/a", "2");
  EXPECT_THAT(events_through(*watcher, 3), ElementsAre("put /w/a=2@3 was 1"));
}

TEST_P(StoreTest, AWatchFromAFutureRevisionWaitsForIt) {
  std::unique_ptr<Watcher> watcher = watch("/w/", 4);
  put("/w/a", "1");
  put("/w/a", "2");
  put("/w/a", "3");
  EXPECT_THAT(events_through(*watcher, 4), ElementsAre("put /w/a=3@4 was 2"));
}

TEST_P(StoreTest, AWaitingWatcherIsWoken) {
  std::unique_ptr<Watcher> watcher = watch("/w/", 2);
  ThreadExecutor executor("watcher");
  OneShot<std::string> seen;
  Scope scope(executor);
  auto read = [](Watcher& w, OneShot<std::string> out) -> Task<void> {
    Result<WatchBatch> batch = co_await w.next();
    out.set(batch ? text(*batch->events.at(0)) : batch.error().message);
  };
  scope.spawn(read(*watcher, seen));
  put("/other", "1");
  put("/w/a", "1");
  auto wait = [](OneShot<std::string> shot) -> Task<std::string> { co_return co_await shot; };
  EXPECT_EQ(block_on(wait(seen)), "put /w/a=1@3 was <none>");
  block_on(scope.join());
}

TEST_P(StoreTest, EventsOfOneTransactionComeInOneBatch) {
  std::unique_ptr<Watcher> watcher = watch("", 2);
  Txn t;
  for (int i = 0; i < 1500; ++i) t.ops.push_back(Put{"/k/" + std::to_string(i), make_bytes("1")});
  txn(t);
  put("/k/after", "1");
  Result<WatchBatch> batch = block_on(watcher->next());
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->events.size(), 1500u);
  EXPECT_EQ(batch->revision, 2);
  EXPECT_EQ(batch->events.front()->kv.key, "/k/0");
  EXPECT_THAT(events_through(*watcher, 3), ElementsAre("put /k/after=1@3 was <none>"));
}

TEST_P(StoreTest, ASlowWatcherMissesNothing) {
  std::unique_ptr<Watcher> watcher = watch("/w/", 2);
  std::vector<std::string> expected;
  for (int i = 0; i < 3000; ++i) {
    int64_t revision = put(i % 3 == 0 ? "/w/a" : "/x/a", std::to_string(i));
    std::string was = i < 3 ? "<none>" : std::to_string(i - 3);
    if (i % 3 == 0)
      expected.push_back("put /w/a=" + std::to_string(i) + "@" + std::to_string(revision) + " was " + was);
  }
  EXPECT_EQ(events_through(*watcher, store_->current_revision()), expected);
}

TEST_P(StoreTest, ProgressIsReportedWithoutEvents) {
  std::unique_ptr<Watcher> watcher = watch("/w/", 2);
  put("/x", "1");
  watcher->request_progress();
  Result<WatchBatch> batch = block_on(watcher->next());
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->revision, 2);
  EXPECT_THAT(batch->events, IsEmpty());
}

TEST_P(StoreTest, ACancelledCallLosesNothing) {
  std::unique_ptr<Watcher> watcher = watch("/w/", 2);
  CancelSource source;
  source.cancel();
  Result<WatchBatch> batch = block_on(watcher->next(source.token()));
  ASSERT_FALSE(batch);
  EXPECT_TRUE(batch.error().is(reason::kCancelled));
  put("/w/a", "1");
  EXPECT_THAT(events_through(*watcher, 2), ElementsAre("put /w/a=1@2 was <none>"));
  watcher->cancel();
  EXPECT_TRUE(block_on(watcher->next()).error().is(reason::kCancelled));
}

TEST_P(StoreTest, CompactionForgetsOldRevisionsOnly) {
  put("a", "1");
  put("a", "2");
  put("b", "1");
  del("b");
  put("a", "3");
  ASSERT_TRUE(block_on(store_->compact(5)));
  EXPECT_EQ(store_->compacted_revision(), 5);
  Result<GetResult> old = get("a", 4);
  ASSERT_FALSE(old);
  EXPECT_EQ(old.error().code, 410);
  EXPECT_EQ(old.error().message, "etcdserver: mvcc: required revision has been compacted");
  RangeOptions options = RangeOptions::of_prefix("");
  options.revision = 4;
  EXPECT_EQ(block_on(store_->list(options)).error().code, 410);
  EXPECT_EQ(value("a", 5), "2");
  EXPECT_EQ(value("b", 5), "<none>");
  EXPECT_EQ(value("a"), "3");
  EXPECT_THAT(keys(RangeOptions::of_prefix("")), ElementsAre("a"));
}

TEST_P(StoreTest, CompactionAnswersRevisionsItCannotDo) {
  put("a", "1");
  put("a", "2");
  EXPECT_EQ(block_on(store_->compact(4)).error().code, 504);
  ASSERT_TRUE(block_on(store_->compact(3)));
  EXPECT_EQ(block_on(store_->compact(3)).error().code, 410);
  EXPECT_EQ(block_on(store_->compact(2)).error().code, 410);
}

TEST_P(StoreTest, AWatchFromACompactedRevisionExpires) {
  for (int i = 0; i < 10; ++i) put("a", std::to_string(i));
  ASSERT_TRUE(block_on(store_->compact(8)));
  std::unique_ptr<Watcher> watcher = watch("a", 9);
  EXPECT_THAT(events_through(*watcher, 11),
              ElementsAre("put a=7@9 was 6", "put a=8@10 was 7", "put a=9@11 was 8"));
  if (std::string(GetParam().name).ends_with("WithoutRing")) {
    Result<std::unique_ptr<Watcher>> expired = block_on(store_->watch("a", 7));
    ASSERT_FALSE(expired);
    EXPECT_EQ(expired.error().code, 410);
    EXPECT_EQ(expired.error().message, "etcdserver: mvcc: required revision has been compacted");
  }
}

TEST_P(StoreTest, ManyRevisionsAreCompactedAndTheRestIsWhole) {
  for (int i = 0; i < 2000; ++i) {
    std::string key = "/k/" + std::to_string(i % 50);
    if (i % 7 == 3) {
      del(key);
    } else {
      put(key, std::to_string(i));
    }
  }
  RangeResult before = list(RangeOptions::of_prefix(""));
  ASSERT_TRUE(block_on(store_->compact(store_->current_revision() - 100)));
  RangeOptions past = RangeOptions::of_prefix("");
  past.revision = store_->compacted_revision();
  RangeResult old = list(past);
  std::map<std::string, std::string> state;
  for (const KeyValue& kv : old.kvs) state[kv.key] = *kv.value;
  std::unique_ptr<Watcher> watcher = watch("", store_->compacted_revision() + 1);
  int64_t at = 0;
  while (at < store_->current_revision()) {
    Result<WatchBatch> batch = block_on(watcher->next());
    ASSERT_TRUE(batch);
    at = batch->revision;
    for (const auto& event : batch->events) {
      EXPECT_EQ(text(event->prev), state.contains(event->kv.key) ? state[event->kv.key] : "<none>");
      if (event->type == Event::Type::kPut) {
        state[event->kv.key] = *event->kv.value;
      } else {
        state.erase(event->kv.key);
      }
    }
  }
  std::map<std::string, std::string> now;
  for (const KeyValue& kv : list(RangeOptions::of_prefix("")).kvs) now[kv.key] = *kv.value;
  EXPECT_EQ(state, now);
  EXPECT_EQ(before.kvs.size(), now.size());
}

TEST_P(StoreTest, AClosedStoreRefusesAndEndsItsWatchers) {
  put("a", "1");
  std::unique_ptr<Watcher> watcher = watch("", 0);
  block_on(store_->close());
  EXPECT_EQ(block_on(store_->txn(put_txn("a", "2"))).error().code, 503);
  EXPECT_EQ(get("a").error().code, 503);
  EXPECT_EQ(block_on(watcher->next()).error().code, 503);
  EXPECT_FALSE(block_on(store_->watch("", 0)));
}

INSTANTIATE_TEST_SUITE_P(All, StoreTest, ::testing::ValuesIn(engines()),
                         [](const auto& param) { return std::string(param.param.name); });

TEST(PrefixEnd, IsTheNextKeyOutsideThePrefix) {
  EXPECT_EQ(prefix_end("/a/"), "/a0");
  EXPECT_EQ(prefix_end("a\xff"), "b");
  EXPECT_EQ(prefix_end("\xff\xff"), "");
  EXPECT_EQ(prefix_end(""), "");
}

}  // namespace
}  // namespace xebec::storage::testing
