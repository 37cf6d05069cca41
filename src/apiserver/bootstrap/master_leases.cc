#include "apiserver/bootstrap/master_leases.h"

#include "api/gen/corev1.h"
#include "base/sync.h"

namespace xebec::apiserver {
namespace {

constexpr const char* kPrefix = "/registry/masterleases/";

}  // namespace

// The value is upstream's: Endpoints with the one address.
Task<Result<void>> MasterLeases::renew() {
  const GenericRegistry* endpoints = registries_.generic("", "endpoints");
  if (endpoints == nullptr) co_return fail(errors::internal("endpoints are not served"));
  corev1::Endpoints lease;
  lease.subsets.emplace_back().addresses.emplace_back().ip = facts_.advertise_address;
  CO_TRY(Entry::Bytes bytes, endpoints->cache()->format()->encode(api::Object::of(std::move(lease))));
  storage::Txn txn;
  txn.ops.emplace_back(storage::Put{kPrefix + facts_.advertise_address, std::move(bytes), kTtlSeconds});
  Result<storage::TxnResult> written = co_await store_.txn(std::move(txn));
  if (!written) co_return fail(written.error());
  co_return Result<void>();
}

Task<Result<std::vector<std::string>>> MasterLeases::alive() {
  storage::RangeOptions all = storage::RangeOptions::of_prefix(kPrefix);
  all.keys_only = true;
  CO_TRY(storage::RangeResult leases, co_await store_.list(std::move(all)));
  std::vector<std::string> out;
  out.reserve(leases.kvs.size());
  for (const storage::KeyValue& kv : leases.kvs)
    out.push_back(kv.key.substr(std::string_view(kPrefix).size()));
  co_return out;
}

Task<Result<void>> MasterLeases::reconcile() {
  CO_TRY_VOID(co_await renew());
  ClusterFacts facts = facts_;
  CO_TRY(facts.server_addresses, co_await alive());
  co_return co_await ensure_kubernetes_service(&registries_, std::move(facts));
}

Task<void> MasterLeases::run(CancelToken cancel) {
  for (;;) {
    const bool slept = co_await sleep_for(kInterval, cancel);
    if (!slept) break;
    Result<void> done = co_await reconcile();
    if (!done) {
      logger_.warning("The endpoints of the Service kubernetes are not up to date",
                      {{"err", done.error().message}});
    }
  }
  storage::Txn txn;
  txn.ops.emplace_back(storage::Delete{kPrefix + facts_.advertise_address});
  (void)co_await store_.txn(std::move(txn));  // otherwise it expires
}

}  // namespace xebec::apiserver
