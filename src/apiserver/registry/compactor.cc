#include "apiserver/registry/compactor.h"

#include "base/sync.h"

namespace xebec::apiserver {
namespace {

constexpr const char* kKey = "compact_rev_key";

}  // namespace

Task<void> Compactor::run(CancelToken cancel) {
  int64_t horizon = store_.current_revision();
  for (;;) {
    const bool slept = co_await sleep_for(period_, cancel);
    if (!slept) co_return;
    Result<int64_t> now = co_await store_.read_revision();
    if (!now) continue;
    co_await compact(horizon);
    horizon = *now;
  }
}

Task<void> Compactor::compact(int64_t revision) {
  if (revision <= 1 || revision <= store_.compacted_revision()) co_return;
  Result<bool> ours = true;
  if (shared_) ours = co_await claim(revision);
  Result<void> done;
  if (!ours) done = fail(ours.error());
  if (ours && *ours) done = co_await store_.compact(revision);
  // Expired: somebody was faster.
  if (done || done.error().is(reason::kExpired)) co_return;
  logger_.warning("Compaction failed", {{"revision", revision}, {"error", done.error().message}});
}

// Whoever compares with what is there now was the last to look, and nobody has compacted since.
Task<Result<bool>> Compactor::claim(int64_t revision) {
  storage::Txn txn;
  txn.compares.emplace_back(kKey, claimed_);
  txn.ops.emplace_back(storage::Put{kKey, storage::make_bytes(std::to_string(revision))});
  CO_TRY(storage::TxnResult written, co_await store_.txn(std::move(txn)));
  if (written.succeeded) {
    claimed_ = written.revision;
  } else {
    claimed_ = written.current[0] ? written.current[0]->mod_revision : 0;
  }
  co_return written.succeeded;
}

}  // namespace xebec::apiserver
