// The long reads and the sweep, as objects that do a bounded step at a time.
#pragma once

#include <memory>
#include <string>

#include "storage/rocksdb/database.h"
#include "storage/watch_hub.h"

namespace rocksdb {
class Iterator;
}

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

// Deletes superseded versions and old log entries up to the compacted revision.
class Sweep {
 public:
  explicit Sweep(Database& db);
  // True when nothing is left to delete.
  Result<bool> step();

 private:
  Database& db_;
  const int64_t compacted_;
  std::string position_;
};

}  // namespace xebec::storage
