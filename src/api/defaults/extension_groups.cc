#include "api/defaults/extension_groups.h"

#include "api/defaults/util.h"

namespace xebec {

using api::default_to;

namespace {

template <class Schema>
void set_flow_schema_defaults(Schema& schema) {
  if (schema.spec.matchingPrecedence == 0) schema.spec.matchingPrecedence = 1000;
}

// All but the concurrency shares.
template <class Level>
void set_level_defaults(Level& level) {
  if (auto& exempt = level.spec.exempt) {
    default_to(exempt->nominalConcurrencyShares, 0);
    default_to(exempt->lendablePercent, 0);
  }
  if (!level.spec.limited) return;
  default_to(level.spec.limited->lendablePercent, 0);
  if (auto& queuing = level.spec.limited->limitResponse.queuing) {
    if (queuing->handSize == 0) queuing->handSize = 8;
    if (queuing->queues == 0) queuing->queues = 64;
    if (queuing->queueLengthLimit == 0) queuing->queueLengthLimit = 50;
  }
}

// Before v1 no shares meant the default, unless an annotation said otherwise
// (api/conversion/priority_level.cc).
template <class Level>
void set_shares(Level& level, int32_t& shares) {
  if (shares == 0 &&
      !level.metadata.annotations.contains("flowcontrol.k8s.io/v1beta3-preserve-zero-concurrency-shares"))
    shares = 30;
}

template <class Level>
void set_assured_level_defaults(Level& level) {
  set_level_defaults(level);
  if (level.spec.limited) set_shares(level, level.spec.limited->assuredConcurrencyShares);
}

}  // namespace

namespace flowcontrolv1 {

void set_defaults(FlowSchema& schema) { set_flow_schema_defaults(schema); }
void set_defaults(PriorityLevelConfiguration& level) {
  set_level_defaults(level);
  if (level.spec.limited) default_to(level.spec.limited->nominalConcurrencyShares, 30);
}

}  // namespace flowcontrolv1

namespace flowcontrolv1beta3 {

void set_defaults(FlowSchema& schema) { set_flow_schema_defaults(schema); }
void set_defaults(PriorityLevelConfiguration& level) {
  set_level_defaults(level);
  if (level.spec.limited) set_shares(level, level.spec.limited->nominalConcurrencyShares);
}

}  // namespace flowcontrolv1beta3

namespace flowcontrolv1beta2 {
void set_defaults(FlowSchema& schema) { set_flow_schema_defaults(schema); }
void set_defaults(PriorityLevelConfiguration& level) { set_assured_level_defaults(level); }
}  // namespace flowcontrolv1beta2

namespace flowcontrolv1beta1 {
void set_defaults(FlowSchema& schema) { set_flow_schema_defaults(schema); }
void set_defaults(PriorityLevelConfiguration& level) { set_assured_level_defaults(level); }
}  // namespace flowcontrolv1beta1

namespace flowcontrolv1alpha1 {
void set_defaults(FlowSchema& schema) { set_flow_schema_defaults(schema); }
void set_defaults(PriorityLevelConfiguration& level) { set_assured_level_defaults(level); }
}  // namespace flowcontrolv1alpha1

namespace apiregistrationv1 {
void set_defaults(APIService& service) {
  if (service.spec.service) default_to(service.spec.service->port, 443);
}
}  // namespace apiregistrationv1

namespace apiregistrationv1beta1 {
void set_defaults(APIService& service) {
  if (service.spec.service) default_to(service.spec.service->port, 443);
}
}  // namespace apiregistrationv1beta1

namespace {

template <class Request>
void set_request_defaults(Request& request) {
  default_to(request.allocationMode, "ExactCount");
  if (request.allocationMode == "ExactCount" && request.count == 0) request.count = 1;
  for (auto& toleration : request.tolerations) default_to(toleration.operator_, "Equal");
}

template <class ClaimSpec>
void set_claim_spec_defaults(ClaimSpec& spec) {
  for (auto& request : spec.devices.requests) {
    if constexpr (requires { request.exactly; }) {
      if (request.exactly) set_request_defaults(*request.exactly);
    } else {  // v1beta1: the request is an exact one when it names a class
      if (!request.deviceClassName.empty()) set_request_defaults(request);
    }
    for (auto& one : request.firstAvailable) set_request_defaults(one);
  }
}

template <class Claim>
void set_claim_defaults(Claim& claim) {
  set_claim_spec_defaults(claim.spec);
  if (!claim.status.allocation) return;
  for (auto& result : claim.status.allocation->devices.results)
    for (auto& toleration : result.tolerations) default_to(toleration.operator_, "Equal");
}

template <class Device>
void set_device_defaults(Device& device) {
  for (auto&& [name, mapping] : device.nodeAllocatableResourceMappings)
    if (!mapping.allocationMultiplier) mapping.allocationMultiplier = api::Quantity(1);
}

}  // namespace

namespace resourcev1 {
void set_defaults(ResourceClaim& claim) { set_claim_defaults(claim); }
void set_defaults(ResourceClaimTemplate& claim) { set_claim_spec_defaults(claim.spec.spec); }
void set_defaults(ResourceSlice& slice) {
  for (Device& device : slice.spec.devices) set_device_defaults(device);
}
}  // namespace resourcev1

namespace resourcev1beta2 {
void set_defaults(ResourceClaim& claim) { set_claim_defaults(claim); }
void set_defaults(ResourceClaimTemplate& claim) { set_claim_spec_defaults(claim.spec.spec); }
void set_defaults(ResourceSlice& slice) {
  for (Device& device : slice.spec.devices) set_device_defaults(device);
}
}  // namespace resourcev1beta2

namespace resourcev1beta1 {
void set_defaults(ResourceClaim& claim) { set_claim_defaults(claim); }
void set_defaults(ResourceClaimTemplate& claim) { set_claim_spec_defaults(claim.spec.spec); }
void set_defaults(ResourceSlice& slice) {
  for (Device& device : slice.spec.devices)
    if (device.basic) set_device_defaults(*device.basic);
}
}  // namespace resourcev1beta1

namespace {

template <class Names>
void set_names(Names& names) {
  if (names.singular.empty()) {
    names.singular = names.kind;
    for (char& c : names.singular)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  if (names.listKind.empty() && !names.kind.empty()) names.listKind = names.kind + "List";
}

}  // namespace

namespace apiextensionsv1 {

void set_defaults(CustomResourceDefinition& definition) {
  set_names(definition.spec.names);
  auto& conversion = definition.spec.conversion;
  if (!conversion) conversion.emplace().strategy = "None";
  if (conversion->webhook && conversion->webhook->clientConfig && conversion->webhook->clientConfig->service)
    default_to(conversion->webhook->clientConfig->service->port, 443);
}

}  // namespace apiextensionsv1

namespace apiextensionsv1beta1 {

// A definition could name one version, or several; what it did not know it kept.
void set_defaults(CustomResourceDefinition& definition) {
  CustomResourceDefinitionSpec& spec = definition.spec;
  default_to(spec.scope, "Namespaced");
  set_names(spec.names);
  if (spec.versions.empty() && !spec.version.empty()) {
    CustomResourceDefinitionVersion& version = spec.versions.emplace_back();
    version.name = spec.version;
    version.storage = version.served = true;
  }
  if (spec.version.empty() && !spec.versions.empty()) spec.version = spec.versions[0].name;
  if (!spec.conversion) spec.conversion.emplace().strategy = "None";
  if (spec.conversion->strategy == "Webhook" && spec.conversion->conversionReviewVersions.empty())
    spec.conversion->conversionReviewVersions.emplace_back("v1beta1");
  default_to(spec.preserveUnknownFields, true);
  if (spec.conversion->webhookClientConfig && spec.conversion->webhookClientConfig->service)
    default_to(spec.conversion->webhookClientConfig->service->port, 443);
}

}  // namespace apiextensionsv1beta1
}  // namespace xebec
