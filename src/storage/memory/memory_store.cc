#include "storage/memory/memory_store.h"

#include <algorithm>
#include <map>
#include <mutex>

#include "base/sync.h"
#include "storage/memory/mvcc_map.h"

namespace xebec::storage {
namespace {

int64_t unix_ms(const Clock& clock) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(clock.now().time_since_epoch()).count();
}

// A watcher whose next() may be delayed or broken by the fault plan.
class FaultyWatcher final : public Watcher {
 public:
  FaultyWatcher(std::unique_ptr<Watcher> inner, std::shared_ptr<FaultPlan> faults, std::string prefix)
      : inner_(std::move(inner)), faults_(std::move(faults)), prefix_(std::move(prefix)) {}

  Task<Result<WatchBatch>> next(CancelToken cancel) override {
    if (broken_) co_return fail(*broken_);
    Fault fault = faults_->next(OpKind::kWatchNext, prefix_);
    if (fault.delay.count() > 0) {
      bool slept = co_await sleep_for(fault.delay, cancel);
      if (!slept) co_return fail(errors::cancelled());
    }
    if (fault.error) {
      broken_ = fault.error;
      co_return fail(*broken_);
    }
    co_return co_await inner_->next(cancel);
  }
  void request_progress() override { inner_->request_progress(); }
  void cancel() override { inner_->cancel(); }

 private:
  std::unique_ptr<Watcher> inner_;
  std::shared_ptr<FaultPlan> faults_;
  std::string prefix_;
  std::optional<Status> broken_;
};

// The shared part: timers hold it weakly, so that a store may end while one is armed.
class State : public std::enable_shared_from_this<State> {
 public:
  explicit State(MemoryOptions options) : options_(std::move(options)) {}

  Result<TxnResult> commit(const Txn& txn, WatchHub& hub) {
    std::lock_guard lock(mutex_);
    if (closed_) return fail(store_closed());
    return commit_locked(txn, hub);
  }

  // Calls `f(map)` with the state locked.
  template <class F>
  auto with_map(F f) const {
    std::lock_guard lock(mutex_);
    return f(map_);
  }

  Result<void> compact(int64_t revision, WatchHub& hub) {
    std::lock_guard lock(mutex_);
    if (closed_) return fail(store_closed());
    TRY_VOID(map_.compact(revision));
    hub.set_compacted(revision);
    return {};
  }

  void set_hub(std::weak_ptr<WatchHub> hub) { hub_ = std::move(hub); }
  void close() {
    std::lock_guard lock(mutex_);
    closed_ = true;
    if (timer_ != 0) options_.executor->cancel_timer(timer_);
    timer_ = 0;
  }
  bool closed() const {
    std::lock_guard lock(mutex_);
    return closed_;
  }

 private:
  Result<TxnResult> commit_locked(const Txn& txn, WatchHub& hub) {
    Batch batch(map_, map_.revision(), options_.clock ? unix_ms(*options_.clock) : 0);
    TRY(TxnResult result, batch.apply(txn));
    if (batch.events().empty()) return result;
    map_.commit(batch.revision(), batch.events());
    hub.publish(batch.revision(), batch.events());
    for (const auto& event : batch.events()) {
      if (event->kv.lease != 0) expiries_.emplace(event->kv.lease, event->kv.key);
    }
    arm();
    return result;
  }

  void arm() {
    if (expiries_.empty() || options_.executor == nullptr || !options_.clock) return;
    int64_t due = expiries_.begin()->first;
    if (timer_ != 0 && timer_due_ <= due) return;
    if (timer_ != 0) options_.executor->cancel_timer(timer_);
    timer_due_ = due;
    int64_t wait = std::max<int64_t>(due - unix_ms(*options_.clock), 1);
    auto expire = [weak = weak_from_this()] {
      if (auto state = weak.lock()) state->expire();
    };
    timer_ = options_.executor->post_at(options_.executor->now() + std::chrono::milliseconds(wait), expire);
  }

  void expire() {
    std::lock_guard lock(mutex_);
    timer_ = 0;
    std::shared_ptr<WatchHub> hub = hub_.lock();
    if (closed_ || !hub) return;
    int64_t now = unix_ms(*options_.clock);
    while (!expiries_.empty() && expiries_.begin()->first <= now) {
      auto node = expiries_.extract(expiries_.begin());
      std::optional<KeyValue> kv = map_.find(node.mapped());
      if (!kv || kv->lease != node.key()) continue;  // put again since, or gone
      Txn txn;
      txn.ops.push_back(Delete{kv->key});
      (void)commit_locked(txn, *hub);  // it reads nothing that could fail
    }
    arm();
  }

