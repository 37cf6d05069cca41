// What options say about each other.
#include <gtest/gtest.h>

#include "cmd/apiserver_options.h"
#include "cmd/leadership.h"
#include "cmd/node/node_options.h"

namespace xebec::cmd {
namespace {

using namespace std::chrono_literals;

std::string problem_of(ControlPlaneOptions options) {
  options.advertise_address = "10.0.0.1";
  Result<void> completed = options.complete();
  return completed ? "" : completed.error().message;
}

TEST(ControlPlaneOptions, NeedAPort) {
  ControlPlaneOptions options;
  EXPECT_EQ(problem_of(options), "");
  options.secure_port = 0;
  EXPECT_EQ(problem_of(options), "--secure-port 0 must be between 1 and 65535, inclusive");
}

TEST(ControlPlaneOptions, NeedCertificatesWithTheirKeys) {
  ControlPlaneOptions options;
  options.tls_cert_file = "a.crt";
  EXPECT_EQ(problem_of(options), "--tls-cert-file and --tls-private-key-file must be given together");
  options.tls_private_key_file = "a.key";
  options.kubelet_client_key = "b.key";
  EXPECT_EQ(problem_of(options),
            "--kubelet-client-certificate and --kubelet-client-key must be given together");
}

TEST(ControlPlaneOptions, LimitsAreNotNegative) {
  ControlPlaneOptions options;
  options.api.limits.max_in_flight = -1;
  EXPECT_EQ(problem_of(options), "--max-requests-inflight can not be negative value");
  options = ControlPlaneOptions();
  options.api.limits.max_mutating_in_flight = -1;
  EXPECT_EQ(problem_of(options), "--max-mutating-requests-inflight can not be negative value");
  options = ControlPlaneOptions();
  options.api.limits.request_timeout = -1s;
  EXPECT_EQ(problem_of(options), "--request-timeout can not be negative value");
  options = ControlPlaneOptions();
  options.min_request_seconds = -1;
  EXPECT_EQ(problem_of(options), "--min-request-timeout can not be negative value");
  options = ControlPlaneOptions();
  options.shutdown_delay = -1s;
  EXPECT_EQ(problem_of(options), "--shutdown-delay-duration can not be negative value");
  options = ControlPlaneOptions();
  options.shutdown_watch_grace = -1s;
  EXPECT_EQ(problem_of(options),
            "shutdown-watch-termination-grace-period, if provided, can not be a negative value");
}

TEST(ControlPlaneOptions, BoundTheLifeOfTokens) {
  ControlPlaneOptions options;
  options.advertise_address = "10.0.0.1";
  options.max_token_expiration = 24h;
  ASSERT_TRUE(options.complete());
  EXPECT_EQ(options.api.token_requests.max_expiration_seconds, 86400);
  options.max_token_expiration = 59min;
  EXPECT_EQ(problem_of(options),
            "the service-account-max-token-expiration must be between 1 hour and 2^32 seconds");
}

TEST(ControlPlaneOptions, ReadNodePortRanges) {
  ControlPlaneOptions options;
  options.advertise_address = "10.0.0.1";
  for (const char* range : {"30100-30110", "30100+10"}) {
    options.node_port_range = range;
    ASSERT_TRUE(options.complete()) << range;
    EXPECT_EQ(options.api.registries.first_node_port, 30100);
    EXPECT_EQ(options.api.registries.last_node_port, 30110);
  }
  options.node_port_range = "2-1";
  EXPECT_EQ(problem_of(options), "end port cannot be less than start port: 2-1");
  options.node_port_range = "1-99999";
  EXPECT_EQ(problem_of(options), "unable to parse port \"99999\"");
}

TEST(LeaderElectionOptions, LeaveTimeToRenew) {
  LeaderElectionOptions options;
  EXPECT_FALSE(check_leader_election(options)) << "without a name";
  options.name = "x";
  EXPECT_TRUE(check_leader_election(options));
  options.renew_deadline = 15s;
  EXPECT_EQ(check_leader_election(options).error().message,
            "leaseDuration must be greater than renewDeadline");
  options.renew_deadline = 2s;
  EXPECT_EQ(check_leader_election(options).error().message,
            "renewDeadline must be greater than retryPeriod*JitterFactor");
  options.elect = false;
  EXPECT_TRUE(check_leader_election(options));
}

TEST(NodeOptions, AreCompletedByTheMachine) {
  NodeOptions options;
  options.for_data_dir("some/dir");
  options.node_ip = "10.0.0.1";
  options.node_name = "Node-1";
  options.runtime_endpoint = "/run/x.sock";
  ASSERT_TRUE(options.complete());
  EXPECT_EQ(options.node_name, "node-1");
  EXPECT_EQ(options.runtime_endpoint, "unix:///run/x.sock");
  EXPECT_TRUE(options.root_dir.starts_with("/"));
  EXPECT_TRUE(options.containerd_dir.ends_with("/some/dir/node/containerd"));
}

}  // namespace
}  // namespace xebec::cmd
