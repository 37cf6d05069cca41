// ResourceCache: the watch cache of one stored resource: a persistent tree of entries, and a ring of the
// latest events. Readers share immutable trees; watches are cursors on the ring. One feed writes (feed.h);
// everything else may be called from any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "apiserver/cache/cursor.h"
#include "apiserver/cache/entry.h"
#include "apiserver/cache/filter.h"
#include "apiserver/cache/progress.h"
#include "apiserver/cache/tree.h"
#include "base/context.h"
#include "base/sync.h"

namespace xebec::apiserver {

struct CacheOptions {
  size_t ring_events = 16384;
  size_t ring_bytes = 16 << 20;
  // Roots of old revisions that open pages need.
  size_t pinned_roots = 8;
  Duration pin_time = std::chrono::minutes(5);
  Duration bookmark_period = std::chrono::seconds(60);
};

// One change of one object. Shared by all watches.
struct CacheEvent {
  int64_t revision = 0;
  EntryPtr entry;     // after; nullptr when deleted
  EntryPtr previous;  // before; nullptr when created

  // What a watch that loses sight of the object delivers: `previous` as of this revision. Made on first use.
  EntryPtr departed() const;
  mutable std::once_flag departed_once;
  mutable EntryPtr departed_entry;
  // Encodings of the object after the change, and of the departed one.
  std::shared_ptr<EncodedForms> encoded = std::make_shared<EncodedForms>();
  std::shared_ptr<EncodedForms> encoded_departed = std::make_shared<EncodedForms>();
};

// What has happened to a cache since it was made.
struct CacheCounts {
  std::atomic<uint64_t> received = 0;     // changes that the store told
  std::atomic<uint64_t> dispatched = 0;   // events that watches may see
  std::atomic<uint64_t> initialized = 0;  // times that it was filled anew
};

struct CacheSnapshot {
  EntryTree tree;
  int64_t revision = 0;  // the tree is the resource's state at this revision
};

// A stored object that is not one of the resource's kind, or damaged.
struct UnreadableObject {
  std::string key;
  int64_t revision = 0;
  std::string why;
};

// How a watch begins.
struct WatchStart {
  EntryFilter filter;
  bool initial_events = false;    // the objects of the present first, as ADDED
  bool initial_bookmark = false;  // and after them the bookmark that says so
  int64_t after_revision = 0;     // without initial events: everything later than this
  bool bookmarks = false;
};

class ResourceCache : public std::enable_shared_from_this<ResourceCache> {
 public:
  ResourceCache(std::string prefix, std::shared_ptr<const EntryFormat> format, CacheOptions options,
                std::shared_ptr<FeedProgress> progress);

  const std::string& prefix() const { return prefix_; }
  const std::shared_ptr<const EntryFormat>& format() const { return format_; }
  FeedProgress& progress() const { return *progress_; }

  CacheSnapshot snapshot() const;
  EntryPtr find(std::string_view key) const { return snapshot().tree.find(key); }
  // The state at an older revision: the present one if nothing changed since, or one an open page has kept.
  std::optional<EntryTree> at_revision(int64_t revision) const;
  // Keeps the tree for the pages that follow.
  void pin(const CacheSnapshot& snapshot, MonotonicTime now);

  // 410 Expired when events after the start are no longer in the ring.
  Result<std::unique_ptr<WatchCursor>> watch(WatchStart start, Context context);

  // --- the feed ---
  // One change as the store tells it: `bytes` nullptr when deleted.
  struct Change {
    std::string key;
    int64_t revision;
    Entry::Bytes bytes;
  };
  // Everything anew. Watches that are not at this revision expire.
  void replace(std::vector<EntryPtr> entries, int64_t revision,
               std::vector<UnreadableObject> unreadable = {});
  // Where an object has become unreadable its old state is gone, and all watches expire.
  void apply(std::span<const Change> changes);

  size_t ring_size() const;
  const CacheCounts& counts() const { return counts_; }
  // The most events that it keeps.
  size_t capacity() const { return options_.ring_events; }

  // What is stored below the prefix, or under the key, and cannot be read: lists must not leave it out in
  // silence.
  std::vector<UnreadableObject> unreadable_below(std::string_view prefix) const;
  std::optional<UnreadableObject> unreadable_at(std::string_view key) const;

 private:
  friend class RingCursor;
  using EventPtr = std::shared_ptr<const CacheEvent>;
  struct Pinned {
    CacheSnapshot snapshot;
    MonotonicTime since;
  };

  void publish(EntryTree tree, int64_t revision);
  void push(std::vector<EventPtr> events);
  void trim();
  // Forgets all events; under ring_mutex_. Who is to be woken is returned.
  [[nodiscard]] std::vector<OneShot<int>> restart_ring(int64_t revision);
  void mark(UnreadableObject object);
  void unmark(const std::string& key);
  // Events from `position` on, at most `limit`; moves it. Fails with 410 when they are gone; `read_to` is for
  // its text.
  Result<std::vector<EventPtr>> read(uint64_t& position, uint64_t generation, int64_t read_to,
                                     size_t limit) const;
  // Resumes when there is an event at `position`, or the ring was replaced.
  OneShot<int> subscribe(uint64_t position, uint64_t generation);
  static Status too_old(int64_t requested, int64_t oldest);

  const std::string prefix_;
  const std::shared_ptr<const EntryFormat> format_;
  const CacheOptions options_;
  const std::shared_ptr<FeedProgress> progress_;
  CacheCounts counts_;

  mutable std::atomic_flag snapshot_lock_;
  EntryTree tree_;             // guarded by snapshot_lock_
  int64_t last_changed_ = 0;   // revision of the latest change in tree_; guarded by snapshot_lock_
  int64_t base_revision_ = 0;  // of the last replace: nothing older is known; guarded by snapshot_lock_

  mutable std::mutex ring_mutex_;  // for everything below
  std::deque<EventPtr> ring_;
  uint64_t first_ = 0;          // position of ring_.front()
  uint64_t generation_ = 0;     // counts replacements
  int64_t complete_after_ = 0;  // the ring has every event later than this revision
  size_t ring_bytes_ = 0;
  std::vector<OneShot<int>> waiters_;
  size_t prune_waiters_at_ = 64;

  mutable std::mutex unreadable_mutex_;
  std::map<std::string, UnreadableObject, std::less<>> unreadable_;
  std::atomic<size_t> unreadable_count_{0};  // so that nobody locks for nothing

  mutable std::mutex pinned_mutex_;
  std::vector<Pinned> pinned_;
};

}  // namespace xebec::apiserver
