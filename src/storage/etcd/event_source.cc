#include "storage/etcd/event_source.h"

namespace xebec::storage::etcd {
namespace {

pb::WatchCreateRequest create_request(const WatchRange& range, int64_t from_revision) {
  pb::WatchCreateRequest create;
  create.set_key(range.start);
  create.set_range_end(range.end);
  create.set_start_revision(from_revision);
  create.set_prev_kv(true);
  create.set_progress_notify(true);
  create.set_fragment(true);
  return create;
}

Status cancelled_by_etcd(const pb::WatchResponse& response) {
  if (response.compact_revision() > 0) return compacted();
  const std::string& why = response.cancel_reason();
  if (why.find("permission denied") != std::string::npos) return {500, reason::kForbidden, why};
  return errors::service_unavailable(why.empty() ? "etcd cancelled the watch" : why);
}

}  // namespace

Result<void> BatchAssembler::add_event(mvccpb::Event& event) {
  const int64_t revision = event.kv().mod_revision();
  if (everything_ && revision > next_) {
    compact_revision_ = revision;
    return fail(compacted());
  }
  next_ = revision + 1;
  any_ = true;
  std::shared_ptr<const Event> ours = from_pb(event, keys_);
  if (ours) events_.push_back(std::move(ours));
  return {};
}

Result<std::optional<WatchBatch>> BatchAssembler::add(pb::WatchResponse response) {
  if (response.canceled()) {
    compact_revision_ = response.compact_revision();
    return fail(cancelled_by_etcd(response));
  }
  if (response.created()) return std::nullopt;
  for (mvccpb::Event& event : *response.mutable_events()) {
    TRY_VOID(add_event(event));
  }
  if (response.fragment()) return std::nullopt;
  WatchBatch batch;
  // Without events it says that there are none up to this revision. With events, the revision of the message
  // is that of the store, which may be ahead of them.
  batch.revision = any_ ? next_ - 1 : response.header().revision();
  if (!any_ && everything_) return std::nullopt;
  batch.events = std::move(events_);
  events_.clear();
  any_ = false;
  return batch;
}

EventSource::EventSource(std::shared_ptr<Endpoint> endpoint, const std::shared_ptr<rpc::InFlight>& in_flight,
                         const KeyMap& keys, const WatchRange& range, int64_t from_revision)
    : endpoint_(std::move(endpoint)),
      stream_(WatchStream::open(endpoint_, in_flight, create_request(range, from_revision))),
      assembler_(keys, range.everything, from_revision) {}

Task<Result<WatchBatch>> EventSource::next() {
  for (;;) {
    CO_TRY(pb::WatchResponse response, co_await stream_->read());
    CO_TRY(std::optional<WatchBatch> batch, assembler_.add(std::move(response)));
    if (batch) co_return std::move(*batch);
  }
}

}  // namespace xebec::storage::etcd
