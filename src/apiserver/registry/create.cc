// create: names, system fields, admission, strategy, validation, then the store.
#include <fmt/format.h>

#include "api/gen/metav1.h"
#include "apiserver/registry/field_tracking.h"
#include "apiserver/registry/generic_registry.h"
#include "apiserver/registry/list_options.h"
#include "apiserver/registry/old_versions.h"
#include "apiserver/validation/object_meta.h"

namespace xebec::apiserver {
namespace {

constexpr int kNameAttempts = 8;
constexpr int kPoolAttempts = 64;
// Inside this file: somebody else has taken what this object takes from the pools.
constexpr std::string_view kPoolsChanged = "PoolsChanged";
constexpr size_t kRandomLength = 5;
constexpr size_t kMaxGeneratedBase = 63 - kRandomLength;

std::string generate_name(std::string_view base, Rng& rng) {
  return std::string(base.substr(0, kMaxGeneratedBase)) + random_suffix(rng, kRandomLength);
}

// What only the server may say about a new object.
void wipe_system_fields(metav1::ObjectMeta& meta) {
  meta.creationTimestamp = {};
  meta.deletionTimestamp.reset();
  meta.deletionGracePeriodSeconds.reset();
  meta.uid.clear();
  meta.selfLink.clear();
}

// The store's own refusal, and as upstream the last of all: a dry run does not get there.
Result<void> refuse_version(const std::string& version) {
  if (parse_resource_version(version).value_or(0) == 0) return {};
  return fail(Status(500, reason::kUnknown, "resourceVersion should not be set on objects to be created"));
}

}  // namespace

Task<Result<WriteResult>> GenericRegistry::create(Context context, std::string namespace_, api::Object object,
                                                  WriteOptions options) {
  metav1::ObjectMeta* meta = object.meta();
  if (meta == nullptr) co_return fail(errors::internal("object has no metadata"));
  CO_TRY_VOID(match_namespace(namespace_, *meta));
  wipe_system_fields(*meta);
  if (options.track_fields && !options.field_manager.empty()) {
    track_fields(*env_.scheme, nullptr, object, options, now());
  }
  CO_TRY_VOID(co_await admit(context, Operation::kCreate, namespace_, meta->name, &object, nullptr, options));

  const bool generates = !object.meta()->generateName.empty() && object.meta()->name.empty();
  for (int attempt = 1; generates && attempt < kNameAttempts; ++attempt) {
    api::Object copy = object.clone();
    Result<WriteResult> made = co_await create_named(context, namespace_, std::move(copy), options);
    if (made || !made.error().is(reason::kAlreadyExists)) co_return made;
  }
  co_return co_await create_named(context, namespace_, std::move(object), options);
}

// What this server knows of the pools may be old: a refusal counts only after a look at what is stored.
Task<Result<WriteResult>> GenericRegistry::create_named(Context context, std::string namespace_,
                                                        api::Object object, WriteOptions options) {
  if (!env_.refresh_pools || !strategy_->takes_from_pools())
    co_return co_await create_once(context, namespace_, std::move(object), options);
  bool fresh = false;
  for (int attempt = 1;; ++attempt) {
    api::Object copy = object.clone();
    bool reserved = false;
    options.pools_fresh = fresh;
    Result<WriteResult> made = co_await create_once(context, namespace_, std::move(copy), options, &reserved);
    if (made) co_return made;
    const bool changed = made.error().is(kPoolsChanged);
    if (changed && attempt >= kPoolAttempts)
      co_return fail(errors::internal("others take from the same pools all the time"));
    const bool doubtful = !reserved && !fresh;
    if (!changed && !doubtful) co_return made;
    CO_TRY_VOID(co_await env_.refresh_pools(context));
    fresh = true;
  }
}

Task<Result<WriteResult>> GenericRegistry::create_once(Context context, std::string namespace_,
                                                       api::Object object, WriteOptions options,
                                                       bool* reserved) {
  const std::string sent_version = object.meta()->resourceVersion;
  CO_TRY(std::unique_ptr<Reservation> reservation, before_create(context, namespace_, object, options));
  if (reserved != nullptr) *reserved = true;
  const std::string name = object.meta()->name;
  if (options.authorize_create) {
    CO_TRY_VOID(options.authorize_create());
  }
  CO_TRY_VOID(
      co_await validate_admission(context, Operation::kCreate, namespace_, name, &object, nullptr, options));
  CO_TRY(const std::string key, key_of(object.meta()->namespace_, name));
  CO_TRY(Entry::Bytes bytes, cache_->format()->encode(object));

  WriteResult result;
  result.created = true;
  if (options.dry_run) {
    CO_TRY(EntryPtr stored, co_await read_current(key));
    if (stored) co_return fail(co_await already_exists(key, std::move(object)));
    result.object = std::move(object);
    co_return result;
  }
  CO_TRY_VOID(refuse_version(sent_version));
  storage::Txn txn;
  txn.compares.push_back({key, 0});
  txn.ops.emplace_back(storage::Put{key, std::move(bytes), strategy_->ttl_seconds(object)});
  CO_TRY(storage::TxnResult written, co_await write_reserved(std::move(txn), reservation.get()));
  if (!written.succeeded && !written.current.at(0))
    co_return fail(Status(500, kPoolsChanged, "somebody else has taken from the same pools"));
  if (!written.succeeded) co_return fail(co_await already_exists(key, std::move(object)));
  object.meta()->resourceVersion = std::to_string(written.revision);
  result.object = std::move(object);
  co_return result;
}

Task<Status> GenericRegistry::already_exists(std::string key, api::Object object) {
  const metav1::ObjectMeta& meta = *object.meta();
  Status status = meta.generateName.empty() ? errors::already_exists(resource_name(), meta.name)
                                            : errors::generate_name_conflict(resource_name(), meta.name, 1);
  Result<EntryPtr> stored = co_await read_current(std::move(key));
  if (stored && *stored && (*stored)->meta().deleting())
    status.message = "object is being deleted: " + status.message;
  co_return status;
}

// rest.BeforeCreate, with what the store does right before it.
Result<std::unique_ptr<Reservation>> GenericRegistry::before_create(const Context& context,
                                                                    std::string_view namespace_,
                                                                    api::Object& object,
                                                                    const WriteOptions& options) const {
  metav1::ObjectMeta& meta = *object.meta();
  meta.creationTimestamp = now();
  meta.uid = make_uuid(*env_.rng);
  if (!meta.generateName.empty() && meta.name.empty())
    meta.name = generate_name(meta.generateName, *env_.rng);
  TRY_VOID(match_namespace(namespace_, meta));
  meta.selfLink.clear();
  meta.resourceVersion.clear();
  strategy_->prepare_request(options.request_kind, object, nullptr);
  strategy_->prepare_for_create(context, object);
  TRY(std::unique_ptr<Reservation> reservation,
      strategy_->begin_create(context, object, PoolUse{options.dry_run, options.pools_fresh}));
  TRY_VOID(check_created(context, object, options.request_kind));
  if (options.warnings != nullptr) {
    for (std::string& warning : strategy_->warnings_on_create(object))
      options.warnings->push_back(std::move(warning));
  }
  return reservation;
}

Result<void> GenericRegistry::refuse_errors(field::Errors errors, const api::Object& object,
                                            const api::GroupVersionKind& request) const {
  std::erase_if(errors, [&](const field::Error& error) { return excused_in_version(request, error); });
  if (errors.empty()) return {};
  for (field::Error& error : errors) name_in_version(request, error);
  return fail(errors::invalid(kind_name(), object.meta()->name, field::causes(errors)));
}

Result<void> GenericRegistry::check_created(const Context& context, const api::Object& object,
                                            const api::GroupVersionKind& request) const {
  const metav1::ObjectMeta& meta = *object.meta();
  field::Errors errors = validation::validate_object_meta(meta, resource_.namespaced, strategy_->name_rule());
  field::append(errors, strategy_->validate(context, object));
  field::append(errors, strategy_->validate_request(request, object, nullptr));
  TRY_VOID(refuse_errors(std::move(errors), object, request));
  errors.clear();
  for (const std::string& message : api::is_valid_path_segment_name(meta.name))
    errors.push_back(field::invalid_string(field::Path("metadata").child("name"), meta.name, message));
  return refuse_errors(std::move(errors), object, request);
}

}  // namespace xebec::apiserver
