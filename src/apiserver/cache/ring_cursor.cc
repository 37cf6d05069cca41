#include "apiserver/cache/ring_cursor.h"

#include <algorithm>

#include "storage/store.h"

namespace xebec::apiserver {
namespace {

constexpr size_t kBatch = 256;
// The last bookmark goes out this long before the deadline, as upstream.
constexpr Duration kBeforeDeadline = std::chrono::seconds(2);

enum Wake { kEvent, kAlarm, kCancelled };

}  // namespace

RingCursor::RingCursor(std::shared_ptr<ResourceCache> cache, WatchStart start, EntryTree initial,
                       RingPosition at, Duration bookmark_period, Context context)
    : cache_(std::move(cache)),
      start_(std::move(start)),
      context_(std::move(context)),
      bookmark_period_(bookmark_period),
      initial_(std::move(initial)),
      initial_from_(start_.filter.prefix),
      initial_done_(!start_.initial_events),
      at_(at),
      read_to_(at.after) {}

RingCursor::~RingCursor() {
  if (executor_ != nullptr && alarm_at_) executor_->cancel_timer(timer_);
}

Result<std::vector<WatchEvent>> RingCursor::poll() {
  std::vector<WatchEvent> out;
  if (over_) return out;
  if (!initial_done_) {
    read_initial(out);
    return out;
  }
  TRY_VOID(read_ring(out));
  return out;
}

Task<Result<std::vector<WatchEvent>>> RingCursor::next() {
  for (;;) {
    CO_TRY(std::vector<WatchEvent> out, poll());
    if (!out.empty() || over_) co_return std::move(out);
    if (context_.cancel.cancelled()) co_return fail(errors::cancelled());
    if (tend_alarm(out)) {
      over_ = true;
      co_return std::move(out);
    }
    if (!out.empty()) co_return std::move(out);

    OneShot<int> shot = cache_->subscribe(at_.position, at_.generation);
    {
      std::lock_guard lock(alarm_->mutex);
      if (alarm_->rang) continue;
      alarm_->waiter = shot;
    }
    int wake = kEvent;
    {
      CancelRegistration registration = context_.cancel.on_cancel([shot] { shot.set(kCancelled); });
      wake = co_await shot;
    }
    {
      std::lock_guard lock(alarm_->mutex);
      alarm_->waiter.reset();
    }
    if (wake == kCancelled) co_return fail(errors::cancelled());
  }
}

void RingCursor::read_initial(std::vector<WatchEvent>& out) {
  const std::string end = start_.filter.single ? storage::next_key(start_.filter.prefix)
                                               : storage::prefix_end(start_.filter.prefix);
  initial_done_ = true;
  initial_.scan(initial_from_, end, [&](const EntryPtr& entry) {
    if (out.size() == kBatch) {
      initial_from_ = entry->key();
      initial_done_ = false;
      return false;
    }
    if (!start_.filter.matches_content(*entry)) return true;
    WatchEvent event;
    event.type = EventType::kAdded;
    event.revision = entry->revision();
    event.entry = entry;
    event.encoded = std::make_shared<EncodedForms>();
    out.push_back(std::move(event));
    return true;
  });
  if (!initial_done_) return;
  initial_ = EntryTree();
  if (start_.initial_bookmark) add_bookmark(out, at_.after, true);
}

Result<void> RingCursor::read_ring(std::vector<WatchEvent>& out) {
  while (out.empty()) {
    // Before the ring: what is in the ring by then is all there is up to this revision.
    const int64_t reached = cache_->progress().revision();
    TRY(const auto events, cache_->read(at_.position, at_.generation, read_to_, kBatch));
    for (const auto& event : events) {
      if (event->revision <= at_.after) continue;
      convert(*event, out);
      read_to_ = event->revision;
    }
    if (events.size() < kBatch) {
      read_to_ = std::max(read_to_, reached);
      return {};
    }
  }
  return {};
}

void RingCursor::convert(const CacheEvent& event, std::vector<WatchEvent>& out) const {
  const EntryFilter& filter = start_.filter;
  const Entry& any = event.entry ? *event.entry : *event.previous;
  if (!filter.in_range(any)) return;
  const bool content = filter.selects_by_content();
  const bool now = event.entry && (!content || filter.matches_content(*event.entry));
  const bool before = event.previous && (!content || filter.matches_content(*event.previous));
  if (!now && !before) return;
  WatchEvent made;
  made.revision = event.revision;
  made.type = now ? (before ? EventType::kModified : EventType::kAdded) : EventType::kDeleted;
  made.entry = now ? event.entry : event.departed();
  made.encoded = now ? event.encoded : event.encoded_departed;
  out.push_back(std::move(made));
}

void RingCursor::add_bookmark(std::vector<WatchEvent>& out, int64_t revision, bool initial_end) {
  WatchEvent bookmark;
  bookmark.type = EventType::kBookmark;
  bookmark.revision = revision;
  bookmark.initial_events_end = initial_end;
  last_bookmark_ = revision;
  out.push_back(std::move(bookmark));
}

bool RingCursor::tend_alarm(std::vector<WatchEvent>& out) {
  if (executor_ == nullptr) {
    executor_ = Executor::current();
    next_bookmark_ = executor_->now() + bookmark_period_;
    if (context_.deadline && *context_.deadline - kBeforeDeadline > executor_->now())
      next_bookmark_ = std::min(next_bookmark_, *context_.deadline - kBeforeDeadline);
  }
  const MonotonicTime now = executor_->now();
  if (context_.deadline && now >= *context_.deadline) return true;
  if (start_.bookmarks && now >= next_bookmark_) {
    add_bookmark(out, read_to_, false);
    next_bookmark_ = now + bookmark_period_;
    if (context_.deadline && *context_.deadline - kBeforeDeadline > now)
      next_bookmark_ = std::min(next_bookmark_, *context_.deadline - kBeforeDeadline);
  }
  std::optional<MonotonicTime> when = context_.deadline;
  if (start_.bookmarks && (!when || next_bookmark_ < *when)) when = next_bookmark_;
  {
    std::lock_guard lock(alarm_->mutex);
    if (!alarm_->rang && alarm_at_ == when) return false;
    alarm_->rang = false;
  }
  if (alarm_at_) executor_->cancel_timer(timer_);
  alarm_at_ = when;
  if (!when) return false;
  timer_ = executor_->post_at(*when, [alarm = alarm_] {
    std::lock_guard lock(alarm->mutex);
    alarm->rang = true;
    if (alarm->waiter) alarm->waiter->set(kAlarm);
  });
  return false;
}

}  // namespace xebec::apiserver
