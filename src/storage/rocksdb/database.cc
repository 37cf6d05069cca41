#include "storage/rocksdb/database.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/utilities/table_properties_collectors.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>

#include "storage/rocksdb/index.h"
#include "storage/rocksdb/keys.h"
#include "storage/rocksdb/records.h"

namespace xebec::storage {
namespace {

constexpr std::string_view kFormat = "1";

std::string_view view(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

// RocksDB's warnings go to our log; its own LOG file would grow in the directory.
class RocksLog final : public rocksdb::Logger {
 public:
  explicit RocksLog(xebec::Logger logger)
      : rocksdb::Logger(rocksdb::WARN_LEVEL), logger_(std::move(logger)) {}

  using rocksdb::Logger::Logv;
  void Logv(const char* format, va_list args) override { Logv(rocksdb::WARN_LEVEL, format, args); }
  void Logv(rocksdb::InfoLogLevel level, const char* format, va_list args) override {
    if (level < rocksdb::WARN_LEVEL || level > rocksdb::FATAL_LEVEL) return;
    char text[1024];
    vsnprintf(text, sizeof text, format, args);
    logger_.warning("RocksDB", {{"message", text}});
  }

 private:
  xebec::Logger logger_;
};

rocksdb::Options rocks_options(const RocksdbOptions& options, rocksdb::Env* env) {
  rocksdb::Options rocks;
  if (env != nullptr) rocks.env = env;
  rocks.create_if_missing = true;
  rocks.info_log = std::make_shared<RocksLog>(options.logger);
  // A torn record at the end of the log is a write that was never acknowledged; anything else is damage.
  rocks.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  rocks.write_buffer_size = options.write_buffer_bytes;
  rocks.max_write_buffer_number = 2;
  rocks.target_file_size_base = 8 << 20;
  rocks.max_bytes_for_level_base = 32 << 20;
  rocks.compression = rocksdb::kLZ4Compression;
  rocks.max_open_files = 256;
  rocks.stats_dump_period_sec = 0;
  rocks.stats_persist_period_sec = 0;
  rocks.skip_stats_update_on_db_open = true;
  // Files in which compaction has deleted much are rewritten even when nothing else asks for it.
  rocks.table_properties_collector_factories.push_back(
      rocksdb::NewCompactOnDeletionCollectorFactory(1024, 512));

  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(options.block_cache_bytes);
  table.cache_index_and_filter_blocks = true;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.block_size = 16 << 10;
  rocks.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return rocks;
}

// The new name itself is made durable too: what is acknowledged later must not vanish with its directory.
Result<void> make_dir(const std::string& dir) {
  auto refuse = [&dir] {
    return fail(errors::service_unavailable(
        fmt::format("storage directory {} cannot be created: {}", dir, std::strerror(errno))));
  };
  if (mkdir(dir.c_str(), 0700) != 0) {
    if (errno == EEXIST) return {};
    return refuse();
  }
  std::string parent = std::filesystem::absolute(dir + "/..").string();
  int fd = open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return refuse();
  bool synced = fsync(fd) == 0;
  close(fd);
  if (!synced) return refuse();
  return {};
}

KeyValue to_kv(std::string key, int64_t revision, const VersionRecord& record) {
  KeyValue kv{std::move(key), nullptr, record.create_revision, revision, record.version, record.lease};
  if (!record.deleted) kv.value = make_bytes(std::string(record.value));
  return kv;
}

}  // namespace

Database::Database(std::string dir) : dir_(std::move(dir)) {}

Database::~Database() {
  if (db_) (void)db_->Close();
}

Status Database::explain(const rocksdb::Status& status) const {
  std::string text = status.ToString();
  if (status.IsCorruption()) return damaged(text);
  if (status.IsIOError() && text.find("lock") != std::string::npos &&
      text.find("/LOCK") != std::string::npos &&
      (text.find("Resource temporarily unavailable") != std::string::npos ||
       text.find("lock hold by current process") != std::string::npos)) {
    return errors::service_unavailable(
        fmt::format("storage directory {} is in use by another process", dir_));
  }
  if (status.IsNoSpace() || text.find("No space left on device") != std::string::npos) {
    return errors::service_unavailable(
        fmt::format("storage directory {}: no space left on device ({})", dir_, text));
  }
  return errors::service_unavailable(fmt::format("storage directory {}: {}", dir_, text));
}

Status Database::damaged(std::string_view what) const {
  return errors::internal(fmt::format("storage directory {} is damaged: {}", dir_, what));
}

Result<std::unique_ptr<Database>> Database::open(const RocksdbOptions& options, rocksdb::Env* env) {
  std::unique_ptr<Database> database(new Database(options.dir));
  TRY_VOID(make_dir(options.dir));
  rocksdb::DB* db = nullptr;
  rocksdb::Status status = rocksdb::DB::Open(rocks_options(options, env), options.dir, &db);
  if (!status.ok()) return fail(database->explain(status));
  database->db_.reset(db);
  TRY_VOID(database->check_format());
  TRY(std::optional<std::string> compacted, database->fact("compacted"));
  if (compacted) database->compacted_ = std::stoll(*compacted);
  return database;
}

Result<std::optional<std::string>> Database::fact(std::string_view name) {
  std::string value;
  rocksdb::Status status = db_->Get({}, fmt::format("m{}", name), &value);
  if (status.IsNotFound()) return std::nullopt;
  if (!status.ok()) return fail(explain(status));
  return value;
}

Result<void> Database::check_format() {
  TRY(std::optional<std::string> format, fact("format"));
  if (!format) {
    rocksdb::WriteBatch batch;
    batch.Put("mformat", rocksdb::Slice(kFormat.data(), kFormat.size()));
    return write(batch, true);
  }
  if (*format == kFormat) return {};
  return fail(errors::internal(
      fmt::format("storage directory {} has format {}, which this version does not know (it writes {})", dir_,
                  *format, kFormat)));
}

Result<void> Database::write(rocksdb::WriteBatch& batch, bool sync) {
  rocksdb::WriteOptions options;
  options.sync = sync;
  rocksdb::Status status = db_->Write(options, &batch);
  if (!status.ok()) return fail(explain(status));
  return {};
}

Result<void> Database::set_compacted(int64_t revision, bool sync) {
  rocksdb::WriteBatch batch;
  batch.Put("mcompacted", std::to_string(revision));
  TRY_VOID(write(batch, sync));
  compacted_ = revision;
  return {};
}

Result<void> Database::checkpoint(const std::string& dir) {
  rocksdb::Checkpoint* made = nullptr;
  rocksdb::Status status = rocksdb::Checkpoint::Create(db_.get(), &made);
  std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
  if (status.ok()) status = checkpoint->CreateCheckpoint(dir);
  if (status.IsInvalidArgument()) {
    return fail(
        errors::bad_request(fmt::format("cannot write a snapshot to {}: {}", dir, status.ToString())));
  }
  if (!status.ok()) return fail(errors::internal(fmt::format("snapshot to {}: {}", dir, status.ToString())));
  return {};
}

Result<void> Database::recover(Index& index) {
  rocksdb::ReadOptions options;
  options.fill_cache = false;
  std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator(options));
  int64_t revision = std::max<int64_t>(1, compacted_);
  it->SeekForPrev(log_end());
  if (it->Valid() && it->key().starts_with("l")) {
    std::optional<LogPosition> last = parse_log_key(view(it->key()));
    if (!last) return fail(damaged("a key of the log cannot be read"));
    revision = std::max(revision, last->revision);
  }
  // The newest version of a key comes first; the others of the same key are passed over.
  std::string passed;
  for (it->Seek(data_bound("")); it->Valid() && it->key().starts_with("d"); it->Next()) {
    std::string_view encoded = view(it->key());
    if (!passed.empty() && encoded < passed) continue;
    std::optional<VersionedKey> key = parse_data_key(encoded);
    std::optional<VersionRecord> record = decode_version(view(it->value()));
    if (!key || !record) return fail(damaged("a stored version cannot be read"));
    passed = after_key(encoded);
    if (record->deleted) continue;
    index.load({std::move(key->key), nullptr, record->create_revision, key->revision, record->version,
                record->lease});
  }
  if (!it->status().ok()) return fail(explain(it->status()));
  index.start_at(revision);
  return {};
}

View::View(Database& db) : db_(db), snapshot_(db.rocks().GetSnapshot()) {}
View::~View() { db_.rocks().ReleaseSnapshot(snapshot_); }

// Compaction raises the mark before it deletes anything, and the snapshot was taken before the mark is read
// here: what passes has everything in the snapshot.
Result<void> View::check(int64_t revision) const {
  if (revision < db_.compacted()) return fail(compacted());
  return {};
}

Result<std::optional<KeyValue>> View::version(std::string_view key, int64_t revision) const {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot_;
  rocksdb::PinnableSlice value;
  rocksdb::DB& rocks = db_.rocks();
  rocksdb::Status status = rocks.Get(options, rocks.DefaultColumnFamily(), data_key(key, revision), &value);
  if (status.IsNotFound()) return std::nullopt;
  if (!status.ok()) return fail(db_.explain(status));
  std::optional<VersionRecord> record = decode_version(view(value));
  if (!record) return fail(db_.damaged("a stored version cannot be read"));
  return to_kv(std::string(key), revision, *record);
}

Result<std::optional<KeyValue>> View::find(std::string_view key, int64_t revision) const {
  std::string target = data_key(key, revision);
  std::string end = after_key(target);
  rocksdb::Slice bound(end);
  rocksdb::ReadOptions options;
  options.snapshot = snapshot_;
  options.iterate_upper_bound = &bound;
  std::unique_ptr<rocksdb::Iterator> it(db_.rocks().NewIterator(options));
  it->Seek(target);
  if (!it->Valid()) {
    if (!it->status().ok()) return fail(db_.explain(it->status()));
    return std::nullopt;
  }
  std::optional<VersionedKey> found = parse_data_key(view(it->key()));
  std::optional<VersionRecord> record = decode_version(view(it->value()));
  if (!found || !record) return fail(db_.damaged("a stored version cannot be read"));
  if (record->deleted) return std::nullopt;
  return to_kv(std::move(found->key), found->revision, *record);
}

}  // namespace xebec::storage
