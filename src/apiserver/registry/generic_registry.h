// GenericRegistry: the one implementation of Registry (k8s.io/apiserver/pkg/registry/generic/registry Store):
// verbs over the watch cache and the store, in upstream's order of steps and with its errors. One file a
// verb.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "api/scheme.h"
#include "api/time.h"
#include "apiserver/admission/plugin.h"
#include "apiserver/cache/feed.h"
#include "apiserver/cache/resource_cache.h"
#include "apiserver/registry/registry.h"
#include "apiserver/registry/strategy.h"
#include "base/clock.h"
#include "storage/store.h"

namespace xebec {
class Metrics;
}

namespace xebec::apiserver {

// What all registries share. Everything outlives them.
struct RegistryEnv {
  const api::Scheme* scheme = nullptr;
  storage::Store* store = nullptr;
  WatchFeed* feed = nullptr;
  const Clock* clock = nullptr;
  Rng* rng = nullptr;
  const AdmissionChain* admission = nullptr;  // nullptr: none
  Metrics* metrics = nullptr;                 // nullptr: nothing is counted
  // Brings what is known of the pools of addresses and ports up to date with what anybody has written.
  std::function<Task<Result<void>>(Context)> refresh_pools;
};

class GenericRegistry final : public Registry {
 public:
  GenericRegistry(RegistryEnv env, const api::Resource& resource, const api::Message& hub,
                  std::shared_ptr<const Strategy> strategy, std::shared_ptr<ResourceCache> cache);

  const api::Resource& resource() const override { return resource_; }
  const api::Message& hub() const override { return hub_; }
  const Strategy& strategy() const override { return *strategy_; }
  const std::shared_ptr<ResourceCache>& cache() const { return cache_; }
  // Admission is made after the registries it reads.
  void set_admission(const AdmissionChain* admission) { env_.admission = admission; }

  Task<Result<std::shared_ptr<const Entry>>> get(Context context, GetRequest request) override;
  Task<Result<ListPage>> list(Context context, ListRequest request) override;
  Task<Result<std::unique_ptr<WatchCursor>>> watch(Context context, WatchRequest request) override;
  Task<Result<WriteResult>> create(Context context, std::string namespace_, api::Object object,
                                   WriteOptions options) override;
  Task<Result<WriteResult>> update(Context context, std::string namespace_, std::string name,
                                   Transform transform, WriteOptions options) override;
  Task<Result<WriteResult>> remove(Context context, std::string namespace_, std::string name,
                                   std::shared_ptr<const metav1::DeleteOptions> delete_options,
                                   WriteOptions options) override;
  Task<Result<std::vector<api::Object>>> remove_collection(
      Context context, ListRequest selection, std::shared_ptr<const metav1::DeleteOptions> delete_options,
      WriteOptions options) override;

 private:
  // What an attempt of an update wants done.
  struct Attempt {
    enum class Action { kNothing, kWrite, kDelete } action = Action::kNothing;
    api::Object object;
    bool created = false;
    std::unique_ptr<Reservation> reservation;
  };
  // Makes the attempt for what is stored now; `current` is nullptr when nothing is.
  using Try =
      std::function<Task<Result<Attempt>>(std::shared_ptr<const api::Object> current, EntryPtr entry)>;

  std::string list_prefix(std::string_view namespace_) const;
  Result<std::string> key_of(std::string_view namespace_, std::string_view name) const;
  ResourceName resource_name() const { return {resource_.group, resource_.plural}; }
  KindName kind_name() const;
  Status not_found(std::string_view name) const { return errors::not_found(resource_name(), name); }
  api::Time now() const;

  // --- reading ---
  Task<Result<EntryPtr>> read_current(std::string key);  // from the store; nullptr when absent
  Result<EntryPtr> entry_of(storage::KeyValue kv) const;
  // Waits until what is read is as new as the request wants it; `revision` is what `version` says.
  Task<Result<void>> reach(Context context, std::string version, int64_t revision);
  // A list that would leave out what cannot be read.
  Result<void> check_readable(std::string_view prefix) const;
  Task<Result<ListPage>> list_cached(CacheSnapshot at, EntryFilter filter, ListRequest request,
                                     std::string start);
  Task<Result<ListPage>> list_stored(int64_t revision, EntryFilter filter, ListRequest request,
                                     std::string start, bool paging);
  Result<EntryFilter> filter_of(std::string_view namespace_, std::string_view label_selector,
                                std::string_view field_selector) const;

