// Defaults of flowcontrol, apiregistration, apiextensions and resource, old versions included
// (k8s.io/kubernetes/pkg/apis/*/*/defaults.go, k8s.io/apiextensions-apiserver, k8s.io/kube-aggregator).
#pragma once

#include "api/gen/apiextensionsv1.h"
#include "api/gen/apiextensionsv1beta1.h"
#include "api/gen/apiregistrationv1.h"
#include "api/gen/apiregistrationv1beta1.h"
#include "api/gen/flowcontrolv1.h"
#include "api/gen/flowcontrolv1alpha1.h"
#include "api/gen/flowcontrolv1beta1.h"
#include "api/gen/flowcontrolv1beta2.h"
#include "api/gen/flowcontrolv1beta3.h"
#include "api/gen/resourcev1.h"
#include "api/gen/resourcev1beta1.h"
#include "api/gen/resourcev1beta2.h"

namespace xebec::flowcontrolv1 {
void set_defaults(FlowSchema& schema);
void set_defaults(PriorityLevelConfiguration& level);
}  // namespace xebec::flowcontrolv1

namespace xebec::flowcontrolv1beta3 {
void set_defaults(FlowSchema& schema);
void set_defaults(PriorityLevelConfiguration& level);
}  // namespace xebec::flowcontrolv1beta3

namespace xebec::flowcontrolv1beta2 {
void set_defaults(FlowSchema& schema);
void set_defaults(PriorityLevelConfiguration& level);
}  // namespace xebec::flowcontrolv1beta2

namespace xebec::flowcontrolv1beta1 {
void set_defaults(FlowSchema& schema);
void set_defaults(PriorityLevelConfiguration& level);
}  // namespace xebec::flowcontrolv1beta1

namespace xebec::flowcontrolv1alpha1 {
void set_defaults(FlowSchema& schema);
void set_defaults(PriorityLevelConfiguration& level);
}  // namespace xebec::flowcontrolv1alpha1

namespace xebec::apiregistrationv1 {
void set_defaults(APIService& service);
}  // namespace xebec::apiregistrationv1

namespace xebec::apiregistrationv1beta1 {
void set_defaults(APIService& service);
}  // namespace xebec::apiregistrationv1beta1

namespace xebec::resourcev1 {
void set_defaults(ResourceClaim& claim);
void set_defaults(ResourceClaimTemplate& claim);
void set_defaults(ResourceSlice& slice);
}  // namespace xebec::resourcev1

namespace xebec::resourcev1beta2 {
void set_defaults(ResourceClaim& claim);
void set_defaults(ResourceClaimTemplate& claim);
void set_defaults(ResourceSlice& slice);
}  // namespace xebec::resourcev1beta2

namespace xebec::resourcev1beta1 {
void set_defaults(ResourceClaim& claim);
void set_defaults(ResourceClaimTemplate& claim);
void set_defaults(ResourceSlice& slice);
}  // namespace xebec::resourcev1beta1

namespace xebec::apiextensionsv1 {
void set_defaults(CustomResourceDefinition& definition);
}  // namespace xebec::apiextensionsv1

namespace xebec::apiextensionsv1beta1 {
void set_defaults(CustomResourceDefinition& definition);
}  // namespace xebec::apiextensionsv1beta1
