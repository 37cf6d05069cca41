// A whole cluster on one thread, in virtual time, from one seed: API server over a memory store, controllers,
// scheduler and hollow nodes. What happens is a function of the seed and the calls alone; event_hash() is its
// fingerprint.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/scheme.h"
#include "apiserver/instance.h"
#include "base/metrics.h"
#include "base/scope.h"
#include "base/sim_executor.h"
#include "client/rest.h"
#include "controllers/manager.h"
#include "scheduler/scheduler.h"
#include "sim/server_front.h"
#include "storage/memory/memory_store.h"

namespace xebec::sim {

class HollowNode;
class SwitchedFaults;

struct ClusterOptions {
  uint64_t seed = 1;
  int nodes = 1;
};

class Cluster {
 public:
  explicit Cluster(ClusterOptions options);
  ~Cluster();
  Cluster(const Cluster&) = delete;

  // As the administrator.
  const client::Rest& rest() const { return *admin_; }
  // Runs the task to its end in virtual time.
  template <class T>
  T await(Task<T> task) {
    std::optional<T> result;
    scope_->spawn(keep(std::move(task), result));
    executor_.run_while_not([&] { return result.has_value(); }, std::chrono::hours(1));
    return std::move(result.value());
  }
  // Everything the node does ends, as when its power fails.
  void kill_node(int index);
  // The API server is gone, with all connections, until it is started again over the same store.
  void stop_server();
  void start_server();
  // From now on the store of the API server fails at these rates.
  void set_faults(storage::FaultRates rates);
  void run_for(Duration duration) { executor_.run_for(duration); }
  bool run_until(const std::function<bool()>& done, Duration limit);
  // Of every change of every object so far, in order.
  uint64_t event_hash() const { return hash_; }
  client::Env env() { return client::Env(executor_, *clock_, *rng_, Logger()); }
  Scope& scope() { return *scope_; }
  Duration now() const { return executor_.now().time_since_epoch(); }

 private:
  template <class T>
  static Task<void> keep(Task<T> task, std::optional<T>& into) {
    T value = co_await std::move(task);
    into.emplace(std::move(value));
  }
  client::Rest rest_as(std::string user, std::vector<std::string> groups) const;
  Task<void> record();
  void start_components();

  ClusterOptions options_;
  SimExecutor executor_;
  std::shared_ptr<SimClock> clock_;
  std::shared_ptr<Rng> rng_;
  api::Scheme scheme_ = api::Scheme::builtin();
  std::shared_ptr<SwitchedFaults> faults_;
  std::unique_ptr<storage::Store> store_;
  std::shared_ptr<ServerFront> front_ = std::make_shared<ServerFront>();
  // The last one is the present one; what the others had begun may still end.
  std::vector<std::unique_ptr<Metrics>> metrics_;
  std::vector<std::unique_ptr<apiserver::Instance>> instances_;
  std::unique_ptr<client::Rest> admin_;
  std::unique_ptr<controllers::ControllerManager> controllers_;
  std::unique_ptr<scheduler::Scheduler> scheduler_;
  std::vector<std::unique_ptr<HollowNode>> nodes_;
  std::unique_ptr<Scope> scope_;
  uint64_t hash_ = 1469598103934665603ull;
};

}  // namespace xebec::sim
