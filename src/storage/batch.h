// Batch: transactions evaluated one after another, each against the committed state plus the writes of those
// before it in the same batch. Shared by the engines that assign revisions themselves. Not thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "storage/store.h"

namespace xebec::storage {

// What a batch reads: the state of the last committed revision.
class CommittedState {
 public:
  virtual ~CommittedState() = default;
  // The live key. `value` is null when it is not at hand: load() has it.
  virtual std::optional<KeyValue> find(const std::string& key) = 0;
  virtual Result<Bytes> load(const KeyValue& kv) = 0;
};

class Batch {
 public:
  // `now_ms`: Unix time, from which TTLs count.
  Batch(CommittedState& committed, int64_t committed_revision, int64_t now_ms)
      : committed_(committed), revision_(committed_revision), now_ms_(now_ms) {}

  // An error (a value that cannot be read) leaves the batch as it was.
  Result<TxnResult> apply(const Txn& txn);

  // The revision after the transactions applied so far.
  int64_t revision() const { return revision_; }
  // All changes, in order: their prev is what the change replaced.
  const std::vector<std::shared_ptr<const Event>>& events() const { return events_; }

 private:
  std::optional<KeyValue> find(const std::string& key);
  Result<void> load(std::optional<KeyValue>& kv);
  Result<TxnResult> refuse(const Txn& txn);
  Event change(const Op& op, const std::optional<KeyValue>& prev, int64_t revision) const;

  CommittedState& committed_;
  int64_t revision_;
  int64_t now_ms_;
  std::vector<std::shared_ptr<const Event>> events_;
  std::unordered_map<std::string_view, const Event*> changed_;  // the last event a key; keys live in events_
};

// What is wrong with the transaction itself: no key, a null value, a key twice, more than `max_bytes`.
Result<void> validate(const Txn& txn, size_t max_bytes);
const std::string& key_of(const Op& op);

}  // namespace xebec::storage
