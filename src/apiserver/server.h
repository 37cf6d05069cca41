// ApiServer: the whole server as one handler, without sockets: the chain of stages in upstream's order, in
// front of resources, discovery, OpenAPI, health and metrics.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/scheme.h"
#include "apiserver/authn/authenticator.h"
#include "apiserver/authz/authorizer.h"
#include "apiserver/discovery/catalog.h"
#include "apiserver/discovery/health.h"
#include "apiserver/discovery/version.h"
#include "apiserver/http/component_status.h"
#include "apiserver/http/kubelet_proxy.h"
#include "apiserver/http/lifecycle.h"
#include "apiserver/http/request_limits.h"
#include "apiserver/registry/registry.h"
#include "apiserver/registry/virtual_resource.h"
#include "base/clock.h"
#include "base/logger.h"
#include "base/metrics.h"
#include "http/message.h"

namespace xebec::apiserver {

class AdmissionChain;

// What a server is made of. Raw pointers outlive it.
struct ApiServerDependencies {
  const api::Scheme* scheme = nullptr;
  const RegistryMap* registries = nullptr;
  VirtualResources virtual_resources;
  std::shared_ptr<Authenticator> authenticator;
  std::shared_ptr<Authorizer> authorizer;
  const AdmissionChain* admission =
      nullptr;  // of what is not stored; registries have their own pointer to it
  KubeletProxy::ClientFactory kubelet_clients;  // empty: logs, exec and the like answer 503
  // Clients of what nodes/proxy, pods/proxy and services/proxy lead to, by URL; empty: these answer 503.
  std::function<Result<std::shared_ptr<http::Client>>(const std::string& url)> target_clients;
  ComponentChecks components;  // in the order they are listed
  const Clock* clock = nullptr;
  Rng* rng = nullptr;
  Metrics* metrics = nullptr;
  Logger logger;
};

struct ApiServerOptions {
  VersionInfo version = VersionInfo::of_this_build();
  std::string advertised = "127.0.0.1:6443";  // where /api says the server is
  std::vector<HealthCheck> health_checks;     // beside ping and the start hooks, e.g. etcd
  // Which resources are served; empty: those that are by default.
  std::function<bool(const api::Resource&)> enabled;
  // OpenID discovery: path to JSON document; served to whoever may read them.
  std::vector<std::pair<std::string, std::string>> documents;
  RequestLimits limits;
};

class ApiServer final : public http::Handler {
 public:
  ApiServer(ApiServerOptions options, ApiServerDependencies dependencies);
  ~ApiServer() override;

  Task<http::Response> handle(Context context, http::Request request) override;

  // What has to be done before /readyz says ok; filled before requests come, and ticked off as things are
  // done.
  StartHooks& start_hooks();
  // Told when the server ends; see there.
  Lifecycle& lifecycle();
  // Custom resources and aggregated APIs come and go here.
  Catalog& catalog();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace xebec::apiserver
