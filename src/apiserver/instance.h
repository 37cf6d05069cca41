// Instance: an API server over a store, whole and running: registries, authentication, authorization,
// admission, the handler, and the objects every cluster has. What is left to the caller are sockets, keys and
// the store.
#pragma once

#include <memory>
#include <string>

#include "apiserver/admission/plugins.h"
#include "apiserver/registry/registries.h"
#include "apiserver/reviews/token_request.h"
#include "apiserver/server.h"
#include "base/executor.h"
#include "storage/store.h"

namespace xebec::apiserver {

struct InstanceOptions {
  std::string client_ca_pem;  // who signs client certificates
  bool anonymous = true;      // whoever shows no credentials is system:anonymous, not refused
  bool bootstrap_tokens =
      false;  // the bearers of bootstrap tokens are system:bootstrappers, who may join nodes
  // Published for them: where this server is for other machines, and by which CA to know it; empty: nothing
  // is.
  std::string join_url, join_ca_pem;
  std::vector<std::string> authorization_modes = {"Node", "RBAC"};
  std::string service_account_key_pem;                       // the private key of service account tokens
  std::vector<std::string> service_account_public_keys_pem;  // more keys whose tokens are good; several each
  // The first one issues tokens; those of the others are good as well.
  std::vector<std::string> service_account_issuers = {"https://kubernetes.default.svc.cluster.local"};
  std::vector<std::string> api_audiences;  // empty: the first issuer
  std::string jwks_uri;                    // empty: this server's own
  TokenRequestOptions token_requests;
  AdmissionOptions admission;
  std::vector<std::string> runtime_config;  // see discovery/runtime_config.h
  std::string advertise_address = "127.0.0.1";
  int secure_port = 6443;
  RegistriesOptions registries;
  std::string kubelet_client_user;              // is bound to system:kubelet-api-admin; empty: nobody is
  KubeletProxy::ClientFactory kubelet_clients;  // see ApiServerDependencies
  std::function<Result<std::shared_ptr<http::Client>>(const std::string& url)> target_clients;
  // Parts of the control plane that tell their health at these URLs, by name: what componentstatuses shows,
  // beside the store. Without a URL it runs in this process, which ends with it.
  std::vector<std::pair<std::string, std::string>> components;
  VersionInfo version = VersionInfo::of_this_build();
  RequestLimits limits;
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
