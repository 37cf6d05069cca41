#include "client/leader_election.h"

#include "api/gen/coordinationv1.h"
#include "base/metrics.h"
#include "client/testing/sim.h"

namespace xebec::client {
namespace {

using namespace std::chrono_literals;
using testing::FakeApi;
using testing::Sim;

// A candidate that notes when it leads.
struct Candidate {
  Candidate(Sim& sim, std::string identity, int& leaders) : sim(sim), identity(identity), leaders(leaders) {
    LeaderElectionConfig config;
    config.name = "kube-scheduler";
    config.identity = identity;
    config.on_started_leading = [this](CancelToken token) { return lead(token); };
    config.on_stopped_leading = [this] { stopped = true; };
    config.on_new_leader = [this](const std::string& leader) { seen.push_back(leader); };
    elector.emplace(sim.rest, sim.env, config);
    scope.emplace(sim.executor);
    scope->spawn(elector->run(scope->token()));
  }
  ~Candidate() {
    scope->cancel();
    sim.run_for(1s);
  }
  Task<void> lead(CancelToken token) {
    leading = true;
    EXPECT_EQ(++leaders, 1) << "two lead at once";
    co_await sleep_for(std::chrono::hours(10000), token);
    --leaders;
    leading = false;
  }

  Sim& sim;
  std::string identity;
  int& leaders;
  bool leading = false, stopped = false;
  std::vector<std::string> seen;
  std::optional<LeaderElector> elector;
  std::optional<Scope> scope;
};

TEST(LeaderElection, OneLeadsAndTheOtherTakesOverWhenItLeaves) {
  Sim sim;
  int leaders = 0;
  Candidate a(sim, "a", leaders);
  sim.run_for(1s);
  Candidate b(sim, "b", leaders);
  sim.run_for(60s);
  EXPECT_TRUE(a.leading);
  EXPECT_FALSE(b.leading);
  EXPECT_EQ(b.elector->leader(), "a");

  a.scope->cancel();  // gives the lease up
  sim.run_for(10s);
  EXPECT_TRUE(a.stopped);
  EXPECT_TRUE(b.leading);
  auto lease = sim.api->get<coordinationv1::Lease>("kube-system", "kube-scheduler");
  EXPECT_EQ(lease->spec.holderIdentity, "b");
  EXPECT_EQ(lease->spec.leaseDurationSeconds, 15);
  EXPECT_EQ(b.seen.front(), "a");
  EXPECT_EQ(b.seen.back(), "b");
}

TEST(LeaderElection, MetricsSayWhoLeads) {
  Sim sim;
  Metrics metrics;
  sim.env.metrics = &metrics;
  int leaders = 0;
  Candidate a(sim, "a", leaders);
  sim.run_for(5s);
  EXPECT_NE(metrics.text().find("leader_election_master_status{name=\"kube-scheduler\"} 1\n"),
            std::string::npos);
  a.scope->cancel();
  sim.run_for(5s);
  EXPECT_NE(metrics.text().find("leader_election_master_status{name=\"kube-scheduler\"} 0\n"),
            std::string::npos);
}

TEST(LeaderElection, ALeaderThatCannotRenewStopsBeforeTheNextStarts) {
  Sim sim;
  int leaders = 0;
  std::string cut_off;
  Candidate a(sim, "a", leaders);
  sim.run_for(1s);
  Candidate b(sim, "b", leaders);
  sim.run_for(10s);
  ASSERT_TRUE(a.leading);
  // From now on only b can write.
  sim.api->set_hook([](const http::Request& request) -> std::optional<http::Response> {
    bool write = request.method == "PUT";
    if (write && request.body.find("\x0a\x01"
                                   "a") != std::string::npos) {
      return FakeApi::error_response(errors::service_unavailable("cut off"));
    }
    return std::nullopt;
  });
  sim.run_for(11s);
  EXPECT_FALSE(a.leading);
  EXPECT_TRUE(a.stopped);
  EXPECT_FALSE(b.leading);
  sim.run_for(15s);
  EXPECT_TRUE(b.leading);
  EXPECT_EQ(sim.api->get<coordinationv1::Lease>("kube-system", "kube-scheduler")->spec.leaseTransitions, 1);
}

TEST(LeaderElection, AHangingServerDoesNotKeepALeaderLeading) {
  Sim sim;
  int leaders = 0;
  Candidate a(sim, "a", leaders);
  sim.run_for(5s);
  ASSERT_TRUE(a.leading);
  sim.api->set_hook([](const http::Request&) {
    return std::optional<http::Response>(FakeApi::error_response(errors::too_many_requests("busy", 3600)));
  });
  sim.run_for(12s);
  EXPECT_FALSE(a.leading);
  sim.api->set_hook(nullptr);
}

}  // namespace
}  // namespace xebec::client
