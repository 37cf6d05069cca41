#include "storage/rocksdb/rocksdb_store.h"

#include "base/scope.h"
#include "storage/rocksdb/committer.h"
#include "storage/rocksdb/engine.h"
#include "storage/rocksdb/index.h"
#include "storage/rocksdb/reader.h"
#include "storage/rocksdb/scan.h"

namespace xebec::storage {
namespace {

class RocksdbStore final : public Store {
 public:
  RocksdbStore(RocksdbOptions options, std::unique_ptr<Database> db, std::unique_ptr<Index> index)
      : options_(std::move(options)),
        db_(std::move(db)),
        index_(std::move(index)),
        read_thread_(std::make_unique<ThreadExecutor>("store-read")),
        commit_thread_(std::make_unique<ThreadExecutor>("store-commit")),
        reader_(*db_, *read_thread_),
        hub_(std::make_shared<WatchHub>(reader_, index_->revision(), db_->compacted(),
                                        options_.watch_ring_bytes)),
        committer_(options_, *db_, *index_, *hub_, *commit_thread_) {
    committer_.start();
  }

  ~RocksdbStore() override {
    shut();
    commit_thread_.reset();
    read_thread_.reset();
  }

  Task<Result<GetResult>> get(std::string key, int64_t at_revision) override {
    if (closed_) co_return fail(store_closed());
    if (at_revision != 0) {
      GetResult result;
      result.revision = index_->revision();
      CO_TRY_VOID(check_revision(at_revision));
      CO_TRY(result.kv, co_await reader_.find(std::move(key), at_revision));
      co_return result;
    }
    for (;;) {
      GetResult result = index_->get(key);
      if (!result.kv || result.kv->value) co_return result;
      CO_TRY(std::optional<KeyValue> found, co_await reader_.version(key, result.kv->mod_revision));
      if (found) {
        result.kv->value = std::move(found->value);
        co_return result;
      }
      // Overwritten and compacted in between: there is a newer version now.
    }
  }

  Task<Result<RangeResult>> list(RangeOptions options) override {
    if (closed_) co_return fail(store_closed());
    CO_TRY_VOID(check_revision(options.revision));
    for (;;) {
      Result<RangeResult> result = co_await list_once(options);
      bool overtaken = !result && options.revision == 0 && result.error().is(reason::kExpired);
      if (!overtaken) co_return result;
      // What was current when the read began was compacted before it reached the disk.
    }
  }

  Task<Result<TxnResult>> txn(Txn txn) override {
    CO_TRY_VOID(validate(txn, options_.max_txn_bytes));
    co_return co_await committer_.submit(std::move(txn));
  }

  Task<Result<std::unique_ptr<Watcher>>> watch(std::string prefix, int64_t from_revision) override {
    co_return hub_->watch(std::move(prefix), from_revision);
  }

  int64_t current_revision() const override { return index_->revision(); }
  Task<Result<int64_t>> read_revision() override {
    if (closed_) co_return fail(store_closed());
    co_return index_->revision();
  }
  int64_t compacted_revision() const override { return db_->compacted(); }

  Task<Result<void>> compact(int64_t revision) override {
    AsyncMutex::Guard one_at_a_time = co_await compacting_.lock();
    CO_TRY_VOID(co_await committer_.mark_compacted(revision));
    auto sweep = std::make_shared<Sweep>(*db_, swept_);
    for (;;) {
      CO_TRY(bool done, co_await reader_.step(sweep));
      CO_TRY_VOID(co_await committer_.erase(sweep));
      if (done) break;
    }
    swept_ = sweep->compacted();
    co_return Result<void>();
  }

  Task<Result<void>> snapshot(std::string dir) override {
    if (closed_) co_return fail(store_closed());
    co_return co_await reader_.checkpoint(std::move(dir));
  }

  Task<void> close() override {
    shut();
    co_await committer_.drained();
  }

 private:
  Task<Result<RangeResult>> list_once(RangeOptions options) {
    bool counting = options.with_count || options.count_only;
    std::optional<Index::Count> count;
    if (counting) {
      CO_TRY(count, co_await reader_.count(*index_, options.start, options.end, options.revision));
    }
    RangeResult result;
    if (count && options.count_only) {
      result.revision = result.store_revision = count->revision;
      result.count = count->keys;
      co_return result;
    }
    int64_t revision = options.revision;
    if (count) {
      revision = count->revision;
      options.with_count = false;  // the index has counted
    } else if (revision == 0) {
      revision = index_->revision();
    }
    CO_TRY(result, co_await reader_.list(std::move(options), revision));
    if (count) result.count = count->keys;
    if (!counting) result.count = 0;
    result.store_revision = index_->revision();
    co_return result;
  }

  void shut() {
    closed_ = true;
    committer_.refuse(store_closed());
    hub_->close(store_closed());
  }

  Result<void> check_revision(int64_t revision) const {
    if (revision == 0) return {};
    if (revision < 0) return fail(errors::bad_request("a revision cannot be negative"));
    int64_t current = index_->revision();
    if (revision > current) return fail(future_revision(revision, current));
    if (revision < db_->compacted()) return fail(compacted());
    return {};
  }

  const RocksdbOptions options_;
  std::unique_ptr<Database> db_;
  std::unique_ptr<Index> index_;
  std::unique_ptr<ThreadExecutor> read_thread_;
  std::unique_ptr<ThreadExecutor> commit_thread_;
  Reader reader_;
  std::shared_ptr<WatchHub> hub_;
  Committer committer_;
  AsyncMutex compacting_;
  int64_t swept_ = 0;  // under compacting_: nothing is left to sweep up to here
  std::atomic<bool> closed_{false};
};

}  // namespace

Result<std::unique_ptr<Store>> open_rocksdb_on(rocksdb::Env* env, RocksdbOptions options) {
  TRY(std::unique_ptr<Database> db, Database::open(options, env));
  auto index = std::make_unique<Index>();
  TRY_VOID(db->recover(*index));
  return std::make_unique<RocksdbStore>(std::move(options), std::move(db), std::move(index));
}

Result<std::unique_ptr<Store>> open_rocksdb(RocksdbOptions options) {
  return open_rocksdb_on(nullptr, std::move(options));
}

}  // namespace xebec::storage
