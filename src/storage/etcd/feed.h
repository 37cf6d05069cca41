// Feed: keeps the watch hub up to date from one watch of etcd, and reads etcd's history for watchers that the
// hub's ring cannot serve. It comes back by itself, at the revision where it was, with whichever server
// answers.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>

#include "base/scope.h"
#include "storage/etcd/event_source.h"
#include "storage/watch_hub.h"

namespace xebec::storage::etcd {

// The key in which those who compact say how far, as a decimal number.
inline constexpr std::string_view kCompactionKey = "compact_rev_key";
int64_t compaction_in(std::string_view value);

class Feed final : public LogReader {
 public:
  // What is passed by reference outlives it.
  Feed(Client& client, const KeyMap& keys, const EtcdOptions& options);

  // Once, before everything else: the hub begins after `revision`.
  void begin(int64_t revision, int64_t compacted);
  const std::shared_ptr<WatchHub>& hub() const { return hub_; }

  int64_t compacted_revision() const { return compacted_; }
  void set_compacted(int64_t revision);

  // Until the token is cancelled and the client closed.
  Task<void> run(CancelToken cancel);
  // The same; asks for progress while that is waited for, if the watch does not tell it by itself.
  Task<void> ask_for_progress(CancelToken cancel);

  Task<Result<LogChunk>> read_log(std::string prefix, int64_t from, int64_t to) override;

 private:
  Task<Status> follow();
  void learn_compaction(const WatchBatch& batch);
  Task<Result<LogChunk>> read_log_once(const std::string& prefix, int64_t from, int64_t to);
  Task<Result<void>> read_until(EventSource& source, const std::string& prefix, int64_t to, LogChunk& chunk);
  WatchRange range() const;
  void narrow();
  void set_stream(std::shared_ptr<WatchStream> stream);
  void request_progress();

  Client& client_;
  const KeyMap& keys_;
  const EtcdOptions& options_;
  std::shared_ptr<WatchHub> hub_;
  std::atomic<int64_t> compacted_{0};
  Signal progress_wanted_;
  std::mutex mutex_;
  bool everything_;                      // false: the prefix alone
  std::shared_ptr<WatchStream> stream_;  // of the feed
};

}  // namespace xebec::storage::etcd
