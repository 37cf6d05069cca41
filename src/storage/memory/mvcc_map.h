// MvccMap: every kept version of every key, and the log of changes, in memory. Not thread-safe.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "storage/batch.h"
#include "storage/store.h"
#include "storage/watch_hub.h"

namespace xebec::storage {

class MvccMap final : public CommittedState {
 public:
  std::optional<KeyValue> find(const std::string& key) override { return at(key, revision_); }
  Result<Bytes> load(const KeyValue& kv) override { return kv.value; }

  int64_t revision() const { return revision_; }
  int64_t compacted_revision() const { return compacted_; }

  void commit(int64_t revision, const std::vector<std::shared_ptr<const Event>>& events);
  // The revision to read at, for a request that names `requested` (0: the current one).
  Result<int64_t> readable(int64_t requested) const;
  std::optional<KeyValue> at(const std::string& key, int64_t revision) const;
  RangeResult range(const RangeOptions& options, int64_t revision) const;
  Result<LogChunk> log(std::string_view prefix, int64_t from, int64_t to, size_t max_events) const;
  Result<void> compact(int64_t revision);

 private:
  // Oldest first; each event shows one version.
  using Versions = std::vector<std::shared_ptr<const Event>>;
  static const Event* visible(const Versions& versions, int64_t revision);

  std::map<std::string, Versions, std::less<>> keys_;
  std::deque<std::shared_ptr<const Event>> log_;
  int64_t revision_ = 1;
  int64_t compacted_ = 0;
};

}  // namespace xebec::storage
