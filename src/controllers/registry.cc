// Every controller, one line each.
#include "controllers/bootstrap/controller.h"
#include "controllers/certificates/approver.h"
#include "controllers/certificates/signer.h"
#include "controllers/clusterrole/controller.h"
#include "controllers/controller.h"
#include "controllers/deployment/controller.h"
#include "controllers/disruption/controller.h"
#include "controllers/endpoints/endpoints_controller.h"
#include "controllers/endpoints/mirroring_controller.h"
#include "controllers/endpoints/slice_controller.h"
#include "controllers/garbagecollector/controller.h"
#include "controllers/job/controller.h"
#include "controllers/namespace/controller.h"
#include "controllers/nodeipam/controller.h"
#include "controllers/nodelifecycle/controller.h"
#include "controllers/podgc/controller.h"
#include "controllers/replicaset/controller.h"
#include "controllers/serviceaccount/controller.h"
#include "controllers/serviceaccount/tokens.h"
#include "controllers/servicecidrs/controller.h"
#include "controllers/tainteviction/controller.h"
#include "controllers/ttlafterfinished/controller.h"

namespace xebec::controllers {
namespace {

template <class T>
std::unique_ptr<Controller> make(const ControllerContext& context) {
  return std::make_unique<T>(context);
}

}  // namespace

std::span<const Registration> registrations() {
  static const Registration kTable[] = {
      {"serviceaccount-controller", "serviceaccount", make<ServiceAccountController>},
      {"serviceaccount-token-controller", "serviceaccount-token", make<TokensController>},
      {"root-ca-certificate-publisher-controller", "root-ca-cert-publisher", make<RootCaPublisher>},
      {"namespace-controller", "namespace", make<NamespaceController>},
      {"garbage-collector-controller", "garbagecollector", make<GarbageCollector>},
      {"clusterrole-aggregation-controller", "clusterrole-aggregation",
       make<ClusterRoleAggregationController>},
      {"deployment-controller", "deployment", make<DeploymentController>},
      {"replicaset-controller", "replicaset", make<ReplicaSetController>},
      {"job-controller", "job", make<JobController>},
      {"disruption-controller", "disruption", make<DisruptionController>},
      {"ttl-after-finished-controller", "ttl-after-finished", make<TtlAfterFinishedController>},
      {"endpoints-controller", "endpoint", make<EndpointsController>},
      {"endpointslice-controller", "endpointslice", make<EndpointSliceController>},
      {"endpointslice-mirroring-controller", "endpointslicemirroring",
       make<EndpointSliceMirroringController>},
      {"service-cidr-controller", "", make<ServiceCidrController>},
      {"node-ipam-controller", "nodeipam", make<NodeIpamController>},
      {"node-lifecycle-controller", "nodelifecycle", make<NodeLifecycleController>},
      {"taint-eviction-controller", "", make<TaintEvictionController>},
      {"pod-garbage-collector-controller", "podgc", make<PodGcController>},
      {"certificatesigningrequest-signing-controller", "csrsigning", make<CsrSigningController>},
      {"certificatesigningrequest-approving-controller", "csrapproving", make<CsrApprovingController>},
      {"certificatesigningrequest-cleaner-controller", "csrcleaner", make<CsrCleanerController>},
      {"bootstrap-signer-controller", "bootstrapsigner", make<BootstrapSignerController>, true},
      {"token-cleaner-controller", "tokencleaner", make<TokenCleanerController>, true},
      {"kubelet-serving-approving-controller", "kubeletservingapproving",
       make<KubeletServingApprovingController>, true},
  };
  return kTable;
}

}  // namespace xebec::controllers
