#include "storage/batch.h"

#include <set>

namespace xebec::storage {
namespace {

size_t size_of(const Op& op) {
  const Put* put = std::get_if<Put>(&op);
  return key_of(op).size() + (put != nullptr && put->value ? put->value->size() : 0);
}

}  // namespace

const std::string& key_of(const Op& op) {
  return std::visit([](const auto& o) -> const std::string& { return o.key; }, op);
}

Result<void> validate(const Txn& txn, size_t max_bytes) {
  size_t bytes = 0;
  std::set<std::string_view> keys;
  for (const Compare& compare : txn.compares) {
    if (compare.key.empty()) return fail(errors::bad_request("etcdserver: key is not provided"));
    bytes += compare.key.size();
  }
  for (const Op& op : txn.ops) {
    const std::string& key = key_of(op);
    if (key.empty()) return fail(errors::bad_request("etcdserver: key is not provided"));
    if (!keys.insert(key).second) {
      return fail(errors::bad_request("etcdserver: duplicate key given in txn request"));
    }
    const Put* put = std::get_if<Put>(&op);
    if (put != nullptr && !put->value) return fail(errors::bad_request("etcdserver: value is not provided"));
    if (put != nullptr && put->ttl_seconds < 0) return fail(errors::bad_request("a TTL cannot be negative"));
    bytes += size_of(op);
  }
  if (bytes > max_bytes) return fail(errors::too_large("etcdserver: request is too large"));
  return {};
}

std::optional<KeyValue> Batch::find(const std::string& key) {
  auto it = changed_.find(key);
  if (it == changed_.end()) return committed_.find(key);
  if (it->second->type == Event::Type::kDelete) return std::nullopt;
  return it->second->kv;
}

Result<void> Batch::load(std::optional<KeyValue>& kv) {
  if (!kv || kv->value) return {};
  TRY(kv->value, committed_.load(*kv));
  return {};
}

Result<TxnResult> Batch::apply(const Txn& txn) {
  for (const Compare& compare : txn.compares) {
    std::optional<KeyValue> kv = find(compare.key);
    if ((kv ? kv->mod_revision : 0) != compare.mod_revision) return refuse(txn);
  }
  TxnResult result;
  result.succeeded = true;
  std::vector<std::shared_ptr<const Event>> events;
  for (const Op& op : txn.ops) {
    std::optional<KeyValue> prev = find(key_of(op));
    TRY_VOID(load(prev));
    if (prev || std::holds_alternative<Put>(op)) {
      events.push_back(std::make_shared<const Event>(change(op, prev, revision_ + 1)));
    }
    result.previous.push_back(std::move(prev));
  }
  if (!events.empty()) ++revision_;
  for (std::shared_ptr<const Event>& event : events) {
    // The map's view must be of a key that lives: the entry goes with the event that it shows.
    changed_.erase(event->kv.key);
    changed_.emplace(event->kv.key, event.get());
    events_.push_back(std::move(event));
  }
  result.revision = revision_;
  return result;
}

Result<TxnResult> Batch::refuse(const Txn& txn) {
  TxnResult result;
  result.revision = revision_;
  for (const Compare& compare : txn.compares) {
    std::optional<KeyValue> kv = find(compare.key);
    TRY_VOID(load(kv));
    result.current.push_back(std::move(kv));
  }
  return result;
}

Event Batch::change(const Op& op, const std::optional<KeyValue>& prev, int64_t revision) const {
  Event event;
  event.prev = prev;
  event.kv.key = key_of(op);
  event.kv.mod_revision = revision;
  const Put* put = std::get_if<Put>(&op);
  if (put == nullptr) {
    event.type = Event::Type::kDelete;
    return event;
  }
  event.kv.value = put->value;
  event.kv.create_revision = prev ? prev->create_revision : revision;
  event.kv.version = prev ? prev->version + 1 : 1;
  event.kv.lease = put->ttl_seconds > 0 ? now_ms_ + put->ttl_seconds * 1000 : 0;
  return event;
}

}  // namespace xebec::storage
