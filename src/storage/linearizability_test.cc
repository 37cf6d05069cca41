// Concurrent clients on several threads, and a check that one order explains what all of them saw: revisions
// name the order, so it is enough to check it against the rules of the store (each operation against the
// state before it) and against real time (an operation that began after another had ended comes after it).
#include <thread>

#include "storage/test_store.h"

namespace xebec::storage::testing {
namespace {

struct Operation {
  enum class Kind { kGet, kCas, kDelete } kind = Kind::kGet;
  std::string key;
  std::string written;
  int64_t expected = 0;  // mod revision of the compare
  bool succeeded = false;
  int64_t revision = 0;  // of the write, or at which was read
  int64_t seen = 0;      // mod revision of what a read or a failed compare saw; 0: no key
  std::string seen_value;
  uint64_t began = 0;
  uint64_t ended = 0;

  bool wrote() const { return succeeded && kind != Kind::kGet; }
};

class Client {
 public:
  Client(Store& store, std::atomic<uint64_t>& ticks, uint64_t seed)
      : store_(store), ticks_(ticks), rng_(make_seeded_rng(seed)), name_(std::to_string(seed)) {}

  void run(int operations) {
    for (int i = 0; i < operations; ++i) {
      Operation op;
      op.key = "/r/" + std::to_string(rng_->below(3));
      uint64_t dice = rng_->below(10);
      op.kind = dice < 3   ? Operation::Kind::kGet
                : dice < 9 ? Operation::Kind::kCas
                           : Operation::Kind::kDelete;
      op.expected = last_seen_[op.key];
      op.written = name_ + "-" + std::to_string(i);
      op.began = ++ticks_;
      perform(op);
      op.ended = ++ticks_;
      last_seen_[op.key] = op.kind == Operation::Kind::kCas && op.succeeded ? op.revision
                           : op.wrote()                                     ? 0
                                                                            : op.seen;
      history_.push_back(std::move(op));
    }
  }
  const std::vector<Operation>& history() const { return history_; }

 private:
  void perform(Operation& op) {
    if (op.kind == Operation::Kind::kGet) {
      Result<GetResult> result = block_on(store_.get(op.key));
      ASSERT_TRUE(result) << result.error().message;
      op.succeeded = true;
      op.revision = result->revision;
      look(op, result->kv);
      return;
    }
    Txn txn = op.kind == Operation::Kind::kCas ? put_txn(op.key, op.written) : delete_txn(op.key);
    if (op.kind == Operation::Kind::kDelete && op.expected == 0)
      op.expected = 1;  // never holds: a failing delete
    txn.compares.push_back(Compare{op.key, op.expected});
    Result<TxnResult> result = block_on(store_.txn(std::move(txn)));
    ASSERT_TRUE(result) << result.error().message;
    op.succeeded = result->succeeded;
    op.revision = result->revision;
    if (!op.succeeded) look(op, result->current.at(0));
  }
  static void look(Operation& op, const std::optional<KeyValue>& kv) {
    op.seen = kv ? kv->mod_revision : 0;
    op.seen_value = text(kv);
  }

