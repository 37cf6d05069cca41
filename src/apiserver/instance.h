// Instance: an API server over a store, whole and running: registries, authentication, authorization,
// admission, the handler, and the objects every cluster has. What is left to the caller are sockets, keys and
// the store.
#pragma once

#include <memory>
#include <string>

#include "apiserver/registry/registries.h"
#include "apiserver/server.h"
#include "base/executor.h"
#include "storage/store.h"

namespace xebec::apiserver {

struct InstanceOptions {
  std::string client_ca_pem;            // who signs client certificates
  std::string service_account_key_pem;  // the private key of service account tokens
  std::string service_account_issuer = "https://kubernetes.default.svc.cluster.local";
  std::string advertise_address = "127.0.0.1";
  int secure_port = 6443;
  RegistriesOptions registries;
  KubeletProxy::ClientFactory kubelet_clients;  // see ApiServerDependencies
  std::function<Result<std::shared_ptr<http::Client>>(const std::string& url)> target_clients;
  VersionInfo version = VersionInfo::of_this_build();
};

// Everything outlives the instance. Background work (watch caches, policy, bootstrap) runs on `executor`.
struct InstanceEnv {
  storage::Store* store = nullptr;
  std::shared_ptr<const Clock> clock;
  Rng* rng = nullptr;
  Executor* executor = nullptr;
  Metrics* metrics = nullptr;
  Logger logger;
};

class Instance {
 public:
  // Reads the store and starts to follow it; bootstrap goes on in the background (see /readyz). To be awaited
  // on the executor of the environment.
  static Task<Result<std::unique_ptr<Instance>>> start(InstanceEnv env, InstanceOptions options);
  // By start() only.
  struct Parts;
  class Key {
    friend class Instance;
    Key() = default;
  };
  Instance(Key, std::unique_ptr<Parts> parts);
  ~Instance();

  // Takes requests of any executor.
  ApiServer& handler();
  Registries& registries();
  const api::Scheme& scheme() const;
  // Waits until everything that every cluster has is there; false when the instance is stopped first.
  Task<bool> wait_ready();
  // Ends the background work. To be awaited on the executor, before the instance is destroyed.
  Task<void> stop();

 private:
  std::unique_ptr<Parts> parts_;
};

}  // namespace xebec::apiserver
