#include "storage/rocksdb/reader.h"

#include "base/sync.h"
#include "storage/rocksdb/scan.h"

namespace xebec::storage {
namespace {

// Runs `f` on `executor`; the caller goes on where it was.
template <class T>
Task<Result<T>> run_on(Executor& executor, std::move_only_function<Result<T>()> f) {
  OneShot<Result<T>> shot;
  executor.post([shot, f = std::move(f)]() mutable { shot.set(f()); });
  co_return co_await shot;
}

}  // namespace

Task<Result<std::optional<KeyValue>>> Reader::find(std::string key, int64_t revision) {
  std::move_only_function<Result<std::optional<KeyValue>>()> work =
      [this, key = std::move(key), revision]() -> Result<std::optional<KeyValue>> {
    View view(db_);
    TRY_VOID(view.check(revision));
    return view.find(key, revision);
  };
  return run_on<std::optional<KeyValue>>(executor_, std::move(work));
}

Task<Result<std::optional<KeyValue>>> Reader::version(std::string key, int64_t revision) {
  std::move_only_function<Result<std::optional<KeyValue>>()> work = [this, key = std::move(key), revision] {
    return View(db_).version(key, revision);
  };
  return run_on<std::optional<KeyValue>>(executor_, std::move(work));
}

Task<Result<RangeResult>> Reader::list(RangeOptions options, int64_t revision) {
  auto scan = std::make_shared<RangeScan>(db_, std::move(options), revision);
  for (;;) {
    std::move_only_function<Result<bool>()> step = [scan] { return scan->step(); };
    CO_TRY(bool done, co_await run_on<bool>(executor_, std::move(step)));
    if (done) co_return std::move(scan->result());
  }
}

Task<Result<LogChunk>> Reader::read_log(std::string prefix, int64_t from, int64_t to) {
  std::move_only_function<Result<LogChunk>()> work = [this, prefix = std::move(prefix), from, to] {
    return scan_log(db_, prefix, from, to);
  };
  return run_on<LogChunk>(executor_, std::move(work));
}

Task<Result<void>> Reader::checkpoint(std::string dir) {
  std::move_only_function<Result<void>()> work = [this, dir = std::move(dir)] { return db_.checkpoint(dir); };
  return run_on<void>(executor_, std::move(work));
}

Task<Result<std::optional<Index::Count>>> Reader::count(const Index& index, std::string start,
                                                        std::string end, int64_t revision) {
  std::move_only_function<Result<std::optional<Index::Count>>()> work = [&index, start = std::move(start),
                                                                         end = std::move(end), revision] {
    return index.count(start, end, revision);
  };
  return run_on<std::optional<Index::Count>>(executor_, std::move(work));
}

Task<Result<bool>> Reader::step(std::shared_ptr<Sweep> sweep) {
  std::move_only_function<Result<bool>()> work = [sweep = std::move(sweep)] { return sweep->step(); };
  return run_on<bool>(executor_, std::move(work));
}

}  // namespace xebec::storage
