#include "storage/watch_hub.h"

#include <algorithm>

namespace xebec::storage {
namespace {

size_t size_of(const Event& event) {
  size_t size = sizeof(Event) + 2 * event.kv.key.size();
  if (event.kv.value) size += event.kv.value->size();
  if (event.prev && event.prev->value) size += event.prev->value->size();
  return size;
}

bool any_starts_with(const std::vector<std::string_view>& sorted, std::string_view prefix) {
  auto it = std::lower_bound(sorted.begin(), sorted.end(), prefix);
  return it != sorted.end() && it->starts_with(prefix);
}

}  // namespace

void WatchHub::publish(int64_t revision, const std::vector<std::shared_ptr<const Event>>& events) {
  std::vector<std::string_view> keys;
  keys.reserve(events.size());
  for (const auto& event : events) keys.push_back(event->kv.key);
  std::sort(keys.begin(), keys.end());

  std::vector<OneShot<Wake>> woken;
  {
    std::lock_guard lock(mutex_);
    revision_ = revision;
    for (const auto& event : events) {
      ring_used_ += size_of(*event);
      ring_.push_back(event);
    }
    while (!ring_.empty() && ring_used_ > ring_bytes_) {
      // A whole revision at a time, so that the floor is exact.
      int64_t oldest = ring_.front()->kv.mod_revision;
      while (!ring_.empty() && ring_.front()->kv.mod_revision == oldest) {
        ring_used_ -= size_of(*ring_.front());
        ring_.pop_front();
      }
      ring_floor_ = oldest;
    }
    std::erase_if(waiting_, [&](Cursor* cursor) {
      if (cursor->progress == 0 && !any_starts_with(keys, cursor->prefix)) {
        cursor->delivered = std::max(cursor->delivered, revision);
        return false;
      }
      woken.push_back(cursor->shot);
      return true;
    });
  }
  for (const OneShot<Wake>& shot : woken) shot.set(Wake::kNews);
}

void WatchHub::set_compacted(int64_t revision) {
  std::lock_guard lock(mutex_);
  compacted_ = std::max(compacted_, revision);
}

void WatchHub::know(int64_t revision) {
  int64_t known = known_;
  while (known < revision && !known_.compare_exchange_weak(known, revision)) {
  }
}

bool WatchHub::progress_wanted() const {
  std::lock_guard lock(mutex_);
  return wanted_ > revision_;
}

int64_t WatchHub::revision() const {
  std::lock_guard lock(mutex_);
  return revision_;
}

void WatchHub::skip_to(int64_t revision) {
  std::vector<OneShot<Wake>> woken;
  {
    std::lock_guard lock(mutex_);
    ring_.clear();
    ring_used_ = 0;
    revision_ = ring_floor_ = std::max(revision_, revision);
    compacted_ = std::max(compacted_, revision_ + 1);
    for (Cursor* cursor : waiting_) woken.push_back(cursor->shot);
    waiting_.clear();
  }
  for (const OneShot<Wake>& shot : woken) shot.set(Wake::kNews);
}

void WatchHub::close(Status why) {
  std::vector<OneShot<Wake>> woken;
  {
    std::lock_guard lock(mutex_);
    if (!closed_) closed_ = std::move(why);
    for (Cursor* cursor : waiting_) woken.push_back(cursor->shot);
    waiting_.clear();
  }
  for (const OneShot<Wake>& shot : woken) shot.set(Wake::kNews);
}

WatchBatch WatchHub::from_ring(Cursor& cursor) const {
  WatchBatch batch;
  auto it =
      std::upper_bound(ring_.begin(), ring_.end(), cursor.delivered,
                       [](int64_t revision, const auto& event) { return revision < event->kv.mod_revision; });
  for (; it != ring_.end(); ++it) {
    const Event& event = **it;
    if (!event.kv.key.starts_with(cursor.prefix)) continue;
    if (batch.events.size() >= kBatchEvents &&
        batch.events.back()->kv.mod_revision != event.kv.mod_revision) {
      batch.revision = batch.events.back()->kv.mod_revision;
      break;
    }
    batch.events.push_back(*it);
  }
  if (it == ring_.end()) batch.revision = revision_;
  return batch;
}

std::optional<Result<WatchBatch>> WatchHub::look(Cursor& cursor, bool& behind) {
  behind = false;
  if (cursor.cancelled) return Result<WatchBatch>(fail(errors::cancelled()));
  if (closed_) return Result<WatchBatch>(fail(*closed_));
  if (cursor.delivered < ring_floor_) {
    if (cursor.delivered + 1 < compacted_) return Result<WatchBatch>(fail(compacted()));
    behind = true;
    return std::nullopt;
  }
  WatchBatch batch = from_ring(cursor);
  cursor.delivered = std::max(cursor.delivered, batch.revision);
  bool progress = cursor.progress != 0 && batch.revision >= cursor.progress;
  if (progress) cursor.progress = 0;
  if (batch.events.empty() && !progress) return std::nullopt;
  return Result<WatchBatch>(std::move(batch));
}

void WatchHub::stop_waiting(Cursor& cursor) { std::erase(waiting_, &cursor); }

class WatchHub::HubWatcher final : public Watcher {
 public:
  HubWatcher(std::shared_ptr<WatchHub> hub, std::string prefix, int64_t delivered) : hub_(std::move(hub)) {
    cursor_.prefix = std::move(prefix);
    cursor_.delivered = delivered;
  }

