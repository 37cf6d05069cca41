// MasterLeases: which API servers of a cluster are alive, where several share a store. Each keeps a key with
// a short TTL; the Service `kubernetes` leads to those that have one (k8s.io/kubernetes
// pkg/controlplane/reconcilers/lease.go).
#pragma once

#include <string>
#include <vector>

#include "apiserver/bootstrap/cluster.h"
#include "apiserver/registry/registries.h"
#include "base/logger.h"

namespace xebec::apiserver {

class MasterLeases {
 public:
  static constexpr int64_t kTtlSeconds = 15;
  static constexpr Duration kInterval = std::chrono::seconds(10);

  // All outlive it. `facts` say where this server is.
  MasterLeases(storage::Store& store, const Registries& registries, ClusterFacts facts, Logger logger)
      : store_(store), registries_(registries), facts_(std::move(facts)), logger_(std::move(logger)) {}

  // Renews our own, and brings the Service's endpoints up to date.
  Task<Result<void>> reconcile();
  // Again and again until the token is cancelled; then our own goes.
  Task<void> run(CancelToken cancel);

 private:
  Task<Result<void>> renew();
  // Addresses, in order.
  Task<Result<std::vector<std::string>>> alive();

  storage::Store& store_;
  const Registries& registries_;
  const ClusterFacts facts_;
  const Logger logger_;
};

}  // namespace xebec::apiserver
