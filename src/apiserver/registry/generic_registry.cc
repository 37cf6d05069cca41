// What the verbs share: keys, admission, the update loop.
#include "apiserver/registry/generic_registry.h"

#include <fmt/format.h>

#include "api/gen/metav1.h"
#include "apiserver/registry/list_options.h"

namespace xebec::apiserver {

Result<std::unique_ptr<Reservation>> Strategy::begin_create(const Context&, api::Object&, PoolUse) const {
  return nullptr;
}

Result<std::unique_ptr<Reservation>> Strategy::begin_update(const Context&, api::Object&, const api::Object&,
                                                            PoolUse) const {
  return nullptr;
}

std::unique_ptr<Reservation> Strategy::begin_delete(const api::Object&, bool) const { return nullptr; }

std::string Strategy::unsupported_field(std::string_view label, bool namespaced) const {
  if (!selectable_fields().empty()) return fmt::format("field label not supported: {}", label);
  return fmt::format("{} is not a known field selector: only \"metadata.name\"{}", field::quote(label),
                     namespaced ? ", \"metadata.namespace\"" : "");
}

GenericRegistry::GenericRegistry(RegistryEnv env, const api::Resource& resource, const api::Message& hub,
                                 std::shared_ptr<const Strategy> strategy,
                                 std::shared_ptr<ResourceCache> cache)
    : env_(env), resource_(resource), hub_(hub), strategy_(std::move(strategy)), cache_(std::move(cache)) {}

KindName GenericRegistry::kind_name() const { return {hub_.kinds[0].group, hub_.kinds[0].kind}; }

api::Time GenericRegistry::now() const {
  return api::Time::from_unix(
      std::chrono::duration_cast<std::chrono::seconds>(env_.clock->now().time_since_epoch()).count());
}

std::string GenericRegistry::list_prefix(std::string_view namespace_) const {
  std::string out = cache_->prefix();
  if (resource_.namespaced && !namespace_.empty()) out.append(namespace_).append("/");
  return out;
}

Result<std::string> GenericRegistry::key_of(std::string_view namespace_, std::string_view name) const {
  if (resource_.namespaced && namespace_.empty())
    return fail(errors::bad_request("Namespace parameter required."));
  if (name.empty()) return fail(errors::bad_request("Name parameter required."));
  for (const std::string& message : api::is_valid_path_segment_name(name))
    return fail(
        errors::bad_request(fmt::format("Name parameter invalid: {}: {}", field::quote(name), message)));
  return list_prefix(namespace_).append(name);
}

Result<EntryPtr> GenericRegistry::entry_of(storage::KeyValue kv) const {
  Result<EntryPtr> entry = Entry::make(cache_->format(), kv.key, kv.mod_revision, std::move(kv.value));
  if (!entry) return fail(unreadable_object({kv.key, kv.mod_revision, entry.error().message}));
  return entry;
}

Task<Result<EntryPtr>> GenericRegistry::read_current(std::string key) {
  CO_TRY(storage::GetResult got, co_await env_.store->get(std::move(key)));
  if (!got.kv) co_return EntryPtr();
  co_return entry_of(std::move(*got.kv));
}

Result<void> GenericRegistry::match_namespace(std::string_view requested, metav1::ObjectMeta& meta) const {
  const std::string_view expected = resource_.namespaced ? requested : std::string_view();
  if (meta.namespace_ == expected) return {};
  if (meta.namespace_.empty()) {
    meta.namespace_ = expected;
    return {};
  }
  return fail(errors::bad_request(
      "the namespace of the provided object does not match the namespace sent on the request"));
}

AdmissionAttributes GenericRegistry::attributes(const Context& context, Operation operation,
                                                std::string_view namespace_, std::string_view name,
                                                api::Object* object, const api::Object* old,
                                                const WriteOptions& options) const {
  AdmissionAttributes out;
  out.operation = operation;
  out.user = context.user;
  out.kind = options.request_kind;
  out.resource = options.request_resource;
  if (out.kind.kind.empty()) out.kind = hub_.kinds[0].gvk();
  if (out.resource.resource.empty())
    out.resource = {std::string(resource_.group), std::string(resource_.version),
                    std::string(resource_.plural)};
  out.subresource = options.subresource;
  out.namespace_ = namespace_;
  out.name = name;
  out.object = object;
  out.old_object = old;
  out.dry_run = options.dry_run;
  out.warnings = options.warnings;
  return out;
}

Task<Result<void>> GenericRegistry::admit(Context context, Operation operation, std::string namespace_,
                                          std::string name, api::Object* object, const api::Object* old,
                                          WriteOptions options) {
  if (env_.admission == nullptr || !options.admission) co_return Result<void>();
  AdmissionAttributes what = attributes(context, operation, namespace_, name, object, old, options);
  co_return co_await env_.admission->admit(context, what);
}

Task<Result<void>> GenericRegistry::validate_admission(Context context, Operation operation,
                                                       std::string namespace_, std::string name,
                                                       api::Object* object, const api::Object* old,
                                                       WriteOptions options) {
  if (env_.admission == nullptr || !options.admission) co_return Result<void>();
  AdmissionAttributes what = attributes(context, operation, namespace_, name, object, old, options);
  co_return co_await env_.admission->validate(context, what);
}

// First on the cached object; an error or a conflict on that is believed only once the stored one has been
// read.
Task<Result<WriteResult>> GenericRegistry::guaranteed_update(Context context, std::string name,
                                                             std::string key, Try attempt, bool dry_run) {
  EntryPtr entry = cache_->find(key);
  // What it was refused for may be old: what is stored, and what is known of pools.
  bool fresh = false, pools_fresh = !env_.refresh_pools || !strategy_->takes_from_pools();
  for (;;) {
    if (context.cancel.cancelled()) co_return fail(errors::cancelled());
    std::shared_ptr<const api::Object> current;
    if (entry) {
      Result<std::shared_ptr<const api::Object>> object = entry->object();
      if (!object)
        co_return fail(unreadable_object({entry->key(), entry->revision(), object.error().message}));
      current = std::move(*object);
    }
    Result<Attempt> made = co_await attempt(current, entry);
    if (!made) {
      if (fresh && pools_fresh) co_return fail(std::move(made).error());
      if (!pools_fresh) {
        CO_TRY_VOID(co_await env_.refresh_pools(context));
      }
      CO_TRY(EntryPtr stored, co_await read_current(key));
      fresh = true;
      const int64_t revision = stored ? stored->revision() : 0;
      const bool same = revision == (entry ? entry->revision() : 0);
      if (same && std::exchange(pools_fresh, true)) co_return fail(std::move(made).error());
      entry = std::move(stored);
      continue;
    }
    CO_TRY(std::optional<WriteResult> done,
           co_await commit(name, key, std::move(*made), entry, fresh, dry_run));
    if (done) co_return std::move(*done);
  }
}

Task<Result<storage::TxnResult>> GenericRegistry::write_reserved(storage::Txn txn, Reservation* reservation) {
  if (reservation == nullptr) co_return co_await env_.store->txn(std::move(txn));
  std::optional<AsyncMutex::Guard> lock;
  if (AsyncMutex* mutex = reservation->exclusive()) lock.emplace(co_await mutex->lock());
  reservation->guard(txn);
  CO_TRY(storage::TxnResult written, co_await env_.store->txn(std::move(txn)));
  if (written.succeeded) reservation->commit(written.revision);
  co_return std::move(written);
}

Task<Result<std::optional<WriteResult>>> GenericRegistry::commit(std::string name, std::string key,
                                                                 Attempt attempt, EntryPtr& entry,
                                                                 bool& fresh, bool dry_run) {
  using Done = std::optional<WriteResult>;
  WriteResult result;
  result.created = attempt.created;
  result.deleted = attempt.action == Attempt::Action::kDelete;
  const int64_t revision = entry ? entry->revision() : 0;

  Entry::Bytes bytes;
  if (attempt.action == Attempt::Action::kWrite) {
    CO_TRY(bytes, cache_->format()->encode(attempt.object));
    bool same = entry && *bytes == *entry->bytes();
    if (entry && !same) {
      CO_TRY(std::shared_ptr<const api::Object> old, entry->object());
      same = attempt.object == *old;
    }
    if (same) attempt.action = Attempt::Action::kNothing;
  }
  if (attempt.action == Attempt::Action::kNothing || dry_run) {
    if (!fresh) {  // what the cache said must still hold
      CO_TRY(EntryPtr stored, co_await read_current(key));
      fresh = true;
      if ((stored ? stored->revision() : 0) != revision) {
        entry = std::move(stored);
        co_return Done();
      }
    }
    if (revision != 0) attempt.object.meta()->resourceVersion = std::to_string(revision);
    result.object = std::move(attempt.object);
    co_return Done(std::move(result));
  }

  storage::Txn txn;
  txn.compares.push_back({key, revision});
  if (bytes) {
    txn.ops.emplace_back(storage::Put{key, bytes, strategy_->ttl_seconds(attempt.object)});
  } else {
    txn.ops.emplace_back(storage::Delete{key});
  }
  CO_TRY(storage::TxnResult written, co_await write_reserved(std::move(txn), attempt.reservation.get()));
  if (!written.succeeded) {
    const int64_t there = written.current.at(0) ? written.current[0]->mod_revision : 0;
    if (there == revision && env_.refresh_pools) {
      CO_TRY_VOID(co_await env_.refresh_pools(Context()));
    }
    fresh = true;
    entry = nullptr;
    if (!written.current.empty() && written.current[0]) {
      CO_TRY(entry, entry_of(std::move(*written.current[0])));
    }
    co_return Done();
  }
  attempt.object.meta()->resourceVersion = std::to_string(written.revision);
  result.object = std::move(attempt.object);
  co_return Done(std::move(result));
}

}  // namespace xebec::apiserver
