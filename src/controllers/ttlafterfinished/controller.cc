#include "controllers/ttlafterfinished/controller.h"

#include "client/controller_ref.h"
#include "controllers/pod_helpers.h"

namespace xebec::controllers {
namespace {

// When it is to be deleted; nothing when it is not.
std::optional<api::Time> expiry(const batchv1::Job& job) {
  if (!job.spec.ttlSecondsAfterFinished || job.metadata.deletionTimestamp) return std::nullopt;
  for (const batchv1::JobCondition& condition : job.status.conditions) {
    bool finished =
        (condition.type == "Complete" || condition.type == "Failed") && condition.status == "True";
    if (finished && !condition.lastTransitionTime.is_zero())
      return api::Time{condition.lastTransitionTime.seconds + *job.spec.ttlSecondsAfterFinished};
  }
  return std::nullopt;
}

}  // namespace

TtlAfterFinishedController::TtlAfterFinishedController(const ControllerContext& context)
    : env_(context.env),
      rest_(context.rest_as("ttl-after-finished-controller")),
      jobs_(context.informers->get<batchv1::Job>()),
      queue_(*env_.executor) {
  jobs_.on_change([this](const auto&, const auto& now) {
    if (now && expiry(*now)) queue_.add(client::key_of(now->metadata));
  });
}

void TtlAfterFinishedController::start(Scope& scope) {
  client::run_controller(
      scope, queue_, 5, [this](std::string key) { return sync(std::move(key)); }, env_.logger);
}

Task<Result<void>> TtlAfterFinishedController::sync(std::string key) {
  client::KeyParts parts = client::split_key(key);
  auto cached = jobs_.get(parts.ns, parts.name);
  std::optional<api::Time> when = cached ? expiry(*cached) : std::nullopt;
  if (!when) co_return Result<void>();
  int64_t left = when->seconds - to_time(env_.clock->now()).seconds;
  if (left > 0) {
    queue_.add_after(key, std::chrono::seconds(left));
    co_return Result<void>();
  }
  // The TTL may have been made longer, as far as the informer does not know yet.
  auto live = co_await rest_.get<batchv1::Job>(Context(), parts.ns, parts.name);
  if (!live && live.error().is(reason::kNotFound)) co_return Result<void>();
  if (!live) co_return fail(std::move(live).error());
  std::optional<api::Time> now = expiry(*live);
  if (!now || now->seconds > to_time(env_.clock->now()).seconds) co_return Result<void>();
  client::DeleteOptions options;
  options.uid = live->metadata.uid;
  options.propagation_policy = "Foreground";
  auto deleted = co_await rest_.delete_<batchv1::Job>(Context(), parts.ns, parts.name, std::move(options));
  bool fine = deleted || deleted.error().is(reason::kNotFound) || deleted.error().is(reason::kConflict);
  if (!fine) co_return fail(std::move(deleted).error());
  co_return Result<void>();
}

}  // namespace xebec::controllers
