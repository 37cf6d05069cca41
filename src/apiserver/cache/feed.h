// WatchFeed: keeps all watch caches up to date from one watch of the store, so that all of them reach a
// revision together and one number tells how far they are.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "apiserver/cache/progress.h"
#include "apiserver/cache/resource_cache.h"
#include "base/context.h"
#include "base/logger.h"
#include "base/sync.h"
#include "storage/store.h"

namespace xebec::apiserver {

class WatchFeed {
 public:
  // `store` outlives the feed.
  WatchFeed(storage::Store& store, Logger logger);
  ~WatchFeed();

  const std::shared_ptr<FeedProgress>& progress() const { return progress_; }

  // Before start(): the cache is filled by it.
  void add(std::shared_ptr<ResourceCache> cache);
  // Fills all caches from the store, its latest history included, so that watches from before a restart go
  // on.
  Task<Result<void>> start();
  // After start(), for resources that come later: returns when the cache is filled and fed.
  Task<Result<void>> add_live(std::shared_ptr<ResourceCache> cache);
  void remove(const std::string& prefix);
  // Feeds the caches until the token is cancelled or the store is closed.
  Task<void> run(CancelToken cancel);

  // Read-your-writes: returns when every write acknowledged before the call, by whichever process, is in the
  // caches.
  Task<Result<void>> catch_up(Context context);
  // Returns when the caches have reached the revision; 504 ResourceVersionTooLarge when they do not within 3
  // s.
  Task<Result<void>> wait_until(int64_t revision, Context context);

 private:
  using Caches = std::map<std::string, std::shared_ptr<ResourceCache>, std::less<>>;

  Task<Result<void>> load(std::shared_ptr<ResourceCache> cache, int64_t revision);
  Task<Result<void>> load_all();
  Task<Result<void>> load_all_at(int64_t revision);
  Task<Result<void>> replay(int64_t revision);
  Task<Result<void>> follow(CancelToken cancel);
  void apply(const storage::WatchBatch& batch);
  ResourceCache* cache_of(std::string_view key) const;
  void request_progress();

  storage::Store& store_;
  const Logger logger_;
  const std::shared_ptr<FeedProgress> progress_ = std::make_shared<FeedProgress>();
  AsyncMutex
      applying_;  // held while a batch is applied or a cache is filled: caches_ and the position hold still
  std::mutex mutex_;  // for watcher_ and changes to caches_
  Caches caches_;
  storage::Watcher* watcher_ = nullptr;
};

}  // namespace xebec::apiserver
