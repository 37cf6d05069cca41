#include "apiserver/cache/feed.h"

#include <algorithm>
#include <chrono>

namespace xebec::apiserver {
namespace {

constexpr std::string_view kRoot = "/registry/";
constexpr int64_t kPage = 4096;
constexpr int64_t kReplayed = 4096;  // revisions of the past that a start goes back
constexpr Duration kPatience = std::chrono::milliseconds(50);
constexpr Duration kLongest = std::chrono::seconds(3);  // as upstream waits for a fresh cache
constexpr Duration kRetry = std::chrono::seconds(1);

Duration remaining(const Context& context) {
  if (!context.deadline) return kLongest;
  return std::max(Duration::zero(), std::min(kLongest, *context.deadline - Executor::current()->now()));
}

}  // namespace

WatchFeed::WatchFeed(storage::Store& store, Logger logger) : store_(store), logger_(std::move(logger)) {}
WatchFeed::~WatchFeed() = default;

void WatchFeed::add(std::shared_ptr<ResourceCache> cache) {
  std::lock_guard lock(mutex_);
  caches_[cache->prefix()] = cache;
}

Task<Result<void>> WatchFeed::start() {
  CO_TRY(const int64_t revision, co_await store_.read_revision());
  const int64_t past = std::max<int64_t>({1, store_.compacted_revision(), revision - kReplayed});
  if (past < revision) {
    Result<void> loaded = co_await load_all_at(past);
    if (loaded) loaded = co_await replay(revision);
    if (loaded) co_return loaded;
    logger_.warning("The store's history cannot be read", {{"error", loaded.error().message}});
  }
  co_return co_await load_all();
}

Task<Result<void>> WatchFeed::replay(int64_t revision) {
  CO_TRY(std::unique_ptr<storage::Watcher> watcher,
         co_await store_.watch(std::string(kRoot), progress_->revision() + 1));
  watcher->request_progress();
  CancelToken never;
  while (progress_->revision() < revision) {
    CO_TRY(storage::WatchBatch batch, co_await watcher->next(never));
    apply(batch);
  }
  co_return Result<void>();
}

Task<Result<void>> WatchFeed::add_live(std::shared_ptr<ResourceCache> cache) {
  AsyncMutex::Guard guard = co_await applying_.lock();
  CO_TRY_VOID(co_await load(cache, progress_->revision()));
  std::lock_guard lock(mutex_);
  caches_[cache->prefix()] = cache;
  co_return Result<void>();
}

void WatchFeed::remove(const std::string& prefix) {
  std::lock_guard lock(mutex_);
  caches_.erase(prefix);
}

Task<Result<void>> WatchFeed::load(std::shared_ptr<ResourceCache> cache, int64_t revision) {
  std::vector<EntryPtr> entries;
  std::vector<UnreadableObject> unreadable;
  storage::RangeOptions range = storage::RangeOptions::of_prefix(cache->prefix());
  range.revision = revision;
  range.limit = kPage;
  for (;;) {
    CO_TRY(storage::RangeResult page, co_await store_.list(range));
    if (!page.kvs.empty()) range.start = storage::next_key(page.kvs.back().key);
    for (storage::KeyValue& kv : page.kvs) {
      auto entry = Entry::make(cache->format(), kv.key, kv.mod_revision, std::move(kv.value));
      if (entry) {
        entries.push_back(std::move(*entry));
        continue;
      }
      logger_.error("Stored object cannot be read", {{"key", kv.key}, {"error", entry.error().message}});
      unreadable.push_back({std::move(kv.key), kv.mod_revision, entry.error().message});
    }
    if (!page.more || page.kvs.empty()) break;
  }
  cache->replace(std::move(entries), revision, std::move(unreadable));
  co_return Result<void>();
}

Task<Result<void>> WatchFeed::load_all() {
  CO_TRY(const int64_t revision, co_await store_.read_revision());
  co_return co_await load_all_at(revision);
}

Task<Result<void>> WatchFeed::load_all_at(int64_t revision) {
  AsyncMutex::Guard guard = co_await applying_.lock();
  std::vector<std::shared_ptr<ResourceCache>> caches;
  {
    std::lock_guard lock(mutex_);
    for (const auto& item : caches_) caches.push_back(item.second);
  }
  for (const auto& cache : caches) {
    CO_TRY_VOID(co_await load(cache, revision));
  }
  progress_->advance(revision);
  co_return Result<void>();
}

Task<void> WatchFeed::run(CancelToken cancel) {
  while (!cancel.cancelled()) {
    Result<void> ended = co_await follow(cancel);
    if (cancel.cancelled() || ended.error().is(reason::kCancelled)) co_return;
    logger_.warning("The watch of the store ended; reading everything again",
                    {{"reason", ended.error().message}});
    for (;;) {
      Result<void> loaded = co_await load_all();
      if (loaded) break;
      logger_.error("Reading the store failed", {{"error", loaded.error().message}});
      const bool slept = co_await sleep_for(kRetry, cancel);
      if (!slept) co_return;
    }
  }
}

Task<Result<void>> WatchFeed::follow(CancelToken cancel) {
  CO_TRY(std::unique_ptr<storage::Watcher> watcher,
         co_await store_.watch(std::string(kRoot), progress_->revision() + 1));
  {
    std::lock_guard lock(mutex_);
    watcher_ = watcher.get();
  }
  Result<void> ended;
  for (;;) {
    Result<storage::WatchBatch> batch = co_await watcher->next(cancel);
    if (!batch) {
      ended = fail(std::move(batch).error());
      break;
    }
    AsyncMutex::Guard guard = co_await applying_.lock();
    apply(*batch);
  }
  std::lock_guard lock(mutex_);
  watcher_ = nullptr;
  co_return ended;
}

ResourceCache* WatchFeed::cache_of(std::string_view key) const {
  auto it = caches_.upper_bound(key);
  if (it == caches_.begin()) return nullptr;
  --it;
  return key.starts_with(it->first) ? it->second.get() : nullptr;
}

void WatchFeed::apply(const storage::WatchBatch& batch) {
  std::vector<std::pair<ResourceCache*, std::vector<ResourceCache::Change>>> work;
  std::vector<std::shared_ptr<ResourceCache>> alive;
  {
    std::lock_guard lock(mutex_);
    for (const auto& event : batch.events) {
      ResourceCache* cache = cache_of(event->kv.key);
      if (cache == nullptr) continue;
      if (work.empty() || work.back().first != cache) {
        auto it = std::find_if(work.begin(), work.end(), [&](const auto& w) { return w.first == cache; });
        if (it == work.end()) {
          work.push_back({cache, {}});
          alive.push_back(cache->shared_from_this());
        } else {
          std::iter_swap(it, work.end() - 1);
        }
      }
      const bool put = event->type == storage::Event::Type::kPut;
      work.back().second.push_back({event->kv.key, event->kv.mod_revision, put ? event->kv.value : nullptr});
    }
  }
  for (auto& [cache, changes] : work) {
    cache->apply(changes);
    for (const ResourceCache::Change& change : changes) {
      std::optional<UnreadableObject> damaged = cache->unreadable_at(change.key);
      if (damaged && damaged->revision == change.revision)
        logger_.error("Stored object cannot be read", {{"key", change.key}, {"error", damaged->why}});
    }
  }
  progress_->advance(batch.revision);
}

void WatchFeed::request_progress() {
  std::lock_guard lock(mutex_);
  if (watcher_ != nullptr) watcher_->request_progress();
}

Task<Result<void>> WatchFeed::catch_up(Context context) {
  CO_TRY(const int64_t revision, co_await store_.read_revision());
  co_return co_await wait_until(revision, std::move(context));
}

Task<Result<void>> WatchFeed::wait_until(int64_t revision, Context context) {
  if (progress_->revision() >= revision) co_return Result<void>();
  const bool soon =
      co_await progress_->wait_until(revision, context.cancel, std::min(kPatience, remaining(context)));
  if (soon) co_return Result<void>();
  request_progress();
  const bool reached = co_await progress_->wait_until(revision, context.cancel, remaining(context));
  if (reached) co_return Result<void>();
  if (context.cancel.cancelled()) co_return fail(errors::cancelled());
  co_return fail(storage::future_revision(revision, progress_->revision()));
}

}  // namespace xebec::apiserver
