// For controllers' tests: one controller over the in-memory API, in virtual time. Every suite runs with
// informers that are current, and with ones that lag at random (ControllerTest's parameter).
#pragma once

#include <gtest/gtest.h>

#include "client/informer_factory.h"
#include "client/testing/lagging_client.h"
#include "client/testing/sim.h"
#include "controllers/controller.h"

namespace xebec::controllers::testing {

// How late informers are: 0 not at all, anything else is the seed of random delays up to two seconds.
using Lag = uint64_t;
inline auto lags() { return ::testing::Values(Lag{0}, Lag{1}, Lag{2}, Lag{3}); }

class ControllerTest : public ::testing::TestWithParam<Lag> {};

// The tests of `suite`, a name that does not exist yet, run with every lag.
#define XEBEC_CONTROLLER_SUITE(suite)                                    \
  class suite : public ::xebec::controllers::testing::ControllerTest {}; \
  INSTANTIATE_TEST_SUITE_P(Lag, suite, ::xebec::controllers::testing::lags())

template <class T>
class Harness {
 public:
  explicit Harness(Lag lag = 0, ControllerOptions options = {})
      : options_(std::move(options)), lag_rng_(make_seeded_rng(lag)), informers_(reader(lag), sim.env) {
    ControllerContext context(
        sim.env, informers_, [this](std::string_view) { return sim.rest; }, options_);
    controller_ = std::make_unique<T>(context);
    informers_.start(sim.scope);
    sim.await(informers_.wait_synced(sim.scope.token()));
    controller_->start(sim.scope);
  }
  ~Harness() {
    sim.scope.cancel();
    sim.run_for(std::chrono::seconds(60));
  }

  // The events with that reason, as "message".
  std::vector<std::string> events(std::string_view reason) {
    std::vector<std::string> out;
    for (const corev1::Event& event : sim.api->template list<corev1::Event>()) {
      if (event.reason == reason) out.push_back(event.message);
    }
    return out;
  }

  client::testing::Sim sim;

 private:
  client::Rest reader(Lag lag) {
    if (lag == 0) return sim.rest;
    std::shared_ptr<http::Client> direct =
        std::make_shared<client::InProcessClient>(sim.api, sim.executor, std::make_shared<UserInfo>());
    return client::Rest(std::make_shared<client::testing::LaggingClient>(std::move(direct), *lag_rng_,
                                                                         std::chrono::seconds(2)),
                        sim.scheme);
  }

  ControllerOptions options_;
  std::unique_ptr<Rng> lag_rng_;
  client::InformerFactory informers_;
  std::unique_ptr<T> controller_;
};

}  // namespace xebec::controllers::testing
