// For controllers' tests: one controller over the in-memory API, in virtual time.
#pragma once

#include "client/informer_factory.h"
#include "client/testing/sim.h"
#include "controllers/controller.h"

namespace xebec::controllers::testing {

template <class T>
class Harness {
 public:
  explicit Harness(ControllerOptions options = {}) : options_(std::move(options)) {
    ControllerContext context(
        sim.env, informers_, [this](std::string_view) { return sim.rest; }, options_);
    controller_ = std::make_unique<T>(context);
    informers_.start(sim.scope);
    sim.run_for(std::chrono::seconds(1));
    controller_->start(sim.scope);
  }
  ~Harness() {
    sim.scope.cancel();
    sim.run_for(std::chrono::seconds(60));
  }

  client::testing::Sim sim;

 private:
  ControllerOptions options_;
  client::InformerFactory informers_{sim.rest, sim.env};
  std::unique_ptr<T> controller_;
};

}  // namespace xebec::controllers::testing
