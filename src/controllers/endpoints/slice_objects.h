// What the controllers that write EndpointSlices share: how their slices look, and which are theirs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/gen/discoveryv1.h"
#include "client/controller_ref.h"
#include "client/informer.h"
#include "controllers/endpoints/service_pods.h"
#include "controllers/endpoints/slice_plan.h"

namespace xebec::controllers {

inline constexpr std::string_view kSliceService = "kubernetes.io/service-name";
inline constexpr std::string_view kSliceManager = "endpointslice.kubernetes.io/managed-by";

// Key of the Service that a slice is about.
std::string service_key(const discoveryv1::EndpointSlice& slice);
// Slices of the Service that `manager` made; those being deleted are left out.
std::vector<SlicePtr> slices_of(const client::Informer<discoveryv1::EndpointSlice>& informer,
                                const client::KeyParts& service, std::string_view manager);
// Those of an address type.
std::vector<SlicePtr> of_type(const std::vector<SlicePtr>& slices, std::string_view address_type);
// A slice without type, ports and endpoints. `labels` are the owner's.
discoveryv1::EndpointSlice pattern_of(const client::KeyParts& service, api::FlatMap<std::string> labels,
                                      std::string_view manager, metav1::OwnerReference owner);
discoveryv1::EndpointPort port_of(const ResolvedPort& port);
// Adds one plan to another.
void append(SlicePlan& to, SlicePlan more);

}  // namespace xebec::controllers
