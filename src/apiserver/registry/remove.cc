// remove: preconditions, graceful deletion, finalizers and propagation, then the store; and
// remove_collection.
#include <fmt/format.h>

#include <algorithm>

#include "api/gen/metav1.h"
#include "apiserver/registry/generic_registry.h"
#include "apiserver/validation/object_meta.h"

namespace xebec::apiserver {
namespace {

constexpr std::string_view kOrphan = "orphan", kForeground = "foregroundDeletion";

bool has(const std::vector<std::string>& finalizers, std::string_view name) {
  return std::find(finalizers.begin(), finalizers.end(), name) != finalizers.end();
}

enum class Choice { kNeither, kOrphan, kForeground };

// What DELETE means for the dependents: what it says, else what an earlier one said, else the kind's default.
Choice choose(const metav1::DeleteOptions& options, const std::vector<std::string>& finalizers,
              Propagation fallback) {
  if (fallback == Propagation::kUnsupported) return Choice::kNeither;
  if (options.orphanDependents) return *options.orphanDependents ? Choice::kOrphan : Choice::kNeither;
  if (options.propagationPolicy) {
    if (*options.propagationPolicy == "Orphan") return Choice::kOrphan;
    return *options.propagationPolicy == "Foreground" ? Choice::kForeground : Choice::kNeither;
  }
  for (const std::string& finalizer : finalizers) {
    if (finalizer == kOrphan) return Choice::kOrphan;
    if (finalizer == kForeground) return Choice::kForeground;
  }
  return fallback == Propagation::kOrphan ? Choice::kOrphan : Choice::kNeither;
}

}  // namespace

struct GenericRegistry::DeleteState {
  metav1::DeleteOptions options;
  Propagation fallback = Propagation::kBackground;
  // Of the latest attempt: the object stays for now.
  bool waits = false;
};

Result<void> GenericRegistry::check_preconditions(const metav1::ObjectMeta& meta,
                                                  const metav1::DeleteOptions& options) const {
  if (!options.preconditions) return {};
  const ResourceName resource{kind_name().group, kind_name().kind};
  const auto& want = *options.preconditions;
  if (want.uid && *want.uid != meta.uid) {
    return fail(errors::conflict(
        resource, meta.name,
        fmt::format("the UID in the precondition ({}) does not match the UID in record ({}). The "
                    "object might have been deleted and then recreated",
                    *want.uid, meta.uid)));
  }
  if (want.resourceVersion && *want.resourceVersion != meta.resourceVersion) {
    return fail(
        errors::conflict(resource, meta.name,
                         fmt::format("the ResourceVersion in the precondition ({}) does not match the "
                                     "ResourceVersion in record ({}). The object might have been modified",
                                     *want.resourceVersion, meta.resourceVersion)));
  }
  return {};
}

// rest.BeforeDelete: true when the object was marked for graceful deletion by this call; state.waits when an
// earlier graceful deletion goes on unchanged.
Result<bool> GenericRegistry::begin_deletion(api::Object& object, DeleteState& state) const {
  metav1::ObjectMeta& meta = *object.meta();
  metav1::DeleteOptions& options = state.options;
  if (options.gracePeriodSeconds.value_or(0) < 0) options.gracePeriodSeconds = 1;
  if (meta.deletionGracePeriodSeconds.value_or(0) < 0) meta.deletionGracePeriodSeconds = 1;
  const std::optional<int64_t> grace = strategy_->graceful_seconds(object, options.gracePeriodSeconds);
  if (!grace) return false;
  if (meta.deletionTimestamp) {
    if (meta.deletionGracePeriodSeconds.value_or(0) == 0) return false;
    if (!options.gracePeriodSeconds || *options.gracePeriodSeconds >= *meta.deletionGracePeriodSeconds) {
      state.waits = true;
      return false;
    }
    const int64_t begun = meta.deletionTimestamp->seconds - *meta.deletionGracePeriodSeconds;
    meta.deletionTimestamp = api::Time::from_unix(begun + *options.gracePeriodSeconds);
    meta.deletionGracePeriodSeconds = options.gracePeriodSeconds;
    return true;
  }
  meta.deletionTimestamp = api::Time::from_unix(now().seconds + *grace);
  meta.deletionGracePeriodSeconds = grace;
  if (meta.generation > 0) ++meta.generation;
  return true;
}

void GenericRegistry::mark_deleting(api::Object& object) const {
  metav1::ObjectMeta& meta = *object.meta();
  if (!meta.deletionTimestamp && meta.generation > 0) ++meta.generation;
  const api::Time at = now();
  if (!meta.deletionTimestamp || *meta.deletionTimestamp > at) meta.deletionTimestamp = at;
  meta.deletionGracePeriodSeconds = 0;
  strategy_->on_deleting(object);
}

// Sets the garbage collector's finalizers; true when they changed.
bool GenericRegistry::set_propagation(metav1::ObjectMeta& meta, const DeleteState& state) const {
  const Choice choice = choose(state.options, meta.finalizers, state.fallback);
  const bool orphan = choice == Choice::kOrphan, foreground = choice == Choice::kForeground;
  if (has(meta.finalizers, kOrphan) == orphan && has(meta.finalizers, kForeground) == foreground)
    return false;
  std::erase_if(meta.finalizers, [](const std::string& f) { return f == kOrphan || f == kForeground; });
  if (orphan) meta.finalizers.emplace_back(kOrphan);
  if (foreground) meta.finalizers.emplace_back(kForeground);
  return true;
}

Task<Result<GenericRegistry::Attempt>> GenericRegistry::attempt_delete(
    Context context, std::string namespace_, std::string name, WriteOptions options,
    std::shared_ptr<DeleteState> state, std::shared_ptr<const api::Object> current) {
  if (!current) co_return fail(not_found(name));
  CO_TRY_VOID(check_preconditions(*current->meta(), state->options));
  CO_TRY_VOID(strategy_->check_delete(*current));
  CO_TRY_VOID(co_await admit(context, Operation::kDelete, namespace_, name, nullptr, current.get(), options));
  CO_TRY_VOID(co_await validate_admission(context, Operation::kDelete, namespace_, name, nullptr,
                                          current.get(), options));

  Attempt attempt;
  attempt.object = current->clone();
  metav1::ObjectMeta& meta = *attempt.object.meta();
  state->waits = false;
  CO_TRY(const bool graceful, begin_deletion(attempt.object, *state));
  if (state->waits) co_return std::move(attempt);  // finalizers do not change once a deletion is pending
  set_propagation(meta, *state);
  const bool blocked = !meta.finalizers.empty() || !strategy_->may_remove(attempt.object);
  if (blocked) {
    state->waits = true;
    attempt.action = Attempt::Action::kWrite;
    if (!graceful) mark_deleting(attempt.object);
  } else if (graceful && meta.deletionGracePeriodSeconds.value_or(0) > 0) {
    state->waits = true;
    attempt.action = Attempt::Action::kWrite;
  } else {
    attempt.action = Attempt::Action::kDelete;
    attempt.reservation = strategy_->begin_delete(*current, options.dry_run);
  }
  co_return std::move(attempt);
}

Task<Result<WriteResult>> GenericRegistry::remove(Context context, std::string namespace_, std::string name,
                                                  std::shared_ptr<const metav1::DeleteOptions> delete_options,
                                                  WriteOptions options) {
  CO_TRY(std::string key, key_of(namespace_, name));
  auto state = std::make_shared<DeleteState>();
  if (delete_options) state->options = *delete_options;
  if (!state->options.dryRun.empty()) options.dry_run = true;
  const field::Errors errors = validation::validate_delete_options(state->options);
  if (!errors.empty()) {
    const KindName kind{"meta.k8s.io", "DeleteOptions"};
    co_return fail(errors::invalid(kind, "", field::causes(errors)));
  }
  if (state->options.ignoreStoreReadErrorWithClusterBreakingPotential.value_or(false)) {
    co_return co_await remove_unreadable(std::move(context), std::move(namespace_), std::move(name),
                                         std::move(options));
  }
  state->fallback = strategy_->default_propagation(options.request_kind.group, options.request_kind.version);
  const std::optional<int64_t> requested = state->options.gracePeriodSeconds;
  Try attempt = [this, context, namespace_, name, options, state, requested](
                    std::shared_ptr<const api::Object> current, EntryPtr) {
    state->options.gracePeriodSeconds = requested;
    return attempt_delete(context, namespace_, name, options, state, std::move(current));
  };
  const bool dry_run = options.dry_run;
  CO_TRY(WriteResult result,
         co_await guaranteed_update(context, name, std::move(key), std::move(attempt), dry_run));
  result.answer_object = !result.deleted || strategy_->returns_deleted_object();
  co_return std::move(result);
}

Task<Result<WriteResult>> GenericRegistry::remove_unreadable(Context context, std::string namespace_,
                                                             std::string name, WriteOptions options) {
  CO_TRY(const std::string key, key_of(namespace_, name));
  if (options.authorize_unsafe_delete) {
    CO_TRY_VOID(options.authorize_unsafe_delete());
  }
  for (;;) {
    if (context.cancel.cancelled()) co_return fail(errors::cancelled());
    CO_TRY(storage::GetResult got, co_await env_.store->get(key));
    const int64_t revision = got.kv ? got.kv->mod_revision : 0;
    Result<EntryPtr> entry = got.kv ? entry_of(std::move(*got.kv)) : EntryPtr();
    if (entry && (!*entry || (*entry)->object())) {
      field::Errors errors;
      errors.push_back(validation::unsafe_delete_error(
          "is exclusively used to delete corrupt object(s), try again by removing this option"));
      const KindName kind{resource_.group, resource_.plural};
      co_return fail(errors::invalid(kind, name, field::causes(errors)));
    }
    // All that is known of the object is its name.
    api::Object unknown(hub_);
    unknown.meta()->name = name;
    unknown.meta()->namespace_ = namespace_;
    CO_TRY_VOID(co_await admit(context, Operation::kDelete, namespace_, name, nullptr, &unknown, options));
    CO_TRY_VOID(co_await validate_admission(context, Operation::kDelete, namespace_, name, nullptr, &unknown,
                                            options));
    storage::Txn txn;
    txn.compares.push_back({key, revision});
    txn.ops.emplace_back(storage::Delete{key});
    CO_TRY(storage::TxnResult written, co_await env_.store->txn(std::move(txn)));
    if (!written.succeeded) continue;
    WriteResult result;
    result.deleted = true;
    co_return result;
  }
}

Task<Result<std::vector<api::Object>>> GenericRegistry::remove_collection(
    Context context, ListRequest selection, std::shared_ptr<const metav1::DeleteOptions> delete_options,
    WriteOptions options) {
  field::Errors errors;
  if (delete_options) errors = validation::validate_delete_options(*delete_options);
  if (errors.empty() && delete_options &&
      delete_options->ignoreStoreReadErrorWithClusterBreakingPotential.value_or(false)) {
    errors.push_back(validation::unsafe_delete_error(
        "is not allowed with DELETECOLLECTION, try again after removing the option"));
  }
  if (!errors.empty()) {
    const KindName kind{"meta.k8s.io", "DeleteOptions"};
    co_return fail(errors::invalid(kind, "", field::causes(errors)));
  }
  CO_TRY(ListPage page, co_await list(context, selection));
  std::vector<api::Object> out;
  for (const EntryPtr& entry : page.items) {
    std::string namespace_(entry->meta().namespace_), name(entry->meta().name);
    Result<WriteResult> removed =
        co_await remove(context, std::move(namespace_), std::move(name), delete_options, options);
    if (removed) {
      out.push_back(std::move(removed->object));
    } else if (removed.error().code != 404) {
      co_return fail(std::move(removed).error());
    }
  }
  co_return std::move(out);
}

}  // namespace xebec::apiserver
