// WatchHub: hands committed events to watchers. Recent events are kept once, in a ring; a watcher is a cursor
// on it and re-reads the engine's log when it has fallen behind the ring. Publishing never waits for a
// watcher. Thread-safe.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/sync.h"
#include "storage/store.h"

namespace xebec::storage {

// A stretch of history: the events of the asked prefix in (…, through].
struct LogChunk {
  std::vector<std::shared_ptr<const Event>> events;
  int64_t through = 0;
};

class LogReader {
 public:
  virtual ~LogReader() = default;
  // Events of revisions from..to at most, as many as fit one step, at least one revision. Error: compacted().
  virtual Task<Result<LogChunk>> read_log(std::string prefix, int64_t from, int64_t to) = 0;
};

class WatchHub : public std::enable_shared_from_this<WatchHub> {
 public:
  // Most events of one batch, unless a single revision has more.
  static constexpr size_t kBatchEvents = 1000;

  // `log` outlives the watchers.
  WatchHub(LogReader& log, int64_t revision, int64_t compacted, size_t ring_bytes)
      : log_(log),
        ring_bytes_(ring_bytes),
        revision_(revision),
        ring_floor_(revision),
        compacted_(compacted) {}

  // In order of revisions, by one thread at a time; events up to and including `revision`.
  void publish(int64_t revision, const std::vector<std::shared_ptr<const Event>>& events);
  void set_compacted(int64_t revision);
  // The store has this revision, though its events may not have been published yet: progress that is asked
  // for from now on includes it. For engines that hear of others' writes.
  void know(int64_t revision);
  // Called whenever progress beyond what has been published is asked for. Before the first watch().
  void on_progress_wanted(std::function<void()> wanted) { on_progress_wanted_ = std::move(wanted); }
  // Progress beyond what has been published is waited for.
  bool progress_wanted() const;
  // Nothing will be published of the revisions up to this one, which compaction has taken away: watchers that
  // had not come so far expire.
  void skip_to(int64_t revision);
  // Every watcher ends with `why`.
  void close(Status why);

  int64_t revision() const;

  Result<std::unique_ptr<Watcher>> watch(std::string prefix, int64_t from_revision);

 private:
  enum class Wake { kNews, kCancelled };
  struct Cursor {
    std::string prefix;
    int64_t delivered = 0;  // everything up to here has been returned
    int64_t progress = 0;   // a batch that reaches this revision is asked for; 0: none
    bool cancelled = false;
    OneShot<Wake> shot;  // of the pending next(), when the cursor is in waiting_
  };
  class HubWatcher;

  // One look at the ring: a batch, an error, or nothing yet (then either the log has it or the cursor must
  // wait).
  std::optional<Result<WatchBatch>> look(Cursor& cursor, bool& behind);
  WatchBatch from_ring(Cursor& cursor) const;
  void stop_waiting(Cursor& cursor);

  LogReader& log_;
  const size_t ring_bytes_;

  std::function<void()> on_progress_wanted_;
  std::atomic<int64_t> known_{0};

  mutable std::mutex mutex_;
  std::deque<std::shared_ptr<const Event>> ring_;
  size_t ring_used_ = 0;
  int64_t revision_;
  int64_t ring_floor_;  // every event after it is in the ring
  int64_t compacted_;
  int64_t wanted_ = 0;  // the newest progress asked for
  std::optional<Status> closed_;
  std::vector<Cursor*> waiting_;  // in order of arrival
};

}  // namespace xebec::storage
