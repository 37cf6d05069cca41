// Database: RocksDB with our options, our keys and our errors. Reads and writes block; thread-safe.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "storage/rocksdb/rocksdb_store.h"
#include "storage/store.h"

namespace rocksdb {
class DB;
class Env;
class Snapshot;
class Status;
class WriteBatch;
}  // namespace rocksdb

namespace xebec::storage {

class Index;

class Database {
 public:
  // `env` (null: the default one) outlives the database.
  static Result<std::unique_ptr<Database>> open(const RocksdbOptions& options, rocksdb::Env* env);
  ~Database();

  // Fills an empty index from what is on disk.
  Result<void> recover(Index& index);

  Result<void> write(rocksdb::WriteBatch& batch, bool sync);
  // Durable before it returns; from then on reads below `revision` are refused.
  Result<void> set_compacted(int64_t revision, bool sync);
  int64_t compacted() const { return compacted_.load(); }
  Result<void> checkpoint(const std::string& dir);

  rocksdb::DB& rocks() { return *db_; }
  // The error for the user, naming the directory.
  Status explain(const rocksdb::Status& status) const;
  Status damaged(std::string_view what) const;

 private:
  explicit Database(std::string dir);
  Result<std::optional<std::string>> fact(std::string_view name);
  Result<void> check_format();

  const std::string dir_;
  std::unique_ptr<rocksdb::DB> db_;
  std::atomic<int64_t> compacted_{0};
};

// A look at the database at one moment.
class View {
 public:
  explicit View(Database& db);
  View(const View&) = delete;
  ~View();

  // Whether history from `revision` on is complete in this view.
  Result<void> check(int64_t revision) const;
  // The version of the key that was made at exactly `revision`, if it is still kept. No value: a tombstone.
  Result<std::optional<KeyValue>> version(std::string_view key, int64_t revision) const;
  // What a read at `revision` sees.
  Result<std::optional<KeyValue>> find(std::string_view key, int64_t revision) const;

  Database& db() const { return db_; }
  const rocksdb::Snapshot* snapshot() const { return snapshot_; }

 private:
  Database& db_;
  const rocksdb::Snapshot* snapshot_;
};

}  // namespace xebec::storage
