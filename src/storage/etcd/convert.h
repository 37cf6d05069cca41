// The store's transactions, ranges and events as etcd's messages, and back. Values are moved, not copied.
#pragma once

#include <memory>
#include <vector>

#include "base/result.h"
#include "rpc.pb.h"
#include "storage/etcd/key_map.h"
#include "storage/store.h"

namespace xebec::storage::etcd {

namespace pb = ::etcdserverpb;

// Nothing for a key of others.
std::optional<KeyValue> from_pb(mvccpb::KeyValue& kv, const KeyMap& keys, bool keys_only = false);

// `lease`: for puts with a TTL.
pb::TxnRequest to_pb(const Txn& txn, const KeyMap& keys, int64_t lease);
// Error: 500 when it is no answer to the transaction.
Result<TxnResult> from_pb(pb::TxnResponse& response, const Txn& txn, const KeyMap& keys);

// One event; null for one of others' keys.
std::shared_ptr<const Event> from_pb(mvccpb::Event& event, const KeyMap& keys);

}  // namespace xebec::storage::etcd
