// Store: the replicated or local key-value store below the API server, with etcd's data model (etcd v3 "KV",
// "Watch" and "Lease" APIs): every write makes a new revision of the whole store, old revisions stay readable
// until they are compacted, and a watch replays them.
//
// All engines are thread-safe. A task resumes on the executor it was awaited on. A store outlives its
// watchers and every task it handed out.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/cancel.h"
#include "base/result.h"
#include "base/task.h"

namespace xebec::storage {

// A stored value: immutable, shared by the store, its watchers, caches and responses in flight.
using Bytes = std::shared_ptr<const std::string>;

inline Bytes make_bytes(std::string value) { return std::make_shared<const std::string>(std::move(value)); }

struct KeyValue {
  std::string key;
  Bytes value;                  // null only for keys_only results and for the kv of a delete event
  int64_t create_revision = 0;  // 0 in the kv of a delete event
  int64_t mod_revision = 0;
  int64_t version = 0;  // number of puts since creation; 0 in the kv of a delete event
  int64_t lease = 0;    // nonzero: the key expires. Local engines: expiry as Unix time in milliseconds
};

struct GetResult {
  int64_t revision = 0;  // of the store when the read was made
  std::optional<KeyValue> kv;
};

// Keys in [start, end), in bytewise order.
struct RangeOptions {
  std::string start;
  std::string end;          // empty: to the end of the key space
  int64_t limit = 0;        // most keys returned; 0: all
  int64_t revision = 0;     // 0: the current one
  bool keys_only = false;   // leave out the values
  bool with_count = false;  // fill RangeResult::count (costs a walk of the range's index)
  bool count_only = false;  // return no keys, only the count

  static RangeOptions of_prefix(std::string prefix);
};

struct RangeResult {
  int64_t revision = 0;        // the revision that was read: what a continue token holds
  int64_t store_revision = 0;  // the store's newest when the read was made
  std::vector<KeyValue> kvs;
  bool more = false;  // the limit cut the result: go on at next_key(kvs.back().key)
  int64_t count = 0;  // keys of the whole range, beyond the limit too; only with with_count or count_only
};

// Holds when the key's mod revision is this; 0: the key must not exist.
struct Compare {
  std::string key;
  int64_t mod_revision = 0;
};

struct Put {
  std::string key;
  Bytes value;
  int64_t ttl_seconds = 0;  // nonzero: the store deletes the key after this time, unless it is put again
};

struct Delete {
  std::string key;  // deleting a missing key does nothing
};

using Op = std::variant<Put, Delete>;

// Atomic: all compares hold and all ops are done, or nothing is. A key appears in at most one op.
struct Txn {
  std::vector<Compare> compares;
  std::vector<Op> ops;
};

struct TxnResult {
  bool succeeded = false;
  // On success the revision of the write (the current one when the ops changed nothing); on failure the
  // current one.
  int64_t revision = 0;
  // On success, as ops: what each op replaced or deleted.
  std::vector<std::optional<KeyValue>> previous;
  // On failure, as compares: what is there now.
  std::vector<std::optional<KeyValue>> current;
};

struct Event {
  enum class Type { kPut, kDelete };
  Type type = Type::kPut;
  KeyValue kv;  // of a delete: key and mod_revision (the revision of the delete) only
  std::optional<KeyValue>
      prev;  // what was there before, with its value; of the first revision kept it may be missing
};

// Every event of the watched prefix up to and including `revision` has now been delivered. Events are in
// revision order; all events of one revision are in one batch. Without events it is pure progress.
struct WatchBatch {
  int64_t revision = 0;
  std::vector<std::shared_ptr<const Event>> events;
};

// A cursor on the store's history: no event is missed and none is repeated. A slow one re-reads the store's
// log and holds nobody up; when compaction overtakes it, next() answers compacted().
class Watcher {
 public:
  virtual ~Watcher() = default;
  // Waits for events, or for the answer to request_progress(). One call at a time; after an error only errors
  // come, except that a call cancelled by its token (errors::cancelled) loses nothing and may be repeated.
  virtual Task<Result<WatchBatch>> next(CancelToken cancel = {}) = 0;
  // Thread-safe. The pending or following next() returns once everything up to the store's revision of now
  // has been delivered, even if that is nothing.
  virtual void request_progress() = 0;
  // Thread-safe. Ends the watch: next() answers errors::cancelled.
  virtual void cancel() = 0;
};

class Store {
 public:
  virtual ~Store() = default;

  virtual Task<Result<GetResult>> get(std::string key, int64_t at_revision = 0) = 0;
  virtual Task<Result<RangeResult>> list(RangeOptions options) = 0;
  // Errors: errors::unknown_outcome when the write may or may not have happened (re-read, never retry
  // blindly); any other error means that it did not happen.
  virtual Task<Result<TxnResult>> txn(Txn txn) = 0;
  // From `from_revision` on, inclusive (0: only what comes after now); a later revision than the current is
  // waited for. A list at revision R goes on as a watch from R + 1.
  virtual Task<Result<std::unique_ptr<Watcher>>> watch(std::string prefix, int64_t from_revision) = 0;

  // The newest revision this process knows to be committed. An empty store is at revision 1, as etcd is.
  virtual int64_t current_revision() const = 0;
  // Linearizable: not older than any write acknowledged before the call, by whichever process.
  virtual Task<Result<int64_t>> read_revision() = 0;
  // Reads below it answer compacted(); 0 when nothing was compacted.
  virtual int64_t compacted_revision() const = 0;

  // Forgets what was overwritten or deleted before or at `revision`. Returns when the old versions have been
  // deleted.
  virtual Task<Result<void>> compact(int64_t revision) = 0;
  // Writes a consistent copy into `dir`, which must not exist; it opens as a store of the same engine.
  virtual Task<Result<void>> snapshot(std::string dir) = 0;
  // Finishes accepted writes, ends the watchers, refuses everything after. The destructor does the same.
  virtual Task<void> close() = 0;
};

// The end of the range of keys that start with `prefix` (etcd's GetPrefixRangeEnd); empty when there is no
// end.
std::string prefix_end(std::string_view prefix);
// The smallest key after `key`: where the page after `key` starts.
std::string next_key(std::string_view key);

// Errors of every engine.
Status compacted();  // 410 Expired, in etcd's words
Status future_revision(int64_t requested,
                       int64_t current);  // 504 with cause ResourceVersionTooLarge, as upstream
Status store_closed();                    // 503

}  // namespace xebec::storage
