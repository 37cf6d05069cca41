#include "client/leader_election.h"

#include <fmt/format.h>

#include "api/gen/coordinationv1.h"
#include "base/metrics.h"
#include "base/sync.h"
#include "client/event_recorder.h"

namespace xebec::client {
namespace {

constexpr double kJitter = 1.2;

int32_t in_seconds(Duration duration) {
  return static_cast<int32_t>(std::chrono::duration_cast<std::chrono::seconds>(duration).count());
}

// Cancels the scope at a time that moves on with every renewal, even while a request hangs.
class Deadline {
 public:
  Deadline(Executor& executor, Scope& scope, MonotonicTime when) : executor_(executor), scope_(scope) {
    arm(when);
  }
  ~Deadline() { executor_.cancel_timer(timer_); }
  Deadline(const Deadline&) = delete;
  void move(MonotonicTime when) {
    executor_.cancel_timer(timer_);
    arm(when);
  }

 private:
  void arm(MonotonicTime when) {
    timer_ = executor_.post_at(when, [this] { scope_.cancel(); });
  }
  Executor& executor_;
  Scope& scope_;
  uint64_t timer_ = 0;
};

}  // namespace

LeaderElector::LeaderElector(Rest rest, Env env, LeaderElectionConfig config)
    : rest_(std::move(rest)), env_(std::move(env)), config_(std::move(config)) {}

LeaderElector::~LeaderElector() = default;

void LeaderElector::count_leading(bool leads) {
  if (env_.metrics == nullptr) return;
  env_.metrics
      ->gauge(
          "leader_election_master_status",
          "[ALPHA] Gauge of if the reporting system is master of the relevant lease, 0 indicates backup, 1 "
          "indicates master. 'name' is the string used to identify the lease. Please make sure to group by "
          "name.",
          {"name"})
      .with({config_.name})
      .set(leads ? 1 : 0);
}

bool LeaderElector::is_leader() const { return observed_holder_ == config_.identity; }

Context LeaderElector::context(CancelToken token) const {
  Context context;
  context.cancel = std::move(token);
  context.deadline = env_.executor->now() + config_.renew_deadline;
  return context;
}

Task<void> LeaderElector::run(CancelToken token) {
  count_leading(false);
  bool acquired = co_await acquire(token);
  if (!acquired) co_return;
  count_leading(true);
  env_.logger.info("Successfully acquired lease", {{"lock", config_.ns + "/" + config_.name}});
  record_event("became leader");

  Scope leading(*env_.executor, token);
  if (config_.on_started_leading) leading.spawn(config_.on_started_leading(leading.token()));
  co_await renew(leading);
  leading.cancel();
  co_await leading.join();

  count_leading(false);
  record_event("stopped leading");
  if (token.cancelled() && config_.release_on_cancel) co_await release();
  if (config_.on_stopped_leading) config_.on_stopped_leading();
}

Task<bool> LeaderElector::acquire(CancelToken token) {
  env_.logger.info("Attempting to acquire leader lease", {{"lock", config_.ns + "/" + config_.name}});
  while (!token.cancelled()) {
    bool acquired = co_await try_acquire_or_renew(token);
    report_leader();
    if (acquired) co_return true;
    double stretched =
        static_cast<double>(config_.retry_period.count()) * (1 + kJitter * env_.rng->uniform());
    co_await sleep_for(Duration(static_cast<int64_t>(stretched)), token);
  }
  co_return false;
}

Task<void> LeaderElector::renew(Scope& leading) {
  Deadline deadline(*env_.executor, leading, env_.executor->now() + config_.renew_deadline);
  CancelToken token = leading.token();
  for (;;) {
    bool slept = co_await sleep_for(config_.retry_period, token);
    if (!slept) break;
    MonotonicTime started = env_.executor->now();
    bool renewed = co_await try_acquire_or_renew(token);
    report_leader();
    if (token.cancelled()) break;
    if (renewed) {
      deadline.move(started + config_.renew_deadline);
    } else if (!is_leader()) {
      break;  // another has the lease
    }
  }
  env_.logger.info("Stopped renewing the lease", {{"lock", config_.ns + "/" + config_.name}});
}

bool LeaderElector::lease_is_valid() const {
  int32_t duration = observed_->spec.leaseDurationSeconds.value_or(0);
  return observed_at_ + std::chrono::seconds(duration) > env_.executor->now();
}

// Our claim, on top of what the lease said before.
coordinationv1::Lease LeaderElector::record(coordinationv1::Lease lease) const {
  int64_t micros =
      std::chrono::duration_cast<std::chrono::microseconds>(env_.clock->now().time_since_epoch()).count();
  bool held = lease.spec.holderIdentity.value_or("") == config_.identity;
  bool fresh = lease.metadata.resourceVersion.empty();
  if (!held) {
    lease.spec.acquireTime = api::MicroTime::from_unix_micros(micros);
    lease.spec.leaseTransitions = fresh ? 0 : lease.spec.leaseTransitions.value_or(0) + 1;
  }
  lease.spec.holderIdentity = config_.identity;
  lease.spec.leaseDurationSeconds = in_seconds(config_.lease_duration);
  lease.spec.renewTime = api::MicroTime::from_unix_micros(micros);
  return lease;
}

Task<bool> LeaderElector::try_acquire_or_renew(CancelToken token) {
  // A leader just writes; when that fails it looks again.
  if (is_leader() && lease_is_valid()) {
    coordinationv1::Lease next = record(*observed_);
    bool renewed = co_await write(std::move(next), token, false);
    if (renewed) co_return true;
    if (token.cancelled()) co_return false;
    if (env_.metrics != nullptr) {
      env_.metrics
          ->counter(
              "leader_election_slowpath_total",
              "[ALPHA] Total number of slow path exercised in renewing leader leases. 'name' is the string "
              "used to identify the lease. Please make sure to group by name.",
              {"name"})
          .with({config_.name})
          .add();
    }
  }
  Context call = context(token);
  Result<coordinationv1::Lease> got =
      co_await rest_.get<coordinationv1::Lease>(call, config_.ns, config_.name);
  if (!got.has_value()) {
    if (!got.error().is(reason::kNotFound)) {
      env_.logger.error("Error retrieving lease lock",
                        {{"lock", config_.name}, {"err", got.error().message}});
      co_return false;
    }
    coordinationv1::Lease fresh;
    fresh.metadata.namespace_ = config_.ns;
    fresh.metadata.name = config_.name;
    fresh = record(std::move(fresh));
    co_return co_await write(std::move(fresh), token, true);
  }
  if (observed_ == nullptr || !(got->spec == observed_->spec)) {
    observe(*got);
  } else {
    *observed_ = *got;  // the record is the same, the resourceVersion may not be
  }
  if (!observed_holder_.empty() && !is_leader() && lease_is_valid()) co_return false;
  coordinationv1::Lease next = record(*observed_);
  co_return co_await write(std::move(next), token, false);
}

Task<bool> LeaderElector::write(coordinationv1::Lease lease, CancelToken token, bool create) {
  Context call = context(token);
  Task<Result<coordinationv1::Lease>> task = create ? rest_.create(call, lease) : rest_.update(call, lease);
  Result<coordinationv1::Lease> written = co_await std::move(task);
  if (!written.has_value()) {
    if (token.cancelled()) co_return false;
    env_.logger.warning("Failed to write lease", {{"lock", config_.name}, {"err", written.error().message}});
    co_return false;
  }
  observe(std::move(*written));
  if (is_leader() && config_.on_renewed) config_.on_renewed();
  co_return true;
}

Task<void> LeaderElector::release() {
  // Read again: the outcome of a renewal that was cancelled is not known.
  Context call = context(CancelToken());
  Result<coordinationv1::Lease> current =
      co_await rest_.get<coordinationv1::Lease>(call, config_.ns, config_.name);
  if (current.has_value()) observe(std::move(*current));
  if (!is_leader()) co_return;
  coordinationv1::Lease lease = record(*observed_);
  lease.spec.holderIdentity = "";
  lease.spec.leaseDurationSeconds = 1;
  lease.spec.acquireTime = lease.spec.renewTime;
  bool released = co_await write(std::move(lease), CancelToken(), false);
  if (!released) env_.logger.error("Failed to release lock", {{"lock", config_.name}});
}

void LeaderElector::observe(coordinationv1::Lease lease) {
  observed_holder_ = lease.spec.holderIdentity.value_or("");
  observed_at_ = env_.executor->now();
  observed_ = std::make_unique<coordinationv1::Lease>(std::move(lease));
}

void LeaderElector::report_leader() {
  if (reported_ == observed_holder_) return;
  reported_ = observed_holder_;
  if (config_.on_new_leader) config_.on_new_leader(reported_);
}

void LeaderElector::record_event(const std::string& what) {
  if (config_.recorder == nullptr || observed_ == nullptr) return;
  config_.recorder->event(*observed_, kEventNormal, "LeaderElection",
                          fmt::format("{} {}", config_.identity, what));
}

}  // namespace xebec::client
