// EventCorrelator: what becomes of an event before it is written
// (k8s.io/client-go/tools/record/events_cache.go).
// 1. A source that says too much about one object is silenced: 25 events at once, then one in 5 minutes.
// 2. More than 10 similar events (all equal but the message) in 10 minutes become one,
//    "(combined from similar events): <last message>".
// 3. An event seen before updates that one's count, message and lastTimestamp instead of adding one.
// Each of the three memories holds 4096 keys, the least recently used are forgotten.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "api/gen/corev1.h"
#include "base/clock.h"
#include "client/rate_limiter.h"

namespace xebec::client {

// A map that forgets what was not used for longest.
template <class V>
class LruMap {
 public:
  explicit LruMap(size_t capacity) : capacity_(capacity) {}

  // nullptr when absent.
  V* find(const std::string& key) {
    auto it = map_.find(key);
    if (it == map_.end()) return nullptr;
    order_.splice(order_.begin(), order_, it->second);
    return &it->second->second;
  }
  V& put(const std::string& key, V value) {
    if (V* old = find(key)) return *old = std::move(value);
    order_.emplace_front(key, std::move(value));
    map_.emplace(key, order_.begin());
    if (map_.size() > capacity_) {
      map_.erase(order_.back().first);
      order_.pop_back();
    }
    return order_.front().second;
  }

 private:
  size_t capacity_;
  std::list<std::pair<std::string, V>> order_;
  std::map<std::string, typename std::list<std::pair<std::string, V>>::iterator> map_;
};

class EventCorrelator {
 public:
  struct Decision {
    bool skip = false;  // silenced
    bool update =
        false;  // patch count, message and lastTimestamp of the event of that name instead of creating one
    std::string key;  // for written()
    corev1::Event event;
  };

  // `now` is executor time, for the windows and the spam filter.
  Decision correlate(corev1::Event event, MonotonicTime now);
  // After a write: remembers what the server answered.
  void written(const std::string& key, const corev1::Event& event);

 private:
  static constexpr size_t kCapacity = 4096;
  struct Similar {
    std::set<std::string> messages;
    MonotonicTime last{};
  };
  struct Seen {
    int32_t count = 0;
    api::Time first_timestamp;
    std::string name;
  };

  bool silenced(const corev1::Event& event, MonotonicTime now);
  // The key under which the event is counted; changes its message when it is combined with others.
  std::string aggregate(corev1::Event& event, MonotonicTime now);

  LruMap<TokenBucket> buckets_{kCapacity};
  LruMap<Similar> similar_{kCapacity};
  LruMap<Seen> seen_{kCapacity};
};

}  // namespace xebec::client
