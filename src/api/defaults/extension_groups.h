// Defaults of flowcontrol, apiregistration, apiextensions and resource (k8s.io/kubernetes/pkg/apis/*/v1,
// k8s.io/apiextensions-apiserver, k8s.io/kube-aggregator).
#pragma once

#include "api/gen/apiextensionsv1.h"
#include "api/gen/apiregistrationv1.h"
#include "api/gen/flowcontrolv1.h"
#include "api/gen/resourcev1.h"

namespace xebec::flowcontrolv1 {
void set_defaults(FlowSchema& schema);
void set_defaults(PriorityLevelConfiguration& level);
}  // namespace xebec::flowcontrolv1

namespace xebec::apiregistrationv1 {
void set_defaults(APIService& service);
}

namespace xebec::resourcev1 {
void set_defaults(ResourceClaim& claim);
void set_defaults(ResourceClaimTemplate& claim);
void set_defaults(ResourceSlice& slice);
}  // namespace xebec::resourcev1

namespace xebec::apiextensionsv1 {
void set_defaults(CustomResourceDefinition& definition);
}
