#include "apiserver/cache/resource_cache.h"

#include <fmt/format.h>

#include <algorithm>

#include "apiserver/cache/ring_cursor.h"

namespace xebec::apiserver {
namespace {

// Encodings of events this far behind the head are dropped: by then every watch that keeps up has sent them.
constexpr size_t kEncodedWindow = 1024;

// Held for a pointer copy only.
class SpinLock {
 public:
  explicit SpinLock(std::atomic_flag& flag) : flag_(flag) {
    while (flag_.test_and_set(std::memory_order_acquire))
      while (flag_.test(std::memory_order_relaxed)) __builtin_ia32_pause();
  }
  ~SpinLock() { flag_.clear(std::memory_order_release); }
  SpinLock(const SpinLock&) = delete;

 private:
  std::atomic_flag& flag_;
};

size_t event_bytes(const CacheEvent& event) {
  // The entry before it is otherwise garbage; the one after mostly lives in the tree anyway.
  return sizeof(CacheEvent) + (event.previous ? event.previous->memory() : 0) + 256;
}

}  // namespace

std::string_view event_type_name(EventType type) {
  switch (type) {
    case EventType::kAdded:
      return "ADDED";
    case EventType::kModified:
      return "MODIFIED";
    case EventType::kDeleted:
      return "DELETED";
    case EventType::kBookmark:
      return "BOOKMARK";
  }
  return "";
}

EncodedForms::Buffer EncodedForms::find(std::string_view form) const {
  std::lock_guard lock(mutex_);
  for (const auto& [name, buffer] : forms_)
    if (name == form) return buffer;
  return nullptr;
}

EncodedForms::Buffer EncodedForms::keep(std::string_view form, Buffer buffer) {
  std::lock_guard lock(mutex_);
  for (const auto& [name, kept] : forms_)
    if (name == form) return kept;
  forms_.emplace_back(form, buffer);
  return buffer;
}

void EncodedForms::clear() {
  std::lock_guard lock(mutex_);
  forms_.clear();
}

size_t EncodedForms::memory() const {
  std::lock_guard lock(mutex_);
  size_t total = 0;
  for (const auto& [name, buffer] : forms_) total += name.size() + buffer->size();
  return total;
}

EntryPtr CacheEvent::departed() const {
  std::call_once(departed_once, [this] { departed_entry = previous->at_revision(revision); });
  return departed_entry;
}

ResourceCache::ResourceCache(std::string prefix, std::shared_ptr<const EntryFormat> format,
                             CacheOptions options, std::shared_ptr<FeedProgress> progress)
    : prefix_(std::move(prefix)),
      format_(std::move(format)),
      options_(options),
      progress_(std::move(progress)) {}

CacheSnapshot ResourceCache::snapshot() const {
  // In this order: a tree published after the revision was read is newer, and says so itself.
  const int64_t reached = progress_->revision();
  SpinLock lock(snapshot_lock_);
  return {tree_, std::max(reached, std::max(last_changed_, base_revision_))};
}

std::optional<EntryTree> ResourceCache::at_revision(int64_t revision) const {
  const int64_t reached = progress_->revision();
  {
    SpinLock lock(snapshot_lock_);
    if (revision >= std::max(last_changed_, base_revision_) && revision <= std::max(reached, last_changed_))
      return tree_;
  }
  std::lock_guard lock(pinned_mutex_);
  for (const Pinned& pinned : pinned_)
    if (pinned.snapshot.revision == revision) return pinned.snapshot.tree;
  return std::nullopt;
}

void ResourceCache::pin(const CacheSnapshot& snapshot, MonotonicTime now) {
  std::lock_guard lock(pinned_mutex_);
  std::erase_if(pinned_, [&](const Pinned& p) { return now - p.since > options_.pin_time; });
  for (const Pinned& p : pinned_)
    if (p.snapshot.revision == snapshot.revision) return;
  if (pinned_.size() >= options_.pinned_roots) pinned_.erase(pinned_.begin());
  pinned_.push_back({snapshot, now});
}

void ResourceCache::publish(EntryTree tree, int64_t revision) {
  SpinLock lock(snapshot_lock_);
  std::swap(tree_, tree);
  last_changed_ = revision;
}

std::vector<OneShot<int>> ResourceCache::restart_ring(int64_t revision) {
  first_ += ring_.size();
  ring_.clear();
  ring_bytes_ = 0;
  ++generation_;
  complete_after_ = revision;
  return std::exchange(waiters_, {});
}

void ResourceCache::replace(std::vector<EntryPtr> entries, int64_t revision,
                            std::vector<UnreadableObject> unreadable) {
  {
    std::lock_guard lock(unreadable_mutex_);
    unreadable_.clear();
    for (UnreadableObject& object : unreadable) {
      std::string key = object.key;
      unreadable_.insert_or_assign(std::move(key), std::move(object));
    }
    unreadable_count_ = unreadable_.size();
  }
  EntryTree tree = EntryTree::build(entries);
  ++counts_.initialized;
  std::vector<OneShot<int>> waiters;
  {
    std::lock_guard ring(ring_mutex_);
    SpinLock lock(snapshot_lock_);
    std::swap(tree_, tree);
    last_changed_ = base_revision_ = revision;
    waiters = restart_ring(revision);
  }
  for (const OneShot<int>& waiter : waiters) waiter.set(0);
}

void ResourceCache::mark(UnreadableObject object) {
  std::lock_guard lock(unreadable_mutex_);
  std::string key = object.key;
  unreadable_.insert_or_assign(std::move(key), std::move(object));
  unreadable_count_ = unreadable_.size();
}

void ResourceCache::unmark(const std::string& key) {
  if (unreadable_count_ == 0) return;
  std::lock_guard lock(unreadable_mutex_);
  unreadable_.erase(key);
  unreadable_count_ = unreadable_.size();
}

std::vector<UnreadableObject> ResourceCache::unreadable_below(std::string_view prefix) const {
  std::vector<UnreadableObject> out;
  if (unreadable_count_ == 0) return out;
  std::lock_guard lock(unreadable_mutex_);
  for (auto it = unreadable_.lower_bound(prefix); it != unreadable_.end() && it->first.starts_with(prefix);
       ++it)
    out.push_back(it->second);
  return out;
}

std::optional<UnreadableObject> ResourceCache::unreadable_at(std::string_view key) const {
  if (unreadable_count_ == 0) return std::nullopt;
  std::lock_guard lock(unreadable_mutex_);
  auto it = unreadable_.find(key);
  if (it == unreadable_.end()) return std::nullopt;
  return it->second;
}

void ResourceCache::apply(std::span<const Change> changes) {
  EntryTreeEditor editor(tree_);  // only the feed writes tree_
  std::vector<EventPtr> events;
  bool damaged = false;
  for (const Change& change : changes) {
    auto event = std::make_shared<CacheEvent>();
    event->revision = change.revision;
    if (change.bytes) {
      auto entry = Entry::make(format_, change.key, change.revision, change.bytes);
      if (!entry) {
        mark({change.key, change.revision, entry.error().message});
        editor.erase(change.key);
        damaged = true;
        continue;
      }
      event->entry = std::move(*entry);
      event->previous = editor.set(event->entry);
    } else {
      event->previous = editor.erase(change.key);
    }
    unmark(change.key);
    if (!event->entry && !event->previous) continue;
    events.push_back(std::move(event));
  }
  counts_.received += changes.size();
  counts_.dispatched += events.size();
  if (events.empty() && !damaged) return;
  const int64_t revision = changes.back().revision;
  publish(editor.commit(), revision);
  push(std::move(events));
  if (!damaged) return;
  std::vector<OneShot<int>> waiters;
  {
    std::lock_guard lock(ring_mutex_);
    waiters = restart_ring(revision);
  }
  for (const OneShot<int>& waiter : waiters) waiter.set(0);
}

void ResourceCache::push(std::vector<EventPtr> events) {
  std::vector<OneShot<int>> waiters;
  {
    std::lock_guard lock(ring_mutex_);
    for (EventPtr& event : events) {
      ring_bytes_ += event_bytes(*event);
      ring_.push_back(std::move(event));
      if (ring_.size() > kEncodedWindow) {
        const CacheEvent& old = *ring_[ring_.size() - 1 - kEncodedWindow];
        old.encoded->clear();
        old.encoded_departed->clear();
      }
    }
    trim();
    waiters.swap(waiters_);
  }
  for (const OneShot<int>& waiter : waiters) waiter.set(0);
}

void ResourceCache::trim() {
  while (ring_.size() > 1 && (ring_.size() > options_.ring_events || ring_bytes_ > options_.ring_bytes)) {
    ring_bytes_ -= event_bytes(*ring_.front());
    complete_after_ = ring_.front()->revision;
    ring_.pop_front();
    ++first_;
  }
}

Status ResourceCache::too_old(int64_t requested, int64_t oldest) {
  return errors::expired(fmt::format("too old resource version: {} ({})", requested, oldest));
}

Result<std::vector<ResourceCache::EventPtr>> ResourceCache::read(uint64_t& position, uint64_t generation,
                                                                 int64_t read_to, size_t limit) const {
  std::lock_guard lock(ring_mutex_);
  if (generation != generation_ || position < first_) return fail(too_old(read_to, complete_after_));
  std::vector<EventPtr> out;
  const size_t from = position - first_;
  const size_t n = std::min(limit, ring_.size() - from);
  out.assign(ring_.begin() + static_cast<std::ptrdiff_t>(from),
             ring_.begin() + static_cast<std::ptrdiff_t>(from + n));
  position += n;
  return out;
}

OneShot<int> ResourceCache::subscribe(uint64_t position, uint64_t generation) {
  OneShot<int> shot;
  std::lock_guard lock(ring_mutex_);
  if (generation != generation_ || position < first_ + ring_.size()) {
    shot.set(0);
  } else {
    // Waits that ended by a timer leave theirs behind.
    if (waiters_.size() >= prune_waiters_at_) {
      std::erase_if(waiters_, [](const OneShot<int>& waiter) { return waiter.ready(); });
      prune_waiters_at_ = std::max<size_t>(64, 2 * waiters_.size());
    }
    waiters_.push_back(shot);
  }
  return shot;
}

Result<std::unique_ptr<WatchCursor>> ResourceCache::watch(WatchStart start, Context context) {
  RingPosition at;
  CacheSnapshot initial;
  {
    std::lock_guard lock(ring_mutex_);
    at.generation = generation_;
    if (start.initial_events) {
      // Ring and tree may be one batch apart: the cursor skips what the tree has already.
      initial = snapshot();
      at.after = initial.revision;
    } else {
      at.after = start.after_revision;
      if (at.after < complete_after_) return fail(too_old(at.after, complete_after_));
    }
    const auto next = std::partition_point(
        ring_.begin(), ring_.end(), [&](const EventPtr& event) { return event->revision <= at.after; });
    at.position = first_ + static_cast<uint64_t>(next - ring_.begin());
  }
  return std::unique_ptr<WatchCursor>(
      std::make_unique<RingCursor>(shared_from_this(), std::move(start), std::move(initial.tree), at,
                                   options_.bookmark_period, std::move(context)));
}

size_t ResourceCache::ring_size() const {
  std::lock_guard lock(ring_mutex_);
  return ring_.size();
}

}  // namespace xebec::apiserver
