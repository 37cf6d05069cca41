// The long reads and the sweep, as objects that do a bounded step at a time.
#pragma once

#include <memory>
#include <string>

#include "storage/rocksdb/database.h"
#include "storage/watch_hub.h"

namespace rocksdb {
class Iterator;
class WriteBatch;
}  // namespace rocksdb

namespace xebec::storage {

// The keys of a range at a revision.
class RangeScan {
 public:
  RangeScan(Database& db, RangeOptions options, int64_t revision);
  ~RangeScan();

  // True when the result is complete.
  Result<bool> step();
  RangeResult& result() { return result_; }

 private:
  Result<bool> begin();
  // Looks at the version the iterator is on and moves on. True: the result is complete.
  Result<bool> visit();
  void skip_key(const std::string& key_end);

  RangeOptions options_;
  int64_t revision_;
  RangeResult result_;
  View view_;
  std::unique_ptr<rocksdb::Iterator> it_;
};

// The events of `prefix` in revisions from..to, as many as fit one step.
Result<LogChunk> scan_log(Database& db, const std::string& prefix, int64_t from, int64_t to);

// Finds the superseded versions and old log entries up to the compacted revision; the committer, as the only
// writer, deletes what each step has found.
class Sweep {
 public:
  // `from`: up to this revision everything has been swept before.
  Sweep(Database& db, int64_t from);
  ~Sweep();
  // True when nothing is left beyond what this step found.
  Result<bool> step();
  rocksdb::WriteBatch& found() { return *found_; }
  int64_t compacted() const { return compacted_; }

 private:
  Database& db_;
  const int64_t compacted_;
  std::string position_;
  std::unique_ptr<rocksdb::WriteBatch> found_;
};

}  // namespace xebec::storage
