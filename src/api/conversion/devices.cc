// Claims and slices of resource.k8s.io/v1beta1: a request is an exact one or a list in the same struct, and a
// device's properties are in `basic` (k8s.io/kubernetes pkg/apis/resource/v1beta1/conversion.go).
#include "api/conversion/kinds.h"
#include "api/gen/resourcev1.h"
#include "api/gen/resourcev1beta1.h"

namespace xebec::api::conversion {
namespace {

namespace v1 = resourcev1;
namespace beta = resourcev1beta1;

bool is_exact(const beta::DeviceRequest& request) {
  return !request.deviceClassName.empty() || !request.selectors.empty() || !request.allocationMode.empty() ||
         request.count != 0 || request.adminAccess || !request.tolerations.empty() || request.capacity;
}

void requests_to_new(const beta::DeviceClaim& from, v1::DeviceClaim& to) {
  for (size_t i = 0; i < from.requests.size(); ++i)
    if (is_exact(from.requests[i])) convert_fields(from.requests[i], to.requests[i].exactly.emplace());
}
void requests_to_old(const v1::DeviceClaim& from, beta::DeviceClaim& to) {
  for (size_t i = 0; i < from.requests.size(); ++i)
    if (from.requests[i].exactly) convert_fields(*from.requests[i].exactly, to.requests[i]);
}

void claim_to_new(const beta::ResourceClaim& from, v1::ResourceClaim& to) {
  convert_fields(from, to);
  requests_to_new(from.spec.devices, to.spec.devices);
}
void claim_to_old(const v1::ResourceClaim& from, beta::ResourceClaim& to) {
  convert_fields(from, to);
  requests_to_old(from.spec.devices, to.spec.devices);
}

void template_to_new(const beta::ResourceClaimTemplate& from, v1::ResourceClaimTemplate& to) {
  convert_fields(from, to);
  requests_to_new(from.spec.spec.devices, to.spec.spec.devices);
}
void template_to_old(const v1::ResourceClaimTemplate& from, beta::ResourceClaimTemplate& to) {
  convert_fields(from, to);
  requests_to_old(from.spec.spec.devices, to.spec.spec.devices);
}

void slice_to_new(const beta::ResourceSlice& from, v1::ResourceSlice& to) {
  convert_fields(from, to);
  for (size_t i = 0; i < from.spec.devices.size(); ++i)
    if (from.spec.devices[i].basic) convert_fields(*from.spec.devices[i].basic, to.spec.devices[i]);
}
void slice_to_old(const v1::ResourceSlice& from, beta::ResourceSlice& to) {
  convert_fields(from, to);
  for (size_t i = 0; i < from.spec.devices.size(); ++i)
    convert_fields(from.spec.devices[i], to.spec.devices[i].basic.emplace());
}

}  // namespace

void append_devices(std::vector<ConversionEntry>& table) {
  table.push_back(entry<beta::ResourceClaim, v1::ResourceClaim, claim_to_new>());
  table.push_back(entry<v1::ResourceClaim, beta::ResourceClaim, claim_to_old>());
  table.push_back(entry<beta::ResourceClaimTemplate, v1::ResourceClaimTemplate, template_to_new>());
  table.push_back(entry<v1::ResourceClaimTemplate, beta::ResourceClaimTemplate, template_to_old>());
  table.push_back(entry<beta::ResourceSlice, v1::ResourceSlice, slice_to_new>());
  table.push_back(entry<v1::ResourceSlice, beta::ResourceSlice, slice_to_old>());
}

}  // namespace xebec::api::conversion
