// What every controller is given and is. One folder a controller; each is registered by one line in
// registry.cc.
//
// A controller is a client of the API: level-triggered (it looks at what is, not at what happened),
// idempotent, and assumes that what it reads is stale. All controllers of a manager share informers and one
// executor.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/scope.h"
#include "client/env.h"
#include "client/event_recorder.h"
#include "client/informer_factory.h"
#include "client/rest.h"

namespace xebec::controllers {

struct ControllerOptions {
  std::vector<std::string> controllers = {"*"};  // see selection.h
  std::string root_ca_pem;                       // what kube-root-ca.crt holds
  // Signs legacy tokens of service accounts: (namespace, account name, account uid, secret name) -> token.
  std::function<Result<std::string>(const std::string&, const std::string&, const std::string&,
                                    const std::string&)>
      sign_legacy_token;
  bool legacy_token_secrets = true;  // gate LegacyServiceAccountTokenNoAutoGeneration=false
  // The CA that signs certificates of kubelets and clients; without it nobody does here.
  std::string signing_ca_pem, signing_key_pem;
  Duration signing_duration = std::chrono::hours(24 * 365);
  std::string cluster_cidr;  // Pod network that nodes get their parts of; empty: nobody allocates them here
  Duration node_monitor_period = std::chrono::seconds(5);
  Duration node_monitor_grace_period = std::chrono::seconds(50);
  Duration node_startup_grace_period = std::chrono::seconds(60);
  double node_eviction_rate = 0.1;  // nodes a second whose Pods are evicted, a zone
  double secondary_node_eviction_rate =
      0.01;                                 // the same in a large zone that is partly down; 0 in a small one
  double unhealthy_zone_threshold = 0.55;   // from this part of nodes on a zone is partly down
  int large_cluster_size_threshold = 50;    // nodes; a zone is large that has more
  int terminated_pod_gc_threshold = 12500;  // finished Pods that are kept; 0: all
  int max_endpoints_per_slice = 100;
  int mirroring_max_endpoints_per_subset = 1000;
};

struct ControllerContext {
  ControllerContext(client::Env env, client::InformerFactory& informers,
                    std::function<client::Rest(std::string_view account)> rest_as,
                    const ControllerOptions& options)
      : env(std::move(env)), informers(&informers), rest_as(std::move(rest_as)), options(&options) {}
  client::Env env;
  client::InformerFactory* informers;
  // A client with the identity of a controller's service account in kube-system.
  std::function<client::Rest(std::string_view account)> rest_as;
  const ControllerOptions* options;
};

class Controller {
 public:
  virtual ~Controller() = default;
  // Spawns what it does in `scope`; informers have been asked for in the constructor and are synced by now.
  virtual void start(Scope& scope) = 0;
};

struct Registration {
  std::string_view name;   // as in --controllers
  std::string_view alias;  // its older name, which is good as well; may be empty
  std::unique_ptr<Controller> (*make)(const ControllerContext& context);
  bool only_when_named = false;  // "*" does not mean it
};

// All controllers, in the order they are started. In registry.cc.
std::span<const Registration> registrations();

}  // namespace xebec::controllers
