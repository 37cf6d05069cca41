#include "controllers/endpoints/slice_objects.h"

namespace xebec::controllers {

using discoveryv1::EndpointSlice;

std::string service_key(const EndpointSlice& slice) {
  return client::make_key(slice.metadata.namespace_, slice.metadata.labels.value_or(kSliceService, ""));
}

std::vector<SlicePtr> slices_of(const client::Informer<EndpointSlice>& informer,
                                const client::KeyParts& service, std::string_view manager) {
  std::vector<SlicePtr> out;
  for (const SlicePtr& slice : informer.list(service.ns)) {
    bool ours = slice->metadata.labels.value_or(kSliceService, "") == service.name &&
                slice->metadata.labels.value_or(kSliceManager, "") == manager;
    if (ours && !slice->metadata.deletionTimestamp) out.push_back(slice);
  }
  return out;
}

std::vector<SlicePtr> of_type(const std::vector<SlicePtr>& slices, std::string_view address_type) {
  std::vector<SlicePtr> out;
  for (const SlicePtr& slice : slices) {
    if (slice->addressType == address_type) out.push_back(slice);
  }
  return out;
}

EndpointSlice pattern_of(const client::KeyParts& service, api::FlatMap<std::string> labels,
                         std::string_view manager, metav1::OwnerReference owner) {
  EndpointSlice slice;
  slice.metadata.namespace_ = service.ns;
  slice.metadata.generateName = service.name + "-";
  slice.metadata.labels = std::move(labels);
  slice.metadata.labels[kSliceService] = service.name;
  slice.metadata.labels[kSliceManager] = manager;
  slice.metadata.ownerReferences.push_back(std::move(owner));
  return slice;
}

discoveryv1::EndpointPort port_of(const ResolvedPort& port) {
  discoveryv1::EndpointPort out;
  out.name = port.name;
  out.protocol = port.protocol;
  out.port = port.port;
  out.appProtocol = port.app_protocol;
  return out;
}

void append(SlicePlan& to, SlicePlan more) {
  for (auto& slice : more.create) to.create.push_back(std::move(slice));
  for (auto& slice : more.update) to.update.push_back(std::move(slice));
  for (auto& slice : more.remove) to.remove.push_back(std::move(slice));
}

}  // namespace xebec::controllers
