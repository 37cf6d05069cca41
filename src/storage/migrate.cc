#include "storage/migrate.h"

#include <fmt/format.h>

#include <atomic>

#include "base/scope.h"
#include "base/sync.h"

namespace xebec::storage {
namespace {

constexpr const char* kRoot = "/registry/";
constexpr int64_t kPage = 1000;
constexpr size_t kTxnKeys = 100;  // etcd allows 128 operations
constexpr size_t kTxnBytes = 1 << 20;
constexpr int kWriters = 64;
constexpr int64_t kReported = 1'000'000;  // revisions

Status conflict(std::string text) { return {409, reason::kConflict, std::move(text)}; }

class Migration {
 public:
  Migration(Store& from, Store& to, MigrationOptions options)
      : from_(from), to_(to), options_(std::move(options)) {}

  Task<Result<MigrationResult>> run() {
    CO_TRY(result_.from_revision, co_await from_.read_revision());
    CO_TRY_VOID(co_await begin());
    CO_TRY_VOID(co_await raise_revision());
    CO_TRY_VOID(co_await copy());
    CO_TRY_VOID(co_await check());
    CO_TRY_VOID(co_await end());
    co_return result_;
  }

 private:
  std::string marker() const {
    return fmt::format("from {} at revision {}", options_.source_name, result_.from_revision);
  }

  Task<Result<void>> begin() {
    CO_TRY(const GetResult there, co_await to_.get(kMigrationKey));
    if (there.kv) {
      if (*there.kv->value != marker()) {
        co_return fail(conflict(
            fmt::format("the target holds an unfinished migration {}: finish it, or empty the target",
                        *there.kv->value)));
      }
      options_.logger.info("Going on with an interrupted migration");
      co_return Result<void>();
    }
    RangeOptions any = RangeOptions::of_prefix(kRoot);
    any.limit = 1;
    any.keys_only = true;
    CO_TRY(const RangeResult found, co_await to_.list(any));
    if (!found.kvs.empty()) {
      co_return fail(conflict(fmt::format("the target is not empty: it has {}", found.kvs[0].key)));
    }
    Txn txn;
    txn.compares.emplace_back(kMigrationKey, 0);
    txn.ops.emplace_back(Put{kMigrationKey, make_bytes(marker())});
    CO_TRY(const TxnResult written, co_await to_.txn(std::move(txn)));
    if (!written.succeeded) co_return fail(conflict("another migration has just begun"));
    co_return Result<void>();
  }

  Task<void> raise_by_one_writer(Result<void>& failed) {
    while (failed && to_.current_revision() < result_.from_revision) {
      Txn txn;
      txn.ops.emplace_back(Put{kMigrationKey, make_bytes(marker())});
      Result<TxnResult> written = co_await to_.txn(std::move(txn));
      if (!written) {
        failed = fail(written.error());
        co_return;
      }
      if (written->revision % kReported == 0) {
        options_.logger.info("Raising the target's revision",
                             {{"revision", written->revision}, {"to", result_.from_revision}});
      }
    }
  }

  Task<Result<void>> raise_revision() {
    CO_TRY_VOID(without_value(co_await to_.read_revision()));
    Scope scope(*Executor::current());
    Result<void> failed;
    for (int i = 0; i < kWriters; ++i) scope.spawn(raise_by_one_writer(failed));
    co_await scope.join();
    co_return failed;
  }

  int64_t ttl_of(const KeyValue& kv) const {
    if (kv.lease == 0) return 0;
    if (!options_.local_expiry) return options_.default_ttl;
    return std::max<int64_t>((kv.lease - options_.now_ms + 999) / 1000, 1);
  }

  Task<Result<void>> copy() {
    RangeOptions page = RangeOptions::of_prefix(kRoot);
    page.limit = kPage;
    page.revision = result_.from_revision;
    for (;;) {
      CO_TRY(RangeResult part, co_await from_.list(page));
      CO_TRY_VOID(co_await write(part.kvs));
      if (part.kvs.empty() || !part.more) co_return Result<void>();
      page.start = next_key(part.kvs.back().key);
    }
  }

  Task<Result<void>> write(const std::vector<KeyValue>& kvs) {
    Txn txn;
    size_t bytes = 0;
    for (const KeyValue& kv : kvs) {
      const size_t size = kv.key.size() + kv.value->size();
      if (!txn.ops.empty() && (txn.ops.size() >= kTxnKeys || bytes + size > kTxnBytes)) {
        Txn full = std::exchange(txn, Txn());
        CO_TRY_VOID(without_value(co_await to_.txn(std::move(full))));
        bytes = 0;
      }
      bytes += size;
      txn.ops.emplace_back(Put{kv.key, kv.value, ttl_of(kv)});
      ++result_.keys;
    }
    if (!txn.ops.empty()) {
      CO_TRY_VOID(without_value(co_await to_.txn(std::move(txn))));
    }
    co_return Result<void>();
  }

  Task<Result<void>> check() {
    CO_TRY(const int64_t now, co_await from_.read_revision());
    RangeOptions all = RangeOptions::of_prefix(kRoot);
    all.count_only = true;
    if (now != result_.from_revision) {
      co_return fail(conflict(fmt::format(
          "the source was written meanwhile (revision {}, then {}): stop what writes to it, empty "
          "the target, and begin again",
          result_.from_revision, now)));
    }
    CO_TRY(const RangeResult there, co_await to_.list(all));
    if (there.count != result_.keys) {
      co_return fail(errors::internal(fmt::format("the target has {} keys of {}: somebody else writes to it",
                                                  there.count, result_.keys)));
    }
    co_return Result<void>();
  }

  Task<Result<void>> end() {
    Txn txn;
    txn.ops.emplace_back(Delete{kMigrationKey});
    CO_TRY(const TxnResult written, co_await to_.txn(std::move(txn)));
    result_.to_revision = written.revision;
    // Raising the revision has left its traces.
    CO_TRY_VOID(co_await to_.compact(written.revision));
    co_return Result<void>();
  }

  template <class T>
  static Result<void> without_value(const Result<T>& result) {
    if (!result) return fail(result.error());
    return {};
  }

  Store& from_;
  Store& to_;
  const MigrationOptions options_;
  MigrationResult result_;
};

}  // namespace

Task<Result<MigrationResult>> migrate(Store& from, Store& to, MigrationOptions options) {
  Migration migration(from, to, std::move(options));
  co_return co_await migration.run();
}

Task<Result<void>> check_not_migrating(Store& store) {
  CO_TRY(const GetResult there, co_await store.get(kMigrationKey));
  if (!there.kv) co_return Result<void>();
  co_return fail(errors::service_unavailable(fmt::format(
      "the store holds an unfinished migration {}: finish it, or empty the store", *there.kv->value)));
}

}  // namespace xebec::storage
