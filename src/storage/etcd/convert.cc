#include "storage/etcd/convert.h"

#include "storage/batch.h"

namespace xebec::storage::etcd {
namespace {

Status malformed() { return errors::internal("etcd answered a transaction with something else"); }

void add_op(const Op& op, const KeyMap& keys, int64_t lease, pb::RequestOp* to) {
  if (const Put* put = std::get_if<Put>(&op)) {
    pb::PutRequest& request = *to->mutable_request_put();
    request.set_key(keys.to_etcd(put->key));
    request.set_value(*put->value);
    if (put->ttl_seconds > 0) request.set_lease(lease);
    request.set_prev_kv(true);
    return;
  }
  pb::DeleteRangeRequest& request = *to->mutable_request_delete_range();
  request.set_key(keys.to_etcd(key_of(op)));
  request.set_prev_kv(true);
}

// What the op replaced or deleted.
Result<std::optional<KeyValue>> previous(pb::ResponseOp& response, const KeyMap& keys) {
  std::optional<KeyValue> kv;
  if (response.has_response_put()) {
    pb::PutResponse& put = *response.mutable_response_put();
    if (put.has_prev_kv()) kv = from_pb(*put.mutable_prev_kv(), keys);
  } else if (response.has_response_delete_range()) {
    pb::DeleteRangeResponse& deleted = *response.mutable_response_delete_range();
    if (deleted.prev_kvs_size() > 0) kv = from_pb(*deleted.mutable_prev_kvs(0), keys);
  } else {
    return fail(malformed());
  }
  return kv;
}

}  // namespace

std::optional<KeyValue> from_pb(mvccpb::KeyValue& kv, const KeyMap& keys, bool keys_only) {
  std::optional<std::string> key = keys.from_etcd(std::move(*kv.mutable_key()));
  if (!key) return std::nullopt;
  KeyValue out;
  out.key = std::move(*key);
  if (!keys_only) out.value = make_bytes(std::move(*kv.mutable_value()));
  out.create_revision = kv.create_revision();
  out.mod_revision = kv.mod_revision();
  out.version = kv.version();
  out.lease = kv.lease();
  return out;
}

pb::TxnRequest to_pb(const Txn& txn, const KeyMap& keys, int64_t lease) {
  pb::TxnRequest request;
  for (const Compare& compare : txn.compares) {
    std::string key = keys.to_etcd(compare.key);
    pb::Compare& to = *request.add_compare();
    to.set_result(pb::Compare::EQUAL);
    to.set_target(pb::Compare::MOD);
    to.set_mod_revision(compare.mod_revision);
    request.add_failure()->mutable_request_range()->set_key(key);
    to.set_key(std::move(key));
  }
  for (const Op& op : txn.ops) add_op(op, keys, lease, request.add_success());
  return request;
}

Result<TxnResult> from_pb(pb::TxnResponse& response, const Txn& txn, const KeyMap& keys) {
  TxnResult result;
  result.succeeded = response.succeeded();
  result.revision = response.header().revision();
  const size_t expected = result.succeeded ? txn.ops.size() : txn.compares.size();
  if (static_cast<size_t>(response.responses_size()) != expected) return fail(malformed());
  for (pb::ResponseOp& op : *response.mutable_responses()) {
    if (result.succeeded) {
      TRY(std::optional<KeyValue> kv, previous(op, keys));
      result.previous.push_back(std::move(kv));
      continue;
    }
    if (!op.has_response_range()) return fail(malformed());
    pb::RangeResponse& range = *op.mutable_response_range();
    std::optional<KeyValue> kv;
    if (range.kvs_size() > 0) kv = from_pb(*range.mutable_kvs(0), keys);
    result.current.push_back(std::move(kv));
  }
  return result;
}

std::shared_ptr<const Event> from_pb(mvccpb::Event& event, const KeyMap& keys) {
  auto out = std::make_shared<Event>();
  std::optional<KeyValue> kv = from_pb(*event.mutable_kv(), keys);
  if (!kv) return nullptr;
  out->kv = std::move(*kv);
  if (event.type() == mvccpb::Event::DELETE) {
    out->type = Event::Type::kDelete;
    out->kv.value = nullptr;
    out->kv.create_revision = out->kv.version = out->kv.lease = 0;
  }
  if (event.has_prev_kv()) out->prev = from_pb(*event.mutable_prev_kv(), keys);
  return out;
}

}  // namespace xebec::storage::etcd
