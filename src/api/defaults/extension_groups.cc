#include "api/defaults/extension_groups.h"

#include "api/defaults/util.h"

namespace xebec {

using api::default_to;

namespace flowcontrolv1 {

void set_defaults(FlowSchema& schema) {
  if (schema.spec.matchingPrecedence == 0) schema.spec.matchingPrecedence = 1000;
}

void set_defaults(PriorityLevelConfiguration& level) {
  if (auto& exempt = level.spec.exempt) {
    default_to(exempt->nominalConcurrencyShares, 0);
    default_to(exempt->lendablePercent, 0);
  }
  if (!level.spec.limited) return;
  default_to(level.spec.limited->nominalConcurrencyShares, 30);
  default_to(level.spec.limited->lendablePercent, 0);
  if (auto& queuing = level.spec.limited->limitResponse.queuing) {
    if (queuing->handSize == 0) queuing->handSize = 8;
    if (queuing->queues == 0) queuing->queues = 64;
    if (queuing->queueLengthLimit == 0) queuing->queueLengthLimit = 50;
  }
}

}  // namespace flowcontrolv1

namespace apiregistrationv1 {

void set_defaults(APIService& service) {
  if (service.spec.service) default_to(service.spec.service->port, 443);
}

}  // namespace apiregistrationv1

namespace resourcev1 {
namespace {

template <class Request>
void set_request_defaults(Request& request) {
  default_to(request.allocationMode, "ExactCount");
  if (request.allocationMode == "ExactCount" && request.count == 0) request.count = 1;
  for (DeviceToleration& toleration : request.tolerations) default_to(toleration.operator_, "Equal");
}

void set_claim_defaults(ResourceClaimSpec& spec) {
  for (DeviceRequest& request : spec.devices.requests) {
    if (request.exactly) set_request_defaults(*request.exactly);
    for (DeviceSubRequest& one : request.firstAvailable) set_request_defaults(one);
  }
}

}  // namespace

void set_defaults(ResourceClaim& claim) {
  set_claim_defaults(claim.spec);
  if (!claim.status.allocation) return;
  for (DeviceRequestAllocationResult& result : claim.status.allocation->devices.results)
    for (DeviceToleration& toleration : result.tolerations) default_to(toleration.operator_, "Equal");
}

void set_defaults(ResourceClaimTemplate& claim) { set_claim_defaults(claim.spec.spec); }

void set_defaults(ResourceSlice& slice) {
  for (Device& device : slice.spec.devices)
    for (auto&& [name, mapping] : device.nodeAllocatableResourceMappings)
      if (!mapping.allocationMultiplier) mapping.allocationMultiplier = api::Quantity(1);
}

}  // namespace resourcev1

namespace apiextensionsv1 {

void set_defaults(CustomResourceDefinition& definition) {
  CustomResourceDefinitionNames& names = definition.spec.names;
  if (names.singular.empty()) {
    names.singular = names.kind;
    for (char& c : names.singular)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  if (names.listKind.empty() && !names.kind.empty()) names.listKind = names.kind + "List";
  auto& conversion = definition.spec.conversion;
  if (!conversion) conversion.emplace().strategy = "None";
  if (conversion->webhook && conversion->webhook->clientConfig && conversion->webhook->clientConfig->service)
    default_to(conversion->webhook->clientConfig->service->port, 443);
}

}  // namespace apiextensionsv1
}  // namespace xebec