  const MemoryOptions options_;
  mutable std::mutex mutex_;
  MvccMap map_;
  std::weak_ptr<WatchHub> hub_;
  std::multimap<int64_t, std::string> expiries_;  // by lease
  uint64_t timer_ = 0;
  int64_t timer_due_ = 0;
  bool closed_ = false;
};

class MemoryStore final : public Store, private LogReader {
 public:
  explicit MemoryStore(const MemoryOptions& options)
      : faults_(options.faults),
        max_txn_bytes_(options.max_txn_bytes),
        state_(std::make_shared<State>(options)),
        hub_(std::make_shared<WatchHub>(static_cast<LogReader&>(*this), 1, 0, options.watch_ring_bytes)) {
    state_->set_hub(hub_);
  }
  ~MemoryStore() override { shut(); }

  Task<Result<GetResult>> get(std::string key, int64_t at_revision) override {
    Fault fault;
    CO_TRY_VOID(co_await suffer(OpKind::kGet, key, fault));
    co_return state_->with_map([&](const MvccMap& map) -> Result<GetResult> {
      TRY(int64_t revision, map.readable(at_revision));
      GetResult result;
      result.revision = map.revision();
      result.kv = map.at(key, revision);
      return result;
    });
  }

  Task<Result<RangeResult>> list(RangeOptions options) override {
    Fault fault;
    CO_TRY_VOID(co_await suffer(OpKind::kList, options.start, fault));
    co_return state_->with_map([&](const MvccMap& map) -> Result<RangeResult> {
      TRY(int64_t revision, map.readable(options.revision));
      return map.range(options, revision);
    });
  }

  Task<Result<TxnResult>> txn(Txn txn) override {
    CO_TRY_VOID(validate(txn, max_txn_bytes_));
    Fault fault;
    std::string key = txn.ops.empty() ? "" : key_of(txn.ops.front());
    CO_TRY_VOID(co_await suffer(OpKind::kTxn, key, fault));
    if (fault.unknown_outcome) {
      if (fault.applied) (void)state_->commit(txn, *hub_);
      co_return fail(errors::unknown_outcome("etcdserver: request timed out"));
    }
    co_return state_->commit(txn, *hub_);
  }

  Task<Result<std::unique_ptr<Watcher>>> watch(std::string prefix, int64_t from_revision) override {
    Fault fault;
    CO_TRY_VOID(co_await suffer(OpKind::kWatch, prefix, fault));
    CO_TRY(std::unique_ptr<Watcher> watcher, hub_->watch(prefix, from_revision));
    if (faults_) watcher = std::make_unique<FaultyWatcher>(std::move(watcher), faults_, std::move(prefix));
    co_return watcher;
  }

  int64_t current_revision() const override {
    return state_->with_map([](const MvccMap& map) { return map.revision(); });
  }
  Task<Result<int64_t>> read_revision() override {
    if (state_->closed()) co_return fail(store_closed());
    co_return current_revision();
  }
  int64_t compacted_revision() const override {
    return state_->with_map([](const MvccMap& map) { return map.compacted_revision(); });
  }

  Task<Result<void>> compact(int64_t revision) override {
    Fault fault;
    CO_TRY_VOID(co_await suffer(OpKind::kCompact, "", fault));
    co_return state_->compact(revision, *hub_);
  }

  Task<Result<void>> snapshot(std::string) override {
    co_return fail(
        errors::bad_request("the memory store keeps nothing on disk and cannot be copied to a directory"));
  }

  Task<void> close() override {
    shut();
    co_return;
  }

 private:
  void shut() {
    state_->close();
    hub_->close(store_closed());
  }

  // What the fault plan has for this operation: the wait is over and the error returned, the rest is in
  // `fault`.
  Task<Result<void>> suffer(OpKind kind, std::string key, Fault& fault) {
    if (state_->closed()) co_return fail(store_closed());
    if (!faults_) co_return Result<void>();
    fault = faults_->next(kind, key);
    if (fault.delay.count() > 0) co_await sleep_for(fault.delay);
    if (fault.error) co_return fail(*fault.error);
    co_return Result<void>();
  }

  Task<Result<LogChunk>> read_log(std::string prefix, int64_t from, int64_t to) override {
    co_return state_->with_map(
        [&](const MvccMap& map) { return map.log(prefix, from, to, WatchHub::kBatchEvents); });
  }

  std::shared_ptr<FaultPlan> faults_;
  const size_t max_txn_bytes_;
  std::shared_ptr<State> state_;
  std::shared_ptr<WatchHub> hub_;
};

}  // namespace

std::unique_ptr<Store> make_memory_store(MemoryOptions options) {
  return std::make_unique<MemoryStore>(options);
}

}  // namespace xebec::storage
