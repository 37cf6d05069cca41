#include "storage/rocksdb/index.h"

#include <mutex>

namespace xebec::storage {

void Index::load(KeyValue kv) {
  Entry entry{kv.create_revision, kv.mod_revision, kv.version, kv.lease, {}};
  entries_.emplace_hint(entries_.end(), std::move(kv.key), std::move(entry));
}

void Index::apply(int64_t revision, const std::vector<std::shared_ptr<const Event>>& events) {
  std::unique_lock lock(mutex_);
  for (const auto& event : events) {
    const KeyValue& kv = event->kv;
    if (event->type == Event::Type::kDelete) {
      entries_.erase(kv.key);
    } else {
      entries_[kv.key] = Entry{kv.create_revision, kv.mod_revision, kv.version, kv.lease, kv.value};
    }
  }
  revision_ = revision;
}

int64_t Index::revision() const {
  std::shared_lock lock(mutex_);
  return revision_;
}

GetResult Index::get(const std::string& key) const {
  std::shared_lock lock(mutex_);
  GetResult result;
  result.revision = revision_;
  auto it = entries_.find(key);
  if (it == entries_.end()) return result;
  const Entry& entry = it->second;
  result.kv = KeyValue{key,           entry.value.lock(), entry.create_revision, entry.mod_revision,
                       entry.version, entry.lease};
  return result;
}

std::optional<Index::Count> Index::count(const std::string& start, const std::string& end,
                                         int64_t revision) const {
  std::shared_lock lock(mutex_);
  if (revision != 0 && revision != revision_) return std::nullopt;
  Count count{revision_, 0};
  if (!end.empty() && start >= end) return count;
  auto last = end.empty() ? entries_.end() : entries_.lower_bound(end);
  for (auto it = entries_.lower_bound(start); it != last; ++it) ++count.keys;
  return count;
}

std::vector<std::pair<int64_t, std::string>> Index::leases() const {
  std::shared_lock lock(mutex_);
  std::vector<std::pair<int64_t, std::string>> out;
  for (const auto& [key, entry] : entries_) {
    if (entry.lease != 0) out.emplace_back(entry.lease, key);
  }
  return out;
}

}  // namespace xebec::storage
