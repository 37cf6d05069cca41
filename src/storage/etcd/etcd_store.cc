#include "storage/etcd/etcd_store.h"

#include <fmt/format.h>

#include "base/scope.h"
#include "storage/batch.h"
#include "storage/etcd/feed.h"
#include "storage/etcd/lease_manager.h"
#include "storage/etcd/range.h"
#include "storage/etcd/snapshot.h"

namespace xebec::storage {
namespace etcd {
namespace {

Result<void> check_revision(int64_t revision) {
  if (revision < 0) return fail(errors::bad_request("a revision cannot be negative"));
  return {};
}

class EtcdStore final : public Store {
 public:
  EtcdStore(EtcdOptions options, std::vector<std::shared_ptr<Endpoint>> endpoints)
      : options_(std::move(options)),
        keys_(options_.prefix),
        client_(std::move(endpoints), options_.logger),
        ranges_(client_, keys_, options_.read_timeout),
        leases_([this](int64_t ttl) { return grant(ttl); }, options_.lease_reuse_seconds,
                options_.lease_max_objects),
        feed_(client_, keys_, options_),
        thread_(std::make_unique<ThreadExecutor>("store-etcd")),
        scope_(*thread_) {}

  ~EtcdStore() override {
    shut();
    block_on(scope_.join());
  }

  // The first contact: what etcd has now is where the feed begins.
  Task<Result<void>> start() {
    CO_TRY(const int64_t revision, co_await ranges_.read_revision(options_.dial_timeout));
    CO_TRY(const GetResult compaction, co_await ranges_.get(std::string(kCompactionKey), 0));
    feed_.begin(revision, compaction.kv ? compaction_in(*compaction.kv->value) : 0);
    know(compaction.revision);
    scope_.spawn(feed_.run(scope_.token()));
    scope_.spawn(feed_.ask_for_progress(scope_.token()));
    co_return Result<void>();
  }

  Task<Result<GetResult>> get(std::string key, int64_t at_revision) override {
    if (closed_) co_return fail(store_closed());
    CO_TRY_VOID(check_revision(at_revision));
    Result<GetResult> result = co_await ranges_.get(std::move(key), at_revision);
    if (result) know(result->revision);
    co_return opened(std::move(result));
  }

  Task<Result<RangeResult>> list(RangeOptions options) override {
    if (closed_) co_return fail(store_closed());
    CO_TRY_VOID(check_revision(options.revision));
    Result<RangeResult> result = co_await ranges_.list(std::move(options));
    if (result) know(result->store_revision);
    co_return opened(std::move(result));
  }

  Task<Result<TxnResult>> txn(Txn txn) override {
    CO_TRY_VOID(validate(txn, options_.max_txn_bytes));
    Writing writing(*this);
    if (closed_) co_return fail(store_closed());
    int64_t ttl = 0;
    for (const Op& op : txn.ops) {
      if (const Put* put = std::get_if<Put>(&op)) ttl = std::max(ttl, put->ttl_seconds);
    }
    for (bool again = false;; again = true) {
      int64_t lease = 0;
      if (ttl > 0) {
        CO_TRY(lease, co_await leases_.lease_for(ttl));
      }
      auto answer = co_await send(txn, lease);
      // The lease has ended: then the write has not been done.
      if (lease != 0 && !again && is_lease_not_found(answer->status)) {
        co_await leases_.forget(lease);
        continue;
      }
      co_return outcome(*answer, txn);
    }
  }

  Task<Result<std::unique_ptr<Watcher>>> watch(std::string prefix, int64_t from_revision) override {
    if (closed_) co_return fail(store_closed());
    if (from_revision == 0) {
      CO_TRY_VOID(without_value(co_await read_revision()));
    }
    co_return feed_.hub()->watch(std::move(prefix), from_revision);
  }

  int64_t current_revision() const override { return known_; }
  int64_t compacted_revision() const override { return feed_.compacted_revision(); }
  Task<Result<int64_t>> read_revision() override {
    if (closed_) co_return fail(store_closed());
    Result<int64_t> revision = co_await ranges_.read_revision(options_.read_timeout);
    if (revision) know(*revision);
    co_return opened(std::move(revision));
  }

  Task<Result<void>> compact(int64_t revision) override {
    if (closed_) co_return fail(store_closed());
    auto request = std::make_shared<pb::CompactionRequest>();
    request->set_revision(revision);
    request->set_physical(true);
    rpc::Method<KvAsync, pb::CompactionRequest, pb::CompactionResponse> method = &KvAsync::Compact;
    // Done twice it is an error, but no harm.
    auto answer =
        co_await client_.call(&Endpoint::kv, method, std::move(request), options_.compaction_timeout, true);
    if (is_future_revision(answer->status)) {
      CO_TRY(const int64_t current, co_await read_revision());
      co_return fail(future_revision(revision, current));
    }
    const Outcome outcome = outcome_of(answer->status);
    if (outcome == Outcome::kRefused) co_return fail(refused(answer->status));
    if (outcome != Outcome::kDone) co_return fail(unavailable(answer->status));
    feed_.set_compacted(revision);
    co_return Result<void>();
  }

