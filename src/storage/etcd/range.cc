#include "storage/etcd/range.h"

namespace xebec::storage::etcd {
namespace {

constexpr int64_t kFirstPage = 512;  // keys
constexpr int64_t kSmallestPage = 16;
constexpr int64_t kLargestPage = 8192;
constexpr int64_t kPageBytes = 8 << 20;

// Pages of about kPageBytes, from what the last one was.
int64_t next_page(const pb::RangeResponse& page) {
  const int64_t keys = std::max(page.kvs_size(), 1);
  const int64_t bytes_a_key = std::max<int64_t>(static_cast<int64_t>(page.ByteSizeLong()) / keys, 1);
  return std::clamp(kPageBytes / bytes_a_key, kSmallestPage, kLargestPage);
}

}  // namespace

Task<Result<Ranges::RangeAnswer>> Ranges::range(std::shared_ptr<const pb::RangeRequest> request,
                                                Duration timeout) {
  const int64_t revision = request->revision();
  rpc::Method<KvAsync, pb::RangeRequest, pb::RangeResponse> method = &KvAsync::Range;
  RangeAnswer answer = co_await client_.call(&Endpoint::kv, method, std::move(request), timeout, true);
  if (is_future_revision(answer->status)) {
    CO_TRY(const int64_t current, co_await read_revision(timeout));
    co_return fail(future_revision(revision, current));
  }
  const Outcome outcome = outcome_of(answer->status);
  if (outcome == Outcome::kRefused) co_return fail(refused(answer->status));
  if (outcome != Outcome::kDone) co_return fail(unavailable(answer->status));
  co_return answer;
}

Task<Result<GetResult>> Ranges::get(std::string key, int64_t at_revision) {
  auto request = std::make_shared<pb::RangeRequest>();
  request->set_key(keys_.to_etcd(std::move(key)));
  request->set_revision(at_revision);
  CO_TRY(RangeAnswer answer, co_await range(std::move(request), timeout_));
  pb::RangeResponse& response = answer->response;
  GetResult result;
  result.revision = response.header().revision();
  if (response.kvs_size() > 0) result.kv = from_pb(*response.mutable_kvs(0), keys_);
  co_return result;
}

Task<Result<int64_t>> Ranges::read_revision(Duration timeout) {
  // Whichever key: the answer's header is what counts.
  auto request = std::make_shared<pb::RangeRequest>();
  request->set_key(keys_.root());
  request->set_count_only(true);
  CO_TRY(RangeAnswer answer, co_await range(std::move(request), timeout));
  co_return answer->response.header().revision();
}

pb::RangeRequest Ranges::page_request(const RangeOptions& options) const {
  pb::RangeRequest request;
  request.set_key(KeyMap::range_start(keys_.to_etcd(options.start)));
  request.set_range_end(KeyMap::range_end(keys_.end_to_etcd(options.end)));
  request.set_revision(options.revision);
  request.set_keys_only(options.keys_only);
  request.set_count_only(options.count_only);
  return request;
}

Task<Result<RangeResult>> Ranges::list(RangeOptions options) {
  for (;;) {
    Result<RangeResult> result = co_await list_once(options);
    const bool overtaken = !result && options.revision == 0 && result.error().is(reason::kExpired);
    if (!overtaken) co_return result;
    // What was current when the first page was read was compacted before the last one was.
  }
}

Task<Result<RangeResult>> Ranges::list_once(const RangeOptions& options) {
  RangeResult result;
  result.revision = options.revision;
  pb::RangeRequest next = page_request(options);
  int64_t page = options.keys_only ? kLargestPage : kFirstPage;
  for (bool first = true;; first = false) {
    const int64_t left =
        options.limit > 0 ? options.limit - static_cast<int64_t>(result.kvs.size()) : kLargestPage;
    next.set_limit(std::min(left, page));
    auto request = std::make_shared<const pb::RangeRequest>(next);
    CO_TRY(RangeAnswer answer, co_await range(std::move(request), timeout_));
    pb::RangeResponse& response = answer->response;
    if (first) {
      result.store_revision = response.header().revision();
      if (result.revision == 0) result.revision = result.store_revision;
      if (options.with_count || options.count_only) result.count = response.count();
    }
    page = next_page(response);
    std::string last;
    if (response.kvs_size() > 0) last = response.kvs(response.kvs_size() - 1).key();
    for (mvccpb::KeyValue& kv : *response.mutable_kvs()) {
      std::optional<KeyValue> ours = from_pb(kv, keys_, options.keys_only);
      if (ours) result.kvs.push_back(std::move(*ours));
    }
    result.more = response.more();
    const bool full = options.limit > 0 && static_cast<int64_t>(result.kvs.size()) >= options.limit;
    if (options.count_only || !response.more() || full || last.empty()) co_return result;
    next.set_key(next_key(last));
    next.set_revision(result.revision);
  }
}

}  // namespace xebec::storage::etcd
