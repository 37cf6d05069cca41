// update: the new object from the current one, then admission, preconditions, strategy and validation, again
// after every conflict. The last finalizer of an object that is being deleted takes the object with it.
#include <fmt/format.h>

#include "api/gen/metav1.h"
#include "apiserver/registry/field_tracking.h"
#include "apiserver/registry/generic_registry.h"
#include "apiserver/registry/list_options.h"
#include "apiserver/validation/object_meta.h"

namespace xebec::apiserver {

Task<Result<WriteResult>> GenericRegistry::update(Context context, std::string namespace_, std::string name,
                                                  Transform transform, WriteOptions options) {
  CO_TRY(std::string key, key_of(namespace_, name));
  // A named callable: it lives in this frame as long as the loop does.
  auto shared = std::make_shared<Transform>(std::move(transform));
  auto tries = std::make_shared<int>(0);
  Try attempt = [this, context, namespace_, name, shared, options, tries](
                    std::shared_ptr<const api::Object> current, EntryPtr) {
    WriteOptions these = options;
    // What is refused at first is looked at again.
    these.pools_fresh = (*tries)++ > 0;
    return attempt_update(context, namespace_, name, *shared, std::move(these), std::move(current));
  };
  const bool dry_run = options.dry_run;
  co_return co_await guaranteed_update(context, name, std::move(key), std::move(attempt), dry_run);
}

Task<Result<GenericRegistry::Attempt>> GenericRegistry::attempt_update(
    Context context, std::string namespace_, std::string name, Transform transform, WriteOptions options,
    std::shared_ptr<const api::Object> current) {
  // A patch by server-side apply makes what is missing; a PUT only where the kind allows it.
  if (!current && !strategy_->allow_create_on_update() && options.track_fields)
    co_return fail(not_found(name));
  CO_TRY(api::Object object, co_await transform(current.get()));
  metav1::ObjectMeta* meta = object.meta();
  if (meta == nullptr) co_return fail(errors::internal("object has no metadata"));
  CO_TRY_VOID(match_namespace(namespace_, *meta));
  if (options.track_fields && !options.field_manager.empty()) {
    track_fields(*env_.scheme, current.get(), object, options, now());
  }
  const Operation operation = current ? Operation::kUpdate : Operation::kCreate;
  CO_TRY_VOID(co_await admit(context, operation, namespace_, name, &object, current.get(), options));

  CO_TRY(const std::string key, key_of(namespace_, name));
  if (options.uid_is_precondition) {
    CO_TRY_VOID(check_uid(name, object, current.get(), key));
  }
  Attempt attempt;
  attempt.action = Attempt::Action::kWrite;
  if (!current) {
    CO_TRY(attempt.reservation, before_create(context, namespace_, object, options));
    if (options.authorize_create) {
      CO_TRY_VOID(options.authorize_create());
    }
    CO_TRY_VOID(co_await validate_admission(context, operation, namespace_, name, &object, nullptr, options));
    attempt.created = true;
    attempt.object = std::move(object);
    co_return std::move(attempt);
  }
  CO_TRY_VOID(check_version(name, object, *current));
  CO_TRY(attempt.reservation, before_update(context, namespace_, object, *current, options));
  ignore_tracking_times(object, *current);
  CO_TRY_VOID(
      co_await validate_admission(context, operation, namespace_, name, &object, current.get(), options));
  if (removes(object, *current)) {
    attempt.action = Attempt::Action::kDelete;
    attempt.reservation = strategy_->begin_delete(*current, options.dry_run);
  }
  attempt.object = std::move(object);
  co_return std::move(attempt);
}

// The uid of the object as it was sent; `current` is nullptr when nothing is stored.
Result<void> GenericRegistry::check_uid(std::string_view name, const api::Object& object,
                                        const api::Object* current, std::string_view key) const {
  const std::string& uid = object.meta()->uid;
  const std::string_view old = current ? std::string_view(current->meta()->uid) : std::string_view();
  if (uid.empty() || uid == old) return {};
  return fail(errors::conflict(resource_name(), name,
                               fmt::format("StorageError: invalid object, Code: 4, Key: {}, "
                                           "ResourceVersion: 0, AdditionalErrorMsg: Precondition "
                                           "failed: UID in precondition: {}, UID in object meta: {}",
                                           key, uid, old)));
}

// Its resourceVersion.
Result<void> GenericRegistry::check_version(std::string_view name, api::Object& object,
                                            const api::Object& current) const {
  metav1::ObjectMeta& meta = *object.meta();
  const metav1::ObjectMeta& old = *current.meta();
  const Result<int64_t> parsed = parse_resource_version(meta.resourceVersion);
  // What upstream's parser says goes out as it is, as one of the server's own errors.
  if (!parsed) return fail(Status(500, reason::kUnknown, version_error(meta.resourceVersion)));
  const int64_t version = *parsed;
  if (version == 0) {
    if (!strategy_->allow_unconditional_update()) {
      std::vector<StatusCause> causes;
      causes.push_back(field::invalid(field::Path("metadata").child("resourceVersion"), "0",
                                      "must be specified for an update")
                           .cause());
      const KindName kind{resource_.group, resource_.plural};
      return fail(errors::invalid(kind, name, std::move(causes)));
    }
    meta.resourceVersion = old.resourceVersion;
  } else if (meta.resourceVersion != old.resourceVersion) {
    return fail(errors::modified(resource_name(), name));
  }
  return {};
}

// rest.BeforeUpdate.
Result<std::unique_ptr<Reservation>> GenericRegistry::before_update(const Context& context,
                                                                    std::string_view namespace_,
                                                                    api::Object& object,
                                                                    const api::Object& old,
                                                                    const WriteOptions& options) const {
  metav1::ObjectMeta& meta = *object.meta();
  const metav1::ObjectMeta& before = *old.meta();
  TRY_VOID(match_namespace(namespace_, meta));
  meta.generation = before.generation;
  meta.selfLink.clear();
  strategy_->prepare_request(options.request_kind, object, &old);
  strategy_->prepare_for_update(context, options.subresource, object, old);
  if (meta.uid.empty()) meta.uid = before.uid;
  meta.creationTimestamp = before.creationTimestamp;
  if (before.deletionTimestamp) meta.deletionTimestamp = before.deletionTimestamp;
  if (before.deletionGracePeriodSeconds && !meta.deletionGracePeriodSeconds)
    meta.deletionGracePeriodSeconds = before.deletionGracePeriodSeconds;
  std::unique_ptr<Reservation> reservation;
  if (options.subresource.empty()) {
    TRY(reservation,
        strategy_->begin_update(context, object, old, PoolUse{options.dry_run, options.pools_fresh}));
  }
  field::Errors errors = validation::validate_object_meta_update(meta, before);
  field::append(errors, strategy_->validate_update(context, options.subresource, object, old));
  if (options.subresource.empty())
    field::append(errors, strategy_->validate_request(options.request_kind, object, &old));
  TRY_VOID(refuse_errors(std::move(errors), object, options.request_kind));
  if (options.warnings != nullptr && options.subresource.empty()) {
    for (std::string& warning : strategy_->warnings_on_update(object, old))
      options.warnings->push_back(std::move(warning));
  }
  return reservation;
}

bool GenericRegistry::removes(const api::Object& object, const api::Object& old) const {
  if (!object.meta()->finalizers.empty()) return false;
  const metav1::ObjectMeta& before = *old.meta();
  if (!before.deletionTimestamp || before.deletionGracePeriodSeconds.value_or(0) != 0) return false;
  return strategy_->may_remove(object);
}

}  // namespace xebec::apiserver
