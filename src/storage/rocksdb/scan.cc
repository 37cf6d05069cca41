#include "storage/rocksdb/scan.h"

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include "storage/rocksdb/keys.h"
#include "storage/rocksdb/records.h"

namespace xebec::storage {
namespace {

constexpr int kVersionsAStep = 2000;
constexpr int kLogEntriesAStep = 4000;
constexpr int kSweptAStep = 500;
// Versions of one key that are passed one by one before a search for the next key pays.
constexpr int kStepsBeforeSeek = 8;

std::string_view view(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

struct LogEntry {
  LogPosition at;
  LogRecord record;
};

Result<LogEntry> read_entry(const Database& db, const rocksdb::Iterator& it) {
  std::optional<LogPosition> position = parse_log_key(view(it.key()));
  std::optional<LogRecord> record = decode_log(view(it.value()));
  if (!position || !record) return fail(db.damaged("an entry of the log cannot be read"));
  return LogEntry{*position, *record};
}

Result<std::shared_ptr<const Event>> load_event(const View& view, const LogEntry& entry) {
  auto event = std::make_shared<Event>();
  std::string_view key = entry.record.key;
  if (entry.record.previous != 0) {
    TRY(std::optional<KeyValue> prev, view.version(key, entry.record.previous));
    if (prev) {
      event->prev = std::move(*prev);
    } else if (entry.at.revision > view.db().compacted()) {
      return fail(view.db().damaged("a version of which the log knows is missing"));
    }
  }
  if (entry.record.deleted) {
    event->type = Event::Type::kDelete;
    event->kv.key = key;
    event->kv.mod_revision = entry.at.revision;
    return event;
  }
  TRY(std::optional<KeyValue> kv, view.version(key, entry.at.revision));
  if (!kv || !kv->value) return fail(view.db().damaged("a version of which the log knows is missing"));
  event->kv = std::move(*kv);
  return event;
}

}  // namespace

RangeScan::RangeScan(Database& db, RangeOptions options, int64_t revision)
    : options_(std::move(options)), revision_(revision), view_(db) {
  result_.revision = revision;
}

RangeScan::~RangeScan() = default;

Result<bool> RangeScan::begin() {
  TRY_VOID(view_.check(revision_));
  if (!options_.end.empty() && options_.start >= options_.end) return true;
  rocksdb::ReadOptions read;
  read.snapshot = view_.snapshot();
  read.fill_cache = options_.limit > 0;
  it_.reset(view_.db().rocks().NewIterator(read));
  it_->Seek(data_bound(options_.start));
  return false;
}

Result<bool> RangeScan::step() {
  if (!it_) {
    TRY(bool done, begin());
    if (done) return true;
  }
  for (int i = 0; i < kVersionsAStep; ++i) {
    TRY(bool done, visit());
    if (done) return true;
  }
  return false;
}

void RangeScan::skip_key(const std::string& key_end) {
  for (int i = 0; i < kStepsBeforeSeek; ++i) {
    it_->Next();
    if (!it_->Valid() || view(it_->key()) >= key_end) return;
  }
  it_->Seek(key_end);
}

Result<bool> RangeScan::visit() {
  Database& db = view_.db();
  if (!it_->Valid()) {
    if (!it_->status().ok()) return fail(db.explain(it_->status()));
    return true;
  }
  std::string_view encoded = view(it_->key());
  if (!encoded.starts_with('d')) return true;
  std::optional<VersionedKey> key = parse_data_key(encoded);
  if (!key) return fail(db.damaged("a stored key cannot be read"));
  if (!options_.end.empty() && key->key >= options_.end) return true;
  if (key->revision > revision_) {
    it_->Seek(data_key(key->key, revision_));
    return false;
  }
  std::optional<VersionRecord> record = decode_version(view(it_->value()));
  if (!record) return fail(db.damaged("a stored version cannot be read"));
  std::string key_end = after_key(encoded);
  if (!record->deleted) {
    ++result_.count;
    bool full = options_.limit > 0 && result_.kvs.size() >= static_cast<size_t>(options_.limit);
    if (full) {
      result_.more = true;
      if (!options_.with_count) return true;
    } else if (!options_.count_only) {
      Bytes value = options_.keys_only ? nullptr : make_bytes(std::string(record->value));
      result_.kvs.push_back({std::move(key->key), std::move(value), record->create_revision, key->revision,
                             record->version, record->lease});
    }
  }
  skip_key(key_end);
  return false;
}

Result<LogChunk> scan_log(Database& db, const std::string& prefix, int64_t from, int64_t to) {
  View at(db);
  TRY_VOID(at.check(from));
  rocksdb::ReadOptions read;
  read.snapshot = at.snapshot();
  std::unique_ptr<rocksdb::Iterator> it(db.rocks().NewIterator(read));
  LogChunk chunk;
  int64_t revision = from;
  int seen = 0;
  for (it->Seek(log_key(from, 0)); it->Valid() && it->key().starts_with("l"); it->Next()) {
    TRY(LogEntry entry, read_entry(db, *it));
    if (entry.at.revision > to) break;
    bool full = seen >= kLogEntriesAStep || chunk.events.size() >= WatchHub::kBatchEvents;
    if (full && entry.at.revision != revision) {
      chunk.through = entry.at.revision - 1;
      return chunk;
    }
    revision = entry.at.revision;
    ++seen;
    if (!entry.record.key.starts_with(prefix)) continue;
    TRY(std::shared_ptr<const Event> event, load_event(at, entry));
    chunk.events.push_back(std::move(event));
  }
  if (!it->status().ok()) return fail(db.explain(it->status()));
  chunk.through = to;
  return chunk;
}

Sweep::Sweep(Database& db, int64_t from) : db_(db), compacted_(db.compacted()), position_(log_key(from, 0)) {}

Sweep::~Sweep() = default;

Result<bool> Sweep::step() {
  rocksdb::ReadOptions read;
  read.fill_cache = false;
  std::unique_ptr<rocksdb::Iterator> it(db_.rocks().NewIterator(read));
  found_ = std::make_unique<rocksdb::WriteBatch>();
  bool done = true;
  int seen = 0;
  for (it->Seek(position_); it->Valid() && it->key().starts_with("l"); it->Next()) {
    TRY(LogEntry entry, read_entry(db_, *it));
    if (entry.at.revision > compacted_) break;
    if (++seen > kSweptAStep) {
      position_ = it->key().ToString();
      done = false;
      break;
    }
    // Each entry knows which version it superseded: no search through the versions is needed. The entries of
    // the compacted revision itself stay, so that a watch from it is still complete.
    std::string_view key = entry.record.key;
    if (entry.record.previous != 0) found_->Delete(data_key(key, entry.record.previous));
    if (entry.record.deleted) found_->Delete(data_key(key, entry.at.revision));
    if (entry.at.revision < compacted_) found_->Delete(it->key());
  }
  if (!it->status().ok()) return fail(db_.explain(it->status()));
  return done;
}

}  // namespace xebec::storage
