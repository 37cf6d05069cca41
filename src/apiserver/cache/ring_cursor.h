// The watch cache's WatchCursor: first the objects of a tree, then the events of the ring.
#pragma once

#include <deque>

#include "apiserver/cache/resource_cache.h"

namespace xebec::apiserver {

struct RingPosition {
  uint64_t position = 0;    // of the next event to read
  uint64_t generation = 0;  // of the ring
  int64_t after = 0;        // events up to this revision are skipped
};

class RingCursor final : public WatchCursor {
 public:
  RingCursor(std::shared_ptr<ResourceCache> cache, WatchStart start, EntryTree initial, RingPosition at,
             Duration bookmark_period, Context context);
  ~RingCursor() override;

  Task<Result<std::vector<WatchEvent>>> next() override;
  Result<std::vector<WatchEvent>> poll() override;

 private:
  // Rung by a timer of the executor the watch runs on; outlives the cursor.
  struct Alarm {
    std::mutex mutex;
    bool rang = false;
    std::optional<OneShot<int>> waiter;
  };

  void read_initial(std::vector<WatchEvent>& out);
  Result<void> read_ring(std::vector<WatchEvent>& out);
  void convert(const CacheEvent& event, std::vector<WatchEvent>& out) const;
  void add_bookmark(std::vector<WatchEvent>& out, int64_t revision, bool initial_end);
  // Sets the timer for the next bookmark or the deadline. Returns true when the watch is over.
  bool tend_alarm(std::vector<WatchEvent>& out);

  const std::shared_ptr<ResourceCache> cache_;
  const WatchStart start_;
  const Context context_;
  const Duration bookmark_period_;
  EntryTree initial_;
  std::string initial_from_;  // where the walk over `initial_` goes on
  bool initial_done_;
  RingPosition at_;
  int64_t read_to_;  // every event up to this revision has been delivered
  int64_t last_bookmark_ = -1;
  bool over_ = false;

  Executor* executor_ = nullptr;  // of the first next()
  MonotonicTime next_bookmark_{};
  std::optional<MonotonicTime> alarm_at_;
  uint64_t timer_ = 0;
  std::shared_ptr<Alarm> alarm_ = std::make_shared<Alarm>();
};

}  // namespace xebec::apiserver
