#include "storage/rocksdb/committer.h"

#include <fmt/format.h>
#include <rocksdb/write_batch.h>

#include "storage/rocksdb/keys.h"
#include "storage/rocksdb/records.h"
#include "storage/rocksdb/scan.h"

namespace xebec::storage {
namespace {

constexpr size_t kBatchTxns = 1024;
constexpr size_t kBatchBytes = 8 << 20;
constexpr size_t kExpiriesABatch = 500;

size_t size_of(const Txn& txn) {
  size_t size = 0;
  for (const Op& op : txn.ops) {
    const Put* put = std::get_if<Put>(&op);
    size += key_of(op).size() + (put != nullptr ? put->value->size() : 0);
  }
  return size;
}

}  // namespace

Committer::Committer(const RocksdbOptions& options, Database& db, Index& index, WatchHub& hub,
                     Executor& executor)
    : options_(options), db_(db), index_(index), hub_(hub), executor_(executor) {
  for (Expiry& lease : index_.leases()) expiries_.push(std::move(lease));
}

int64_t Committer::unix_ms() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(options_.clock->now().time_since_epoch())
      .count();
}

void Committer::start() { arm(); }

Task<Result<TxnResult>> Committer::submit(Txn txn) {
  OneShot<Result<TxnResult>> reply;
  bool post = false;
  {
    std::lock_guard lock(mutex_);
    if (refusal_) co_return fail(*refusal_);
    queue_.push_back(Request{std::move(txn), reply});
    post = !std::exchange(draining_, true);
  }
  if (post) executor_.post([this] { drain(); });
  co_return co_await reply;
}

void Committer::drain() {
  commit(take_batch());
  std::lock_guard lock(mutex_);
  draining_ = !queue_.empty();
  if (draining_) executor_.post([this] { drain(); });
}

std::vector<Committer::Request> Committer::take_batch() {
  std::vector<Request> batch;
  size_t bytes = 0;
  std::lock_guard lock(mutex_);
  while (!queue_.empty() && batch.size() < kBatchTxns && bytes < kBatchBytes) {
    bytes += size_of(queue_.front().txn);
    batch.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  return batch;
}

Result<Bytes> Committer::load(const KeyValue& kv) {
  TRY(std::optional<KeyValue> found, View(db_).version(kv.key, kv.mod_revision));
  if (!found || !found->value) return fail(db_.damaged("the newest version of a key is missing"));
  return found->value;
}

void Committer::commit(std::vector<Request> requests) {
  if (stopped_) {
    for (Request& request : requests) {
      if (request.reply) request.reply->set(Result<TxnResult>(fail(*refusal_)));
    }
    return;
  }
  Batch batch(*this, index_.revision(), unix_ms());
  std::vector<Result<TxnResult>> results;
  results.reserve(requests.size());
  for (const Request& request : requests) results.push_back(batch.apply(request.txn));

  if (!batch.events().empty()) {
    Result<void> persisted = persist(batch);
    if (!persisted) {
      // The log may hold the batch although the write failed: only a restart tells. That goes for the answers
      // of refused transactions too, which may have seen earlier ones of the batch.
      std::string why = fmt::format("the outcome of the write is not known: {}", persisted.error().message);
      for (Result<TxnResult>& result : results) {
        if (result) result = fail(errors::unknown_outcome(why));
      }
      stop(persisted.error());
    } else {
      publish(batch);
    }
  }
  for (size_t i = 0; i < requests.size(); ++i) {
    if (requests[i].reply) requests[i].reply->set(std::move(results[i]));
  }
}

Result<void> Committer::persist(const Batch& batch) {
  rocksdb::WriteBatch write;
  int64_t revision = 0;
  uint32_t position = 0;
  for (const auto& event : batch.events()) {
    position = event->kv.mod_revision == revision ? position + 1 : 0;
    revision = event->kv.mod_revision;
    write.Put(data_key(event->kv.key, revision), encode_version(*event));
    write.Put(log_key(revision, position), encode_log(*event));
  }
  return db_.write(write, options_.sync);
}

void Committer::publish(const Batch& batch) {
  index_.apply(batch.revision(), batch.events());
  hub_.publish(batch.revision(), batch.events());
  for (const auto& event : batch.events()) {
    if (event->kv.lease != 0) expiries_.emplace(event->kv.lease, event->kv.key);
  }
}

// After a failed write or fsync the kernel may have dropped what it could not write: nothing that follows
// could be trusted, so there is no going on.
void Committer::stop(const Status& why) {
  stopped_ = true;
  Status refusal =
      errors::service_unavailable(fmt::format("the store has stopped after a failed write: {}", why.message));
  {
    std::lock_guard lock(mutex_);
    refusal_ = refusal;
  }
  options_.logger.error("The store has stopped after a failed write", {{"error", why.message}});
  if (options_.on_fatal) options_.on_fatal(refusal);
}

Task<Result<void>> Committer::mark_compacted(int64_t revision) {
  OneShot<Result<void>> shot;
  executor_.post([this, shot, revision] { shot.set(apply_mark(revision)); });
  co_return co_await shot;
}

Result<void> Committer::apply_mark(int64_t revision) {
  {
    std::lock_guard lock(mutex_);
    if (refusal_) return fail(*refusal_);
  }
  if (revision > index_.revision()) return fail(future_revision(revision, index_.revision()));
  if (revision <= db_.compacted()) return fail(compacted());
  Result<void> marked = db_.set_compacted(revision, options_.sync);
  if (!marked) {
    stop(marked.error());
    return marked;
  }
  hub_.set_compacted(revision);
  return {};
}

Task<Result<void>> Committer::erase(std::shared_ptr<Sweep> sweep) {
  OneShot<Result<void>> shot;
  executor_.post([this, shot, sweep = std::move(sweep)] { shot.set(apply_sweep(*sweep)); });
  co_return co_await shot;
}

Result<void> Committer::apply_sweep(Sweep& sweep) {
  if (stopped_) return fail(*refusal_);
  if (sweep.found().Count() == 0) return {};
  Result<void> written = db_.write(sweep.found(), false);
  if (!written) stop(written.error());
  return written;
}

void Committer::refuse(Status why) {
  std::lock_guard lock(mutex_);
  if (!refusal_) refusal_ = std::move(why);
}

Task<void> Committer::drained() {
  OneShot<bool> shot;
  post_drained(shot);
  co_await shot;
}

void Committer::post_drained(OneShot<bool> shot) {
  executor_.post([this, shot] {
    {
      std::lock_guard lock(mutex_);
      if (!draining_) {
        shot.set(true);
        return;
      }
    }
    post_drained(shot);
  });
}

void Committer::arm() {
  executor_.post_at(executor_.now() + options_.ttl_check_interval, [this] { expire(); });
}

void Committer::expire() {
  {
    std::lock_guard lock(mutex_);
    if (refusal_) return;
  }
  int64_t now = unix_ms();
  std::vector<Request> requests;
  while (!expiries_.empty() && expiries_.top().first <= now && requests.size() < kExpiriesABatch) {
    const auto& [lease, key] = expiries_.top();
    std::optional<KeyValue> kv = find(key);
    if (kv && kv->lease == lease) {
      Request request;
      request.txn.compares.push_back(Compare{key, kv->mod_revision});
      request.txn.ops.push_back(Delete{key});
      requests.push_back(std::move(request));
    }
    expiries_.pop();
  }
  if (!requests.empty()) commit(std::move(requests));
  arm();
}

}  // namespace xebec::storage