  ~HubWatcher() override {
    std::lock_guard lock(hub_->mutex_);
    hub_->stop_waiting(cursor_);
  }

  Task<Result<WatchBatch>> next(CancelToken cancel) override {
    for (;;) {
      if (cancel.cancelled()) co_return fail(errors::cancelled());
      bool behind = false;
      int64_t from = 0;
      int64_t to = 0;
      OneShot<Wake> shot;
      {
        std::lock_guard lock(hub_->mutex_);
        if (auto result = hub_->look(cursor_, behind)) co_return std::move(*result);
        from = cursor_.delivered + 1;
        to = hub_->revision_;
        if (!behind) {
          hub_->stop_waiting(cursor_);
          cursor_.shot = shot;
          hub_->waiting_.push_back(&cursor_);
        }
      }
      if (behind) {
        CO_TRY(WatchBatch batch, co_await catch_up(from, to));
        if (!batch.events.empty()) co_return batch;
        continue;
      }
      CancelRegistration registration = cancel.on_cancel([shot] { shot.set(Wake::kCancelled); });
      Wake wake = co_await shot;
      if (wake == Wake::kCancelled) {
        std::lock_guard lock(hub_->mutex_);
        hub_->stop_waiting(cursor_);
        co_return fail(errors::cancelled());
      }
    }
  }

  void request_progress() override {
    OneShot<Wake> shot;
    {
      std::lock_guard lock(hub_->mutex_);
      cursor_.progress = std::max(hub_->revision_, hub_->known_.load());
      hub_->wanted_ = std::max(hub_->wanted_, cursor_.progress);
      hub_->stop_waiting(cursor_);
      shot = cursor_.shot;
    }
    shot.set(Wake::kNews);
    if (hub_->on_progress_wanted_ && hub_->progress_wanted()) hub_->on_progress_wanted_();
  }

  void cancel() override {
    OneShot<Wake> shot;
    {
      std::lock_guard lock(hub_->mutex_);
      cursor_.cancelled = true;
      hub_->stop_waiting(cursor_);
      shot = cursor_.shot;
    }
    shot.set(Wake::kNews);
  }

 private:
  Task<Result<WatchBatch>> catch_up(int64_t from, int64_t to) {
    CO_TRY(LogChunk chunk, co_await hub_->log_.read_log(cursor_.prefix, from, to));
    std::lock_guard lock(hub_->mutex_);
    cursor_.delivered = std::max(cursor_.delivered, chunk.through);
    WatchBatch batch;
    batch.revision = chunk.through;
    batch.events = std::move(chunk.events);
    co_return batch;
  }

  std::shared_ptr<WatchHub> hub_;
  Cursor cursor_;  // guarded by the hub's mutex
};

Result<std::unique_ptr<Watcher>> WatchHub::watch(std::string prefix, int64_t from_revision) {
  std::lock_guard lock(mutex_);
  if (closed_) return fail(*closed_);
  if (from_revision < 0) return fail(errors::bad_request("a watch cannot start at a negative revision"));
  int64_t delivered = from_revision == 0 ? std::max(revision_, known_.load()) : from_revision - 1;
  if (delivered < ring_floor_ && delivered + 1 < compacted_) return fail(compacted());
  return std::make_unique<HubWatcher>(shared_from_this(), std::move(prefix), delivered);
}

}  // namespace xebec::storage
