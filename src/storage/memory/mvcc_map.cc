#include "storage/memory/mvcc_map.h"

#include <algorithm>

namespace xebec::storage {
namespace {

constexpr auto kBefore = [](const std::shared_ptr<const Event>& event, int64_t revision) {
  return event->kv.mod_revision < revision;
};

}  // namespace

void MvccMap::commit(int64_t revision, const std::vector<std::shared_ptr<const Event>>& events) {
  for (const auto& event : events) {
    keys_[event->kv.key].push_back(event);
    log_.push_back(event);
  }
  revision_ = revision;
}

Result<int64_t> MvccMap::readable(int64_t requested) const {
  if (requested == 0) return revision_;
  if (requested < 0) return fail(errors::bad_request("a revision cannot be negative"));
  if (requested > revision_) return fail(future_revision(requested, revision_));
  if (requested < compacted_) return fail(compacted());
  return requested;
}

const Event* MvccMap::visible(const Versions& versions, int64_t revision) {
  auto after = std::lower_bound(versions.begin(), versions.end(), revision + 1, kBefore);
  if (after == versions.begin()) return nullptr;
  const Event& event = **std::prev(after);
  return event.type == Event::Type::kPut ? &event : nullptr;
}

std::optional<KeyValue> MvccMap::at(const std::string& key, int64_t revision) const {
  auto it = keys_.find(key);
  if (it == keys_.end()) return std::nullopt;
  const Event* event = visible(it->second, revision);
  if (event == nullptr) return std::nullopt;
  return event->kv;
}

RangeResult MvccMap::range(const RangeOptions& options, int64_t revision) const {
  RangeResult result;
  result.revision = revision;
  result.store_revision = revision_;
  bool counting = options.with_count || options.count_only;
  for (auto it = keys_.lower_bound(options.start); it != keys_.end(); ++it) {
    if (!options.end.empty() && it->first >= options.end) break;
    const Event* event = visible(it->second, revision);
    if (event == nullptr) continue;
    ++result.count;
    if (options.count_only) continue;
    if (options.limit > 0 && result.kvs.size() >= static_cast<size_t>(options.limit)) {
      result.more = true;
      if (!counting) break;
      continue;
    }
    result.kvs.push_back(event->kv);
    if (options.keys_only) result.kvs.back().value = nullptr;
  }
  if (!counting) result.count = 0;
  return result;
}

Result<LogChunk> MvccMap::log(std::string_view prefix, int64_t from, int64_t to, size_t max_events) const {
  if (from < compacted_) return fail(compacted());
  LogChunk chunk;
  chunk.through = to;
  for (auto it = std::lower_bound(log_.begin(), log_.end(), from, kBefore); it != log_.end(); ++it) {
    int64_t revision = (*it)->kv.mod_revision;
    if (revision > to) break;
    if (chunk.events.size() >= max_events && chunk.events.back()->kv.mod_revision != revision) {
      chunk.through = revision - 1;
      break;
    }
    if ((*it)->kv.key.starts_with(prefix)) chunk.events.push_back(*it);
  }
  return chunk;
}

Result<void> MvccMap::compact(int64_t revision) {
  if (revision > revision_) return fail(future_revision(revision, revision_));
  if (revision <= compacted_) return fail(compacted());
  compacted_ = revision;
  for (const auto& event : log_) {
    if (event->kv.mod_revision > revision) break;
    auto it = keys_.find(event->kv.key);
    if (it == keys_.end()) continue;
    Versions& versions = it->second;
    auto keep = std::lower_bound(versions.begin(), versions.end(), revision + 1, kBefore);
    if (keep != versions.begin() && (*std::prev(keep))->type == Event::Type::kPut) --keep;
    versions.erase(versions.begin(), keep);
    if (versions.empty()) keys_.erase(it);
  }
  while (!log_.empty() && log_.front()->kv.mod_revision < revision) log_.pop_front();
  return {};
}

}  // namespace xebec::storage
