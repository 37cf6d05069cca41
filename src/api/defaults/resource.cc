// Defaults of resource (k8s.io/kubernetes/pkg/apis/resource/*/defaults.go).
#include "api/defaults/groups.h"
#include "api/defaults/util.h"
#include "api/gen/resourcev1.h"
#include "api/gen/resourcev1alpha3.h"
#include "api/gen/resourcev1beta1.h"
#include "api/gen/resourcev1beta2.h"

namespace xebec::api {
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
    if (!mapping.allocationMultiplier) mapping.allocationMultiplier = Quantity(1);
}

template <class Slice>
void set_slice_defaults(Slice& slice) {
  for (auto& device : slice.spec.devices) {
    if constexpr (requires { device.basic; }) {
      if (device.basic) set_device_defaults(*device.basic);
    } else {
      set_device_defaults(device);
    }
  }
}

}  // namespace

void add_resource_defaults(DefaultsTable& table) {
  add_defaults<resourcev1alpha3::ResourcePoolStatusRequest>(
      table, [](auto& request) { default_to(request.spec.limit, 100); });
  add_defaults<resourcev1::ResourceClaim, resourcev1beta2::ResourceClaim, resourcev1beta1::ResourceClaim>(
      table, [](auto& claim) { set_claim_defaults(claim); });
  add_defaults<resourcev1::ResourceClaimTemplate, resourcev1beta2::ResourceClaimTemplate,
               resourcev1beta1::ResourceClaimTemplate>(
      table, [](auto& claim) { set_claim_spec_defaults(claim.spec.spec); });
  add_defaults<resourcev1::ResourceSlice, resourcev1beta2::ResourceSlice, resourcev1beta1::ResourceSlice>(
      table, [](auto& slice) { set_slice_defaults(slice); });
}

}  // namespace xebec::api
