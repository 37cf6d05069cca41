// Leader election of a component, as its --leader-elect flags ask for it
// (k8s.io/component-base/config/options, k8s.io/client-go/tools/leaderelection).
#pragma once

#include <functional>
#include <string>

#include "base/cancel.h"
#include "base/task.h"
#include "client/env.h"
#include "client/rest.h"
#include "cmd/flags/flags.h"

namespace xebec::cmd {

struct LeaderElectionOptions {
  bool elect = true;
  Duration lease_duration = std::chrono::seconds(15);
  Duration renew_deadline = std::chrono::seconds(10);
  Duration retry_period = std::chrono::seconds(2);
  std::string ns = "kube-system";
  std::string name;  // of the Lease: "kube-scheduler"
};

void declare_leader_election(Flags& flags, LeaderElectionOptions& options);
Result<void> check_leader_election(const LeaderElectionOptions& options);

// Waits to become the leader, and does `work` as long as this process is. An error when the lease is lost:
// then somebody else does the work, and the process has to end.
Task<Result<void>> lead(client::Env env, client::Rest rest, LeaderElectionOptions options,
                        std::function<Task<void>(CancelToken)> work, CancelToken token);

}  // namespace xebec::cmd
