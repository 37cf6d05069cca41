// InformerBase: what informers of all types share: list and watch, the store, its indexes. Use Informer<T>.
//
// Belongs to one component: everything happens on env.executor, which is also the only place to read it.
// It lists in pages, watches with bookmarks, watches again from the last revision when a watch ends or
// breaks, and lists again on 410; failures are retried for ever with backoff (0.8 s to 30 s, jitter). It
// never reports errors but by log. Source: k8s.io/client-go/tools/cache (Reflector, DeltaFIFO, Indexer).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "api/object.h"
#include "base/cancel.h"
#include "base/sync.h"
#include "base/task.h"
#include "client/backoff.h"
#include "client/env.h"
#include "client/rest.h"

namespace xebec::client {

struct InformerOptions {
  InformerOptions() {}
  std::string ns;  // empty: all namespaces
  std::string label_selector;
  std::string field_selector;  // e.g. "spec.nodeName=node-1"
  // Every so often all objects are given to on_update again (old == new). Zero: never.
  Duration resync = Duration::zero();
  int64_t page_size = 500;
  bool keep_managed_fields = false;
  // For Informer<metav1::PartialObjectMetadata>: the resource whose metadata is watched.
  api::GroupVersionResource metadata_of;
};

class InformerBase {
 public:
  InformerBase(Rest rest, Env env, const api::Message& type, InformerOptions options);
  virtual ~InformerBase();
  InformerBase(const InformerBase&) = delete;

  // Runs until cancelled; at most once. The informer outlives the task.
  Task<void> run(CancelToken token);
  // The first list is in the store, and handlers have been told.
  bool has_synced() const { return synced_; }
  // False when cancelled first.
  Task<bool> wait_synced(CancelToken token);
  // Of the last list or event seen.
  const std::string& resource_version() const { return resource_version_; }
  size_t size() const { return items_.size(); }
  bool contains(std::string_view key) const { return items_.contains(key); }
  const Env& env() const { return env_; }

 protected:
  using Stored = std::shared_ptr<const void>;
  using IndexFunction = std::function<std::vector<std::string>(const void*)>;
  struct Item {
    Stored object;
    std::string resource_version;
  };
  using Items = std::map<std::string, Item, std::less<>>;

  // Turns a decoded object, which may be moved from, into what is stored.
  virtual Stored make(void* decoded) = 0;
  // Tells handlers; `old` is null for additions, `now` for deletions.
  virtual void notify(const Stored& old, const Stored& now) = 0;

  void add_index_erased(std::string name, IndexFunction function);
  const Items& items() const { return items_; }
  // The range of one namespace.
  std::pair<Items::const_iterator, Items::const_iterator> range(std::string_view ns) const;
  Stored find(std::string_view key) const;
  // Keys that have the value in the index, ascending.
  const std::set<std::string_view>& index_keys(std::string_view name, std::string_view value) const;

 private:
  struct Index {
    IndexFunction function;
    std::map<std::string, std::set<std::string_view>, std::less<>>
        keys;  // value -> keys (views of items_' keys)
  };
  enum class Next { kRelist, kRewatch, kStop };

  Task<void> list_and_watch(CancelToken token);
  Task<Result<void>> list(CancelToken token);
  Task<Next> watch(CancelToken token);
  Task<Next> follow(std::unique_ptr<WatchStream> stream, CancelToken token);
  Task<void> resync(CancelToken token);
  void apply(WatchEvent event);
  void put(std::string key, std::string resource_version, Stored object);
  void remove(std::string_view key, Stored last);
  void index(const std::string& key, const Stored& object, bool add);
  metav1::ObjectMeta& meta_of(void* object) const;

  Rest rest_;
  Env env_;
  Target target_;
  InformerOptions options_;
  Backoff backoff_;
  std::string resource_version_;
  bool synced_ = false;
  Signal synced_signal_;
  Items items_;
  std::map<std::string, Index, std::less<>> indexes_;
};

}  // namespace xebec::client
