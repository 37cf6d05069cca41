// Every controller, one line each.
#include "controllers/clusterrole/controller.h"
#include "controllers/controller.h"
#include "controllers/deployment/controller.h"
#include "controllers/endpoints/endpoints_controller.h"
#include "controllers/endpoints/slice_controller.h"
#include "controllers/garbagecollector/controller.h"
#include "controllers/namespace/controller.h"
#include "controllers/nodeipam/controller.h"
#include "controllers/nodelifecycle/controller.h"
#include "controllers/podgc/controller.h"
#include "controllers/replicaset/controller.h"
#include "controllers/serviceaccount/controller.h"
#include "controllers/serviceaccount/tokens.h"

namespace xebec::controllers {
namespace {

template <class T>
std::unique_ptr<Controller> make(const ControllerContext& context) {
  return std::make_unique<T>(context);
}

}  // namespace

std::span<const Registration> registrations() {
  static const Registration kTable[] = {
      {"serviceaccount", make<ServiceAccountController>},
      {"serviceaccount-token-controller", make<TokensController>},
      {"root-ca-certificate-publisher-controller", make<RootCaPublisher>},
      {"namespace-controller", make<NamespaceController>},
      {"garbage-collector-controller", make<GarbageCollector>},
      {"clusterrole-aggregation-controller", make<ClusterRoleAggregationController>},
      {"deployment-controller", make<DeploymentController>},
      {"replicaset-controller", make<ReplicaSetController>},
      {"endpoints-controller", make<EndpointsController>},
      {"endpointslice-controller", make<EndpointSliceController>},
      {"endpointslice-mirroring-controller", make<EndpointSliceMirroringController>},
      {"node-ipam-controller", make<NodeIpamController>},
      {"node-lifecycle-controller", make<NodeLifecycleController>},
      {"taint-eviction-controller", make<TaintEvictionController>},
      {"pod-garbage-collector-controller", make<PodGcController>},
  };
  return kTable;
}

}  // namespace xebec::controllers
