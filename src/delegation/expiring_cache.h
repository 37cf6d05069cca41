// Answers by key, each for its own time. Bounded: when full, what has expired goes, then everything.
// Thread-safe.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/clock.h"
#include "base/executor.h"

namespace xebec::delegation {

template <class T>
class ExpiringCache {
 public:
  std::optional<T> find(const std::string& key, WallTime now) {
    std::lock_guard lock(mutex_);
    auto it = entries_.find(key);
    if (it == entries_.end() || it->second.until <= now) return std::nullopt;
    return it->second.value;
  }

  void keep(const std::string& key, T value, WallTime now, Duration time) {
    std::lock_guard lock(mutex_);
    if (entries_.size() >= kMost)
      std::erase_if(entries_, [now](const auto& entry) { return entry.second.until <= now; });
    if (entries_.size() >= kMost) entries_.clear();
    entries_.insert_or_assign(key, Entry{std::move(value), now + time});
  }

 private:
  struct Entry {
    T value;
    WallTime until;
  };
  static constexpr size_t kMost = 4096;
  std::mutex mutex_;
  std::unordered_map<std::string, Entry> entries_;
};

}  // namespace xebec::delegation