  Store& store_;
  std::atomic<uint64_t>& ticks_;
  std::unique_ptr<Rng> rng_;
  std::string name_;
  std::map<std::string, int64_t> last_seen_;
  std::vector<Operation> history_;
};

void check(const std::vector<Operation>& history) {
  std::map<int64_t, const Operation*> writes;
  for (const Operation& op : history) {
    if (!op.wrote()) continue;
    ASSERT_TRUE(writes.emplace(op.revision, &op).second) << "two writes at revision " << op.revision;
  }
  // The state of each key, by revision: (mod revision, value), (0, <none>) after a delete.
  std::map<std::string, std::map<int64_t, std::pair<int64_t, std::string>>> states;
  for (const auto& [revision, op] : writes) {
    auto& states_of_key = states[op->key];
    int64_t before = states_of_key.empty() ? 0 : states_of_key.rbegin()->second.first;
    ASSERT_EQ(op->expected, before) << "the write at " << revision << " compared with another state";
    bool put = op->kind == Operation::Kind::kCas;
    states_of_key[revision] =
        put ? std::pair(revision, op->written) : std::pair(int64_t{0}, std::string("<none>"));
  }
  for (const Operation& op : history) {
    if (op.wrote()) continue;
    std::pair<int64_t, std::string> state(0, "<none>");
    auto& states_of_key = states[op.key];
    auto after = states_of_key.upper_bound(op.revision);
    if (after != states_of_key.begin()) state = std::prev(after)->second;
    ASSERT_EQ(op.seen, state.first);
    ASSERT_EQ(op.seen_value, state.second);
    ASSERT_TRUE(op.kind == Operation::Kind::kGet || op.expected != state.first)
        << "refused although it holds";
  }
  // Real time: in order of their beginning, each is at or after the newest revision that had ended by then.
  std::map<uint64_t, const Operation*> begins;
  std::map<uint64_t, const Operation*> ends;
  for (const Operation& op : history) {
    begins[op.began] = &op;
    ends[op.ended] = &op;
  }
  int64_t newest = 0;
  auto end = ends.begin();
  for (const auto& [tick, op] : begins) {
    for (; end != ends.end() && end->first < tick; ++end) newest = std::max(newest, end->second->revision);
    ASSERT_GE(op->revision, newest + (op->wrote() ? 1 : 0)) << "an operation went back in time";
  }
}

void run_clients(Store& store) {
  constexpr int kClients = 6;
  std::atomic<uint64_t> ticks{0};
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < kClients; ++i) clients.push_back(std::make_unique<Client>(store, ticks, i + 1));
  {
    std::vector<std::jthread> threads;
    for (auto& client : clients) threads.emplace_back([&client] { client->run(400); });
  }
  std::vector<Operation> history;
  for (const auto& client : clients)
    history.insert(history.end(), client->history().begin(), client->history().end());
  EXPECT_EQ(history.size(), kClients * 400u);
  check(history);
}

class Linearizability : public ::testing::TestWithParam<Engine> {};

TEST_P(Linearizability, OneOrderExplainsWhatAllClientsSee) {
  TempDir dir;
  Opened opened = GetParam().open(dir);
  if (!opened.missing.empty()) GTEST_SKIP() << opened.missing;
  run_clients(*opened.store);
}

INSTANTIATE_TEST_SUITE_P(All, Linearizability, ::testing::ValuesIn(engines()),
                         [](const auto& param) { return std::string(param.param.name); });

// Watchers, writers and compaction at once: each watcher sees every event of its prefix once, in order.
class Concurrency : public ::testing::TestWithParam<Engine> {};

TEST_P(Concurrency, WatchersSeeEveryWriteOnceWhileOthersCompact) {
  TempDir dir;
  Opened opened = GetParam().open(dir);
  if (!opened.missing.empty()) GTEST_SKIP() << opened.missing;
  Store& store = *opened.store;
  constexpr int kWriters = 3;
  constexpr int kWrites = 500;
  std::atomic<int64_t> delivered[kWriters] = {};
  {
    std::vector<std::jthread> threads;
    for (int w = 0; w < kWriters; ++w) {
      std::string prefix = "/w" + std::to_string(w) + "/";
      threads.emplace_back([&store, prefix] {
        for (int i = 0; i < kWrites; ++i) {
          EXPECT_TRUE(block_on(store.txn(put_txn(prefix + std::to_string(i % 5), std::to_string(i)))));
        }
      });
      Result<std::unique_ptr<Watcher>> watcher = block_on(store.watch(prefix, 2));
      ASSERT_TRUE(watcher);
      threads.emplace_back([watcher = std::move(*watcher), &delivered, w] {
        int next = 0;
        while (next < kWrites) {
          Result<WatchBatch> batch = block_on(watcher->next());
          ASSERT_TRUE(batch) << batch.error().message;
          for (const auto& event : batch->events) ASSERT_EQ(*event->kv.value, std::to_string(next++));
          delivered[w] = batch->revision;
        }
        delivered[w] = INT64_MAX;
      });
    }
    threads.emplace_back([&store, &delivered] {
      while (true) {
        int64_t oldest = INT64_MAX;
        for (auto& revision : delivered) oldest = std::min(oldest, revision.load());
        if (oldest == INT64_MAX) return;
        if (oldest > store.compacted_revision() + 50) {
          EXPECT_TRUE(block_on(store.compact(oldest)));
        }
        std::this_thread::yield();
      }
    });
  }
  EXPECT_EQ(store.current_revision(), 1 + kWriters * kWrites);
}

INSTANTIATE_TEST_SUITE_P(All, Concurrency, ::testing::ValuesIn(engines()),
                         [](const auto& param) { return std::string(param.param.name); });

}  // namespace
}  // namespace xebec::storage::testing
