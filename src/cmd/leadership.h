// Leader election of a component, as its --leader-elect flags ask for it
// (k8s.io/component-base/config/options, k8s.io/client-go/tools/leaderelection).
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/task.h"
#include "client/env.h"
#include "client/rest.h"
#include "cmd/flags/flags.h"
#include "http/health.h"

namespace xebec::cmd {

class LeaderHealth;

struct LeaderElectionOptions {
  bool elect = true;
  Duration lease_duration = std::chrono::seconds(15);
  Duration renew_deadline = std::chrono::seconds(10);
  Duration retry_period = std::chrono::seconds(2);
  std::string ns = "kube-system";
  std::string name;                      // of the Lease: "kube-scheduler"
  std::shared_ptr<LeaderHealth> health;  // is told of the leader's renewals; may be null
};

// Whether a leader renews its lease, for /healthz: one that does not, and does not end either, hangs.
// Thread-safe.
class LeaderHealth {
 public:
  void leads(bool yes) { leads_ = yes; }
  void renewed(WallTime when) { renewed_ = when.time_since_epoch().count(); }
  // An error 20 s after the lease should have been renewed.
  Result<void> check(const LeaderElectionOptions& options, WallTime now) const;

 private:
  std::atomic<bool> leads_{false};
  std::atomic<int64_t> renewed_{0};
};

void declare_leader_election(Flags& flags, LeaderElectionOptions& options);
Result<void> check_leader_election(const LeaderElectionOptions& options);

// For /healthz: that the process answers, and that a leader renews its lease.
std::vector<http::HealthCheck> election_checks(const LeaderElectionOptions& options,
                                               std::shared_ptr<const Clock> clock);

// Waits to become the leader, and does `work` as long as this process is. An error when the lease is lost:
// then somebody else does the work, and the process has to end.
Task<Result<void>> lead(client::Env env, client::Rest rest, LeaderElectionOptions options,
                        std::function<Task<void>(CancelToken)> work, CancelToken token);

}  // namespace xebec::cmd
