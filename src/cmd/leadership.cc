#include "cmd/leadership.h"

#include <fmt/format.h>
#include <unistd.h>

#include "client/event_recorder.h"
#include "client/leader_election.h"

namespace xebec::cmd {
namespace {

constexpr double kJitter = 1.2;
// How long past its time a renewal may be: upstream's timeout of the election's health check.
constexpr Duration kHealthTimeout = std::chrono::seconds(20);

std::string identity_of_process(Rng& rng) {
  char host[256] = {};
  gethostname(host, sizeof(host) - 1);
  return fmt::format("{}_{}", host, make_uuid(rng));
}

}  // namespace

void declare_leader_election(Flags& flags, LeaderElectionOptions& options) {
  flags.group("Leader election");
  flags.add("leader-elect", options.elect,
            "Become the leader before doing anything, so that several processes can stand by.");
  flags.add("leader-elect-lease-duration", options.lease_duration,
            "How long the others wait for a leader that renews its lease no more.");
  flags.add("leader-elect-renew-deadline", options.renew_deadline,
            "How long the leader tries to renew its lease before it gives up; shorter than the lease.");
  flags.add("leader-elect-retry-period", options.retry_period, "How long to wait between two tries.");
  flags.add("leader-elect-resource-name", options.name, "The name of the Lease.");
  flags.add("leader-elect-resource-namespace", options.ns, "The namespace of the Lease.");
  flags.only("leader-elect-resource-lock", "leases", "The kind of object that leaders hold.");
}

Result<void> check_leader_election(const LeaderElectionOptions& options) {
  if (!options.elect) return {};
  auto problem = [](std::string_view text) { return fail(errors::bad_request(std::string(text))); };
  if (options.lease_duration <= options.renew_deadline)
    return problem("leaseDuration must be greater than renewDeadline");
  if (static_cast<double>(options.renew_deadline.count()) <=
      kJitter * static_cast<double>(options.retry_period.count()))
    return problem("renewDeadline must be greater than retryPeriod*JitterFactor");
  if (options.retry_period <= Duration::zero()) return problem("retryPeriod must be greater than zero");
  if (options.name.empty()) return problem("the name of the lease must not be empty");
  return {};
}

Result<void> LeaderHealth::check(const LeaderElectionOptions& options, WallTime now) const {
  if (!leads_) return {};
  WallTime last{Duration(renewed_)};
  if (now <= last + options.lease_duration + kHealthTimeout) return {};
  return fail(
      Status(500, reason::kInternalError, "failed election to renew leadership on lease " + options.name));
}

std::vector<http::HealthCheck> election_checks(const LeaderElectionOptions& options,
                                               std::shared_ptr<const Clock> clock) {
  std::vector<http::HealthCheck> out;
  out.push_back({"ping", [] { return Result<void>(); }});
  if (!options.elect || !options.health) return out;
  out.push_back(
      {"leaderElection", [options, clock] { return options.health->check(options, clock->now()); }});
  return out;
}

Task<Result<void>> lead(client::Env env, client::Rest rest, LeaderElectionOptions options,
                        std::function<Task<void>(CancelToken)> work, CancelToken token) {
  if (!options.elect) {
    co_await work(token);
    co_return Result<void>();
  }
  client::EventRecorder recorder(rest, env, options.name);
  Scope scope(*env.executor, token);
  scope.spawn(recorder.run(scope.token()));
  client::LeaderElectionConfig config;
  config.ns = options.ns;
  config.name = options.name;
  config.identity = identity_of_process(*env.rng);
  config.lease_duration = options.lease_duration;
  config.renew_deadline = options.renew_deadline;
  config.retry_period = options.retry_period;
  config.recorder = &recorder;
  if (options.health) {
    config.on_renewed = [health = options.health, clock = env.clock] { health->renewed(clock->now()); };
    config.on_stopped_leading = [health = options.health] { health->leads(false); };
    config.on_started_leading = [health = options.health, work = std::move(work)](CancelToken leading) {
      health->leads(true);
      return work(std::move(leading));
    };
  } else {
    config.on_started_leading = std::move(work);
  }
  client::LeaderElector elector(rest, env, std::move(config));
  co_await elector.run(token);
  scope.cancel();
  co_await scope.join();
  if (token.cancelled()) co_return Result<void>();
  co_return fail(errors::internal("leaderelection lost"));
}

}  // namespace xebec::cmd