  // --- writing ---
  Result<void> match_namespace(std::string_view requested, metav1::ObjectMeta& meta) const;
  Result<void> check_created(const Context& context, const api::Object& object,
                             const api::GroupVersionKind& request) const;
  // Without what the request's version may do; refuses when something is left.
  Result<void> refuse_errors(field::Errors errors, const api::Object& object,
                             const api::GroupVersionKind& request) const;
  Result<std::unique_ptr<Reservation>> before_create(const Context& context, std::string_view namespace_,
                                                     api::Object& object, const WriteOptions& options) const;
  Result<std::unique_ptr<Reservation>> before_update(const Context& context, std::string_view namespace_,
                                                     api::Object& object, const api::Object& old,
                                                     const WriteOptions& options) const;
  // `reserved`: set when what it takes from pools has been found.
  Task<Result<WriteResult>> create_once(Context context, std::string namespace_, api::Object object,
                                        WriteOptions options, bool* reserved = nullptr);
  Task<Result<WriteResult>> create_named(Context context, std::string namespace_, api::Object object,
                                         WriteOptions options);
  Task<Status> already_exists(std::string key, api::Object object);
  Task<Result<void>> admit(Context context, Operation operation, std::string namespace_, std::string name,
                           api::Object* object, const api::Object* old, WriteOptions options);
  Task<Result<void>> validate_admission(Context context, Operation operation, std::string namespace_,
                                        std::string name, api::Object* object, const api::Object* old,
                                        WriteOptions options);
  AdmissionAttributes attributes(const Context& context, Operation operation, std::string_view namespace_,
                                 std::string_view name, api::Object* object, const api::Object* old,
                                 const WriteOptions& options) const;
  Task<Result<Attempt>> attempt_update(Context context, std::string namespace_, std::string name,
                                       Transform transform, WriteOptions options,
                                       std::shared_ptr<const api::Object> current);
  Result<void> check_uid(std::string_view name, const api::Object& object, const api::Object* current,
                         std::string_view key) const;
  Result<void> check_version(std::string_view name, api::Object& object, const api::Object& current) const;
  bool removes(const api::Object& object, const api::Object& old) const;
  // Tries until what was read is what is replaced.
  Task<Result<WriteResult>> guaranteed_update(Context context, std::string name, std::string key, Try attempt,
                                              bool dry_run);
  // The write, and what it takes from pools and gives back.
  Task<Result<storage::TxnResult>> write_reserved(storage::Txn txn, Reservation* reservation);
  // One round of it: nothing when the stored object changed meanwhile (`entry` is then the new one).
  Task<Result<std::optional<WriteResult>>> commit(std::string name, std::string key, Attempt attempt,
                                                  EntryPtr& entry, bool& fresh, bool dry_run);

  // --- deleting ---
  struct DeleteState;
  Task<Result<Attempt>> attempt_delete(Context context, std::string namespace_, std::string name,
                                       WriteOptions options, std::shared_ptr<DeleteState> state,
                                       std::shared_ptr<const api::Object> current);
  Result<bool> begin_deletion(api::Object& object, DeleteState& state) const;
  Result<void> check_preconditions(const metav1::ObjectMeta& meta,
                                   const metav1::DeleteOptions& options) const;
  // For what cannot be read, and nothing else: no preconditions, no finalizers.
  Task<Result<WriteResult>> remove_unreadable(Context context, std::string namespace_, std::string name,
                                              WriteOptions options);
  bool set_propagation(metav1::ObjectMeta& meta, const DeleteState& state) const;
  void mark_deleting(api::Object& object) const;

  RegistryEnv env_;
  const api::Resource& resource_;
  const api::Message& hub_;
  const std::shared_ptr<const Strategy> strategy_;
  const std::shared_ptr<ResourceCache> cache_;
};

}  // namespace xebec::apiserver