  Task<Result<void>> snapshot(std::string dir) override {
    if (closed_) co_return fail(store_closed());
    // Its reads and writes block.
    ThreadExecutor thread("store-snapshot");
    OneShot<Result<void>> done;
    Scope scope(thread);
    scope.spawn(snapshot_on_thread(std::move(dir), done));
    Result<void> result = co_await done;
    co_await scope.join();
    co_return result;
  }

  Task<void> close() override {
    closed_ = true;
    while (writing_ > 0) {
      OneShot<bool> quiet = written_.subscribe();
      if (writing_ > 0) (void)co_await quiet;
    }
    shut();
  }

 private:
  using TxnAnswer = std::shared_ptr<rpc::Answer<pb::TxnResponse>>;

  // A write that has been accepted: close() waits for it.
  class Writing {
   public:
    explicit Writing(EtcdStore& store) : store_(store) { ++store_.writing_; }
    Writing(const Writing&) = delete;
    ~Writing() {
      if (--store_.writing_ == 0) store_.written_.notify_all();
    }

   private:
    EtcdStore& store_;
  };

  Task<TxnAnswer> send(const Txn& txn, int64_t lease) {
    auto request = std::make_shared<pb::TxnRequest>(to_pb(txn, keys_, lease));
    rpc::Method<KvAsync, pb::TxnRequest, pb::TxnResponse> method = &KvAsync::Txn;
    co_return co_await client_.call(&Endpoint::kv, method, std::move(request), options_.write_timeout, false);
  }

  Result<TxnResult> outcome(rpc::Answer<pb::TxnResponse>& answer, const Txn& txn) {
    switch (outcome_of(answer.status)) {
      case Outcome::kDone:
        know(answer.response.header().revision());
        return from_pb(answer.response, txn, keys_);
      case Outcome::kRefused:
        return fail(refused(answer.status));
      case Outcome::kNotDone:
        return fail(unavailable(answer.status));
      case Outcome::kUnknown:
        break;
    }
    return fail(unknown(answer.status));
  }

  Task<Result<int64_t>> grant(int64_t ttl_seconds) {
    auto request = std::make_shared<pb::LeaseGrantRequest>();
    request->set_ttl(ttl_seconds);
    rpc::Method<LeaseAsync, pb::LeaseGrantRequest, pb::LeaseGrantResponse> method = &LeaseAsync::LeaseGrant;
    // One too many ends by itself.
    auto answer =
        co_await client_.call(&Endpoint::lease, method, std::move(request), options_.write_timeout, true);
    const Outcome outcome = outcome_of(answer->status);
    if (outcome == Outcome::kRefused) co_return fail(refused(answer->status));
    if (outcome != Outcome::kDone) co_return fail(unavailable(answer->status));
    co_return answer->response.id();
  }

  Task<void> snapshot_on_thread(std::string dir, OneShot<Result<void>> done) {
    done.set(co_await save_snapshot(client_, std::move(dir)));
  }

  void know(int64_t revision) {
    int64_t before = known_;
    while (before < revision && !known_.compare_exchange_weak(before, revision)) {
    }
    feed_.hub()->know(revision);
  }

  void shut() {
    closed_ = true;
    if (feed_.hub()) feed_.hub()->close(store_closed());
    scope_.cancel();
    client_.close();
  }

  // A read that close() has interrupted says so.
  template <class T>
  Result<T> opened(Result<T> result) const {
    if (!result && closed_) return fail(store_closed());
    return result;
  }
  template <class T>
  static Result<void> without_value(const Result<T>& result) {
    if (!result) return fail(result.error());
    return {};
  }

  const EtcdOptions options_;
  const KeyMap keys_;
  Client client_;
  Ranges ranges_;
  LeaseManager leases_;
  Feed feed_;
  std::atomic<int64_t> known_{0};
  std::atomic<int> writing_{0};
  Signal written_;
  std::atomic<bool> closed_{false};
  std::unique_ptr<ThreadExecutor> thread_;
  Scope scope_;  // the feed
};

}  // namespace
}  // namespace etcd

Task<Result<std::unique_ptr<Store>>> open_etcd(EtcdOptions options) {
  CO_TRY(std::vector<std::shared_ptr<etcd::Endpoint>> endpoints, etcd::make_endpoints(options));
  auto store = std::make_unique<etcd::EtcdStore>(std::move(options), std::move(endpoints));
  CO_TRY_VOID(co_await store->start());
  co_return std::unique_ptr<Store>(std::move(store));
}

}  // namespace xebec::storage
