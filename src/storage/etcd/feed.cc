#include "storage/etcd/feed.h"

#include <charconv>
#include <chrono>

namespace xebec::storage::etcd {
namespace {

// As often as upstream. etcd answers when nothing is left to send, and not at all before.
constexpr Duration kProgressInterval = std::chrono::milliseconds(100);

Task<void> ask_regularly(std::shared_ptr<WatchStream> stream, CancelToken cancel) {
  for (;;) {
    stream->request_progress();
    const bool slept = co_await sleep_for(kProgressInterval, cancel);
    if (!slept) co_return;
  }
}

}  // namespace

int64_t compaction_in(std::string_view value) {
  int64_t revision = 0;
  (void)std::from_chars(value.data(), value.data() + value.size(), revision);
  return revision;
}

Feed::Feed(Client& client, const KeyMap& keys, const EtcdOptions& options)
    : client_(client),
      keys_(keys),
      options_(options),
      everything_(options.watch_scope != EtcdWatchScope::kPrefix) {}

void Feed::begin(int64_t revision, int64_t compacted) {
  compacted_ = compacted;
  hub_ = std::make_shared<WatchHub>(static_cast<LogReader&>(*this), revision, compacted,
                                    options_.watch_ring_bytes);
  hub_->on_progress_wanted([this] { progress_wanted_.notify_all(); });
}

WatchRange Feed::range() const {
  WatchRange range;
  range.everything = everything_;
  range.start = everything_ ? KeyMap::range_start("") : keys_.root();
  range.end = KeyMap::range_end(everything_ ? "" : prefix_end(keys_.root()));
  return range;
}

void Feed::narrow() {
  std::lock_guard lock(mutex_);
  if (!everything_) return;
  everything_ = false;
  options_.logger.warning("etcd lets us watch our own prefix only",
                          {{"prefix", keys_.root()}, {"needs", "etcd 3.4.31, 3.5.13 or newer"}});
}

void Feed::set_stream(std::shared_ptr<WatchStream> stream) {
  std::lock_guard lock(mutex_);
  stream_ = std::move(stream);
}

void Feed::request_progress() {
  std::lock_guard lock(mutex_);
  if (stream_ && !everything_) stream_->request_progress();
}

Task<void> Feed::run(CancelToken cancel) {
  size_t failures = 0;
  while (!cancel.cancelled()) {
    const int64_t before = hub_->revision();
    Status ended = co_await follow();
    if (cancel.cancelled()) co_return;
    failures = hub_->revision() > before ? 1 : failures + 1;
    const bool slept = co_await sleep_for(client_.pause_after(failures), cancel);
    if (!slept) co_return;
  }
}

// Whoever compacts leaves the revision in a key.
void Feed::learn_compaction(const WatchBatch& batch) {
  for (const auto& event : batch.events) {
    if (event->kv.key != kCompactionKey || !event->kv.value) continue;
    set_compacted(compaction_in(*event->kv.value));
  }
}

void Feed::set_compacted(int64_t revision) {
  int64_t before = compacted_;
  while (before < revision && !compacted_.compare_exchange_weak(before, revision)) {
  }
  hub_->set_compacted(revision);
}

// Returns why it ended.
Task<Status> Feed::follow() {
  WatchRange covered;
  {
    std::lock_guard lock(mutex_);
    covered = range();
  }
  EventSource source(client_.endpoint(), client_.in_flight(), keys_, covered, hub_->revision() + 1);
  set_stream(source.stream());
  options_.logger.debug("Watching etcd",
                        {{"server", source.endpoint()->url}, {"from", hub_->revision() + 1}});
  for (;;) {
    Result<WatchBatch> batch = co_await source.next();
    if (batch) {
      hub_->know(batch->revision);
      learn_compaction(*batch);
      // Nobody else publishes. Progress of a member that lags behind tells nothing new.
      if (batch->revision > hub_->revision()) hub_->publish(batch->revision, batch->events);
      continue;
    }
    set_stream(nullptr);
    if (batch.error().is(reason::kExpired)) {
      options_.logger.warning("Events were compacted before they were seen",
                              {{"revision", source.compact_revision()}});
      set_compacted(source.compact_revision());
      hub_->skip_to(source.compact_revision() - 1);
    } else if (batch.error().is(reason::kForbidden) && options_.watch_scope == EtcdWatchScope::kAutomatic) {
      narrow();
    } else {
      client_.failed(*source.endpoint(), batch.error().message);
    }
    co_return batch.error();
  }
}

Task<void> Feed::ask_for_progress(CancelToken cancel) {
  while (!cancel.cancelled()) {
    OneShot<bool> wanted = progress_wanted_.subscribe();
    if (!hub_->progress_wanted()) {
      CancelRegistration registration = cancel.on_cancel([wanted] { wanted.set(false); });
      (void)co_await wanted;
      continue;
    }
    request_progress();
    const bool slept = co_await sleep_for(kProgressInterval, cancel);
    if (!slept) co_return;
  }
}

Task<Result<LogChunk>> Feed::read_log(std::string prefix, int64_t from, int64_t to) {
  const MonotonicTime end = Executor::current()->now() + options_.read_timeout;
  for (size_t attempt = 1;; ++attempt) {
    // At the very revision of the compaction a delete may be missing.
    if (from <= compacted_) co_return fail(compacted());
    Result<LogChunk> chunk = co_await read_log_once(prefix, from, to);
    if (chunk || chunk.error().is(reason::kExpired) || client_.in_flight()->closed()) co_return chunk;
    const Duration pause = client_.pause_after(attempt);
    if (Executor::current()->now() + pause >= end) co_return chunk;
    co_await sleep_for(pause);
  }
}

Task<Result<LogChunk>> Feed::read_log_once(const std::string& prefix, int64_t from, int64_t to) {
  WatchRange covered;
  {
    std::lock_guard lock(mutex_);
    covered = range();
  }
  EventSource source(client_.endpoint(), client_.in_flight(), keys_, covered, from);
  Scope asking(*Executor::current());
  if (!covered.everything) asking.spawn(ask_regularly(source.stream(), asking.token()));
  LogChunk chunk;
  chunk.through = from - 1;
  Result<void> read = co_await read_until(source, prefix, to, chunk);
  asking.cancel();
  co_await asking.join();
  if (!read) {
    if (!read.error().is(reason::kExpired)) client_.failed(*source.endpoint(), read.error().message);
    co_return fail(read.error());
  }
  co_return chunk;
}

Task<Result<void>> Feed::read_until(EventSource& source, const std::string& prefix, int64_t to,
                                    LogChunk& chunk) {
  while (chunk.through < to && chunk.events.size() < WatchHub::kBatchEvents) {
    CO_TRY(WatchBatch batch, co_await source.next());
    chunk.through = std::max(chunk.through, std::min(batch.revision, to));
    for (const auto& event : batch.events) {
      const int64_t revision = event->kv.mod_revision;
      if (revision > to || !event->kv.key.starts_with(prefix)) continue;
      const bool full = chunk.events.size() >= WatchHub::kBatchEvents;
      if (full && revision != chunk.events.back()->kv.mod_revision) {
        chunk.through = chunk.events.back()->kv.mod_revision;
        break;
      }
      chunk.events.push_back(event);
    }
  }
  co_return Result<void>();
}

}  // namespace xebec::storage::etcd
