#include "cmd/leadership.h"

#include <fmt/format.h>
#include <unistd.h>

#include "client/event_recorder.h"
#include "client/leader_election.h"

namespace xebec::cmd {
namespace {

constexpr double kJitter = 1.2;

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
  config.on_started_leading = std::move(work);
  client::LeaderElector elector(rest, env, std::move(config));
  co_await elector.run(token);
  scope.cancel();
  co_await scope.join();
  if (token.cancelled()) co_return Result<void>();
  co_return fail(errors::internal("leaderelection lost"));
}

}  // namespace xebec::cmd
