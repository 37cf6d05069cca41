// Reader: everything that is read from disk, on the reader thread's executor, in steps short enough that no
// read holds up the others for long.
#pragma once

#include "base/executor.h"
#include "storage/rocksdb/database.h"
#include "storage/rocksdb/index.h"
#include "storage/watch_hub.h"

namespace xebec::storage {

class Sweep;

class Reader final : public LogReader {
 public:
  // Both outlive the reader and its tasks.
  Reader(Database& db, Executor& executor) : db_(db), executor_(executor) {}

  // What a read of one key at `revision` (not after the current one) sees.
  Task<Result<std::optional<KeyValue>>> find(std::string key, int64_t revision);
  // The version made at exactly `revision`; nothing when it is not kept any more.
  Task<Result<std::optional<KeyValue>>> version(std::string key, int64_t revision);
  // Keys and count as `options` ask, at `revision`; options.revision is not looked at.
  Task<Result<RangeResult>> list(RangeOptions options, int64_t revision);
  Task<Result<LogChunk>> read_log(std::string prefix, int64_t from, int64_t to) override;
  Task<Result<void>> checkpoint(std::string dir);
  // As Index::count, whose walk is too long for the caller's thread.
  Task<Result<std::optional<Index::Count>>> count(const Index& index, std::string start, std::string end,
                                                  int64_t revision);
  Task<Result<bool>> step(std::shared_ptr<Sweep> sweep);

 private:
  Database& db_;
  Executor& executor_;
};

}  // namespace xebec::storage
