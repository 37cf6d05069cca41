// The embedded default engine: one process, one directory, RocksDB below.
//
// Writers enqueue to one committer thread, which commits many transactions with one WAL write and one fsync;
// nothing is visible or acknowledged before the fsync. A failed write or fsync stops the store for good:
// transactions of that batch answer unknown_outcome, later ones a 503, and `on_fatal` is called once, so that
// the owner ends the process. Reads of what is not in memory run on one reader thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/logger.h"
#include "storage/store.h"

namespace xebec::storage {

struct RocksdbOptions {
  std::string dir;  // created when missing (its parent must exist)
  std::shared_ptr<const Clock> clock;
  Logger logger;
  bool sync = true;  // false: acknowledge without fsync (benchmarks and tests only)
  // Called once, on the committer thread, after the store has stopped itself.
  std::function<void(const Status&)> on_fatal;
  size_t block_cache_bytes = 8 << 20;
  size_t write_buffer_bytes = 4 << 20;
  size_t max_txn_bytes = 3 << 19;     // 1.5 MiB as etcd; more answers 413
  size_t watch_ring_bytes = 4 << 20;  // recent events kept in memory for watchers
  std::chrono::milliseconds ttl_check_interval{1000};
};

// Errors: 503 when the directory cannot be used (in use by another process, not writable, disk full), 500
// when what is in it is damaged.
Result<std::unique_ptr<Store>> open_rocksdb(RocksdbOptions options);

}  // namespace xebec::storage
