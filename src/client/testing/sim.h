// Sim: a FakeApi and what a component needs to talk to it, in virtual time on one thread.
#pragma once

#include <optional>

#include "api/scheme.h"
#include "base/scope.h"
#include "base/sim_executor.h"
#include "client/env.h"
#include "client/in_process.h"
#include "client/rest.h"
#include "client/testing/fake_api.h"

namespace xebec::client::testing {

class Sim {
 public:
  explicit Sim(uint64_t seed = 1, Rest::Config config = Rest::Config())
      : rng(make_seeded_rng(seed)),
        api(std::make_shared<FakeApi>(scheme, clock)),
        rest(std::make_shared<InProcessClient>(api, executor, std::make_shared<UserInfo>()), scheme, config),
        env(executor, clock, *rng, Logger()) {}
  ~Sim() {
    scope.cancel();
    executor.run_for(std::chrono::seconds(1));
  }

  // Runs the task to its end, with everything else that happens meanwhile.
  template <class T>
  T await(Task<T> task) {
    std::optional<T> result;
    scope.spawn(keep(std::move(task), result));
    executor.run_while_not([&] { return result.has_value(); }, std::chrono::hours(1));
    return std::move(result.value());
  }
  void run_for(Duration duration) { executor.run_for(duration); }

  SimExecutor executor;
  SimClock clock{executor, WallTime(std::chrono::seconds(1764460800))};  // 2025-11-30T00:00:00Z
  std::unique_ptr<Rng> rng;
  api::Scheme scheme = api::Scheme::builtin();
  std::shared_ptr<FakeApi> api;
  Rest rest;
  Env env;
  Scope scope{executor};

 private:
  template <class T>
  static Task<void> keep(Task<T> task, std::optional<T>& into) {
    T value = co_await std::move(task);
    into.emplace(std::move(value));
  }
};

}  // namespace xebec::client::testing
