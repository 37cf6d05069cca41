// KeyedBackoff: growing delays by key, as k8s.io/client-go/util/flowcontrol.Backoff counts them.
#pragma once

#include <algorithm>
#include <map>
#include <string>

#include "base/executor.h"

namespace xebec::kubelet {

class KeyedBackoff {
 public:
  KeyedBackoff(Duration initial, Duration max) : initial_(initial), max_(max) {}

  // Times are nanoseconds of the wall clock, like the runtime's.
  // Counts a failure that happened at `event`; one that long after the last starts from the beginning.
  void next(const std::string& key, int64_t event, int64_t now) {
    auto it = entries_.find(key);
    if (it == entries_.end() || expired(it->second, event)) {
      entries_[key] = Entry{initial_, now};
    } else {
      it->second = Entry{std::min(it->second.delay * 2, max_), now};
    }
  }
  // How long to wait still, counted from `event`; zero: not in back-off.
  Duration remaining(const std::string& key, int64_t event, int64_t now) const {
    auto it = entries_.find(key);
    if (it == entries_.end() || expired(it->second, event)) return Duration::zero();
    return std::max(Duration::zero(), it->second.delay - Duration(now - event));
  }
  // Counted from the last failure.
  Duration remaining_since_update(const std::string& key, int64_t now) const {
    auto it = entries_.find(key);
    if (it == entries_.end() || expired(it->second, now)) return Duration::zero();
    return std::max(Duration::zero(), it->second.delay - Duration(now - it->second.updated));
  }
  Duration delay(const std::string& key) const {
    auto it = entries_.find(key);
    return it == entries_.end() ? Duration::zero() : it->second.delay;
  }
  // Forgets all keys of a pod.
  void forget_prefix(const std::string& prefix) {
    for (auto it = entries_.lower_bound(prefix); it != entries_.end() && it->first.starts_with(prefix);) {
      it = entries_.erase(it);
    }
  }

 private:
  struct Entry {
    Duration delay{};
    int64_t updated = 0;
  };
  bool expired(const Entry& entry, int64_t event) const { return event - entry.updated > 2 * max_.count(); }

  Duration initial_, max_;
  std::map<std::string, Entry> entries_;
};

}  // namespace xebec::kubelet
