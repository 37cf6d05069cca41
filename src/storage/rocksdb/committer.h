// Committer: the only writer. Everything that waits when it looks is one batch: one write to the log, one
// fsync, then the batch becomes visible, watchers hear of it and the writers get their answers.
#pragma once

#include <deque>
#include <mutex>
#include <optional>
#include <queue>
#include <string>
#include <vector>

#include "base/executor.h"
#include "base/sync.h"
#include "storage/batch.h"
#include "storage/rocksdb/database.h"
#include "storage/rocksdb/index.h"
#include "storage/watch_hub.h"

namespace xebec::storage {

class Sweep;

class Committer final : private CommittedState {
 public:
  // All outlive the committer; `executor` runs nothing else that is slow, and ends before the committer does.
  Committer(const RocksdbOptions& options, Database& db, Index& index, WatchHub& hub, Executor& executor);

  // Begins to watch for expired keys.
  void start();
  // Thread-safe, as all below.
  Task<Result<TxnResult>> submit(Txn txn);
  // Makes the compaction mark durable and known, in order with the writes.
  Task<Result<void>> mark_compacted(int64_t revision);
  // Deletes what the sweep has found. No fsync: a sweep that is lost is done again.
  Task<Result<void>> erase(std::shared_ptr<Sweep> sweep);
  // Refuses writes from now on with `why`; those accepted before still happen.
  void refuse(Status why);
  // Returns when everything accepted has been answered.
  Task<void> drained();

 private:
  struct Request {
    Txn txn;
    std::optional<OneShot<Result<TxnResult>>> reply;  // none: the store's own
  };
  using Expiry = std::pair<int64_t, std::string>;

  std::optional<KeyValue> find(const std::string& key) override { return index_.get(key).kv; }
  Result<Bytes> load(const KeyValue& kv) override;

  void drain();
  std::vector<Request> take_batch();
  void commit(std::vector<Request> requests);
  Result<void> persist(const Batch& batch);
  void publish(const Batch& batch);
  void stop(const Status& why);
  Result<void> apply_mark(int64_t revision);
  Result<void> apply_sweep(Sweep& sweep);
  void post_drained(OneShot<bool> shot);
  void arm();
  void expire();
  int64_t unix_ms() const;

  const RocksdbOptions& options_;
  Database& db_;
  Index& index_;
  WatchHub& hub_;
  Executor& executor_;

  std::mutex mutex_;
  std::deque<Request> queue_;
  bool draining_ = false;          // a drain is posted or runs
  std::optional<Status> refusal_;  // set: no more writes

  // On the executor only.
  bool stopped_ = false;  // a write failed: nothing is written any more
  std::priority_queue<Expiry, std::vector<Expiry>, std::greater<>> expiries_;
};

}  // namespace xebec::storage
