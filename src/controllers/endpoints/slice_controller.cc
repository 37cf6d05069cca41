#include "controllers/endpoints/slice_controller.h"

#include "client/controller_ref.h"

namespace xebec::controllers {
namespace {

using discoveryv1::EndpointSlice;

constexpr std::string_view kServiceName = "kubernetes.io/service-name";
constexpr std::string_view kManagedBy = "endpointslice.kubernetes.io/managed-by";
constexpr std::string_view kManager = "endpointslice-controller.k8s.io";
constexpr std::string_view kMirrorManager = "endpointslicemirroring-controller.k8s.io";
constexpr std::string_view kSkipMirror = "endpointslice.kubernetes.io/skip-mirror";
constexpr std::string_view kEndpointsManagedBy = "endpoints.kubernetes.io/managed-by";
constexpr std::string_view kLeaderElection = "control-plane.alpha.kubernetes.io/leader";

std::string service_key(const EndpointSlice& slice) {
  return client::make_key(slice.metadata.namespace_, slice.metadata.labels.value_or(kServiceName, ""));
}

std::vector<SlicePtr> slices_of(const client::Informer<EndpointSlice>& informer,
                                const client::KeyParts& service, std::string_view manager) {
  std::vector<SlicePtr> out;
  for (const SlicePtr& slice : informer.list(service.ns)) {
    bool ours = slice->metadata.labels.value_or(kServiceName, "") == service.name &&
                slice->metadata.labels.value_or(kManagedBy, "") == manager;
    if (ours && !slice->metadata.deletionTimestamp) out.push_back(slice);
  }
  return out;
}

EndpointSlice pattern_of(const client::KeyParts& service, api::FlatMap<std::string> labels,
                         std::string_view manager, metav1::OwnerReference owner) {
  EndpointSlice slice;
  slice.metadata.namespace_ = service.ns;
  slice.metadata.generateName = service.name + "-";
  slice.metadata.labels = std::move(labels);
  slice.metadata.labels[kServiceName] = service.name;
  slice.metadata.labels[kManagedBy] = manager;
  slice.metadata.ownerReferences.push_back(std::move(owner));
  slice.addressType = "IPv4";
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

bool is_ipv4(std::string_view address) { return address.find(':') == std::string_view::npos; }

}  // namespace

EndpointSliceController::EndpointSliceController(const ControllerContext& context)
    : env_(context.env),
      rest_(context.rest_as("endpointslice-controller")),
      services_(context.informers->get<corev1::Service>()),
      pods_(context.informers->get<corev1::Pod>()),
      nodes_(context.informers->get<corev1::Node>()),
      slices_(context.informers->get<EndpointSlice>()),
      queue_(*env_.executor) {
  services_.on_change([this](const ServicePtr& old, const ServicePtr& now) {
    queue_.add(client::key_of((now ? now : old)->metadata));
  });
  pods_.on_change([this](const PodPtr& old, const PodPtr& now) {
    if (old && now && !endpoint_changed(*old, *now)) return;
    for (const ServicePtr& service : services_.list((now ? now : old)->metadata.namespace_)) {
      if ((old && selects(*service, *old)) || (now && selects(*service, *now)))
        queue_.add(client::key_of(service->metadata));
    }
  });
  slices_.on_change([this](const SlicePtr& old, const SlicePtr& now) {
    const EndpointSlice& any = now ? *now : *old;
    if (any.metadata.labels.value_or(kManagedBy, "") == kManager) queue_.add(service_key(any));
  });
}

void EndpointSliceController::start(Scope& scope) {
  client::run_controller(
      scope, queue_, 5, [this](std::string key) { return sync(std::move(key)); }, env_.logger);
}

std::vector<SliceGroup> EndpointSliceController::groups_of(const corev1::Service& service) const {
  std::map<std::vector<ResolvedPort>, SliceGroup> groups;
  for (const ServiceEndpoint& from : endpoints_of(service, pods_.list(service.metadata.namespace_))) {
    SliceGroup& group = groups[from.ports];
    discoveryv1::Endpoint& endpoint = group.endpoints.emplace_back();
    endpoint.addresses = {from.address};
    endpoint.conditions.ready = from.ready;
    endpoint.conditions.serving = from.serving;
    endpoint.conditions.terminating = from.terminating;
    const corev1::Pod& pod = *from.pod;
    if (!pod.spec.hostname.empty() && pod.spec.subdomain == service.metadata.name)
      endpoint.hostname = pod.spec.hostname;
    if (!pod.spec.nodeName.empty()) endpoint.nodeName = pod.spec.nodeName;
    corev1::ObjectReference& target = endpoint.targetRef.emplace();
    target.kind = "Pod";
    target.namespace_ = pod.metadata.namespace_;
    target.name = pod.metadata.name;
    target.uid = pod.metadata.uid;
    if (auto node = nodes_.get("", pod.spec.nodeName)) {
      const std::string* zone = node->metadata.labels.get("topology.kubernetes.io/zone");
      if (zone != nullptr) endpoint.zone = *zone;
    }
  }
  std::vector<SliceGroup> out;
  for (auto& [ports, group] : groups) {
    for (const ResolvedPort& port : ports) group.ports.push_back(port_of(port));
    out.push_back(std::move(group));
  }
  return out;
}

Task<Result<void>> EndpointSliceController::sync(std::string key) {
  client::KeyParts parts = client::split_key(key);
  ServicePtr service = services_.get(parts.ns, parts.name);
  // Without its Service a slice is the garbage collector's.
  if (!service || service->spec.selector.empty() || service->spec.type == "ExternalName" ||
      service->metadata.deletionTimestamp) {
    co_return Result<void>();
  }
  EndpointSlice pattern =
      pattern_of(parts, labels_for_endpoints(*service), kManager, client::new_controller_ref(*service));
  SlicePlan plan = plan_slices(groups_of(*service), slices_of(slices_, parts, kManager), pattern);
  co_return co_await apply_plan(rest_, std::move(plan));
}

EndpointSliceMirroringController::EndpointSliceMirroringController(const ControllerContext& context)
    : env_(context.env),
      rest_(context.rest_as("endpointslicemirroring-controller")),
      services_(context.informers->get<corev1::Service>()),
      endpoints_(context.informers->get<corev1::Endpoints>()),
      slices_(context.informers->get<EndpointSlice>()),
      queue_(*env_.executor) {
  services_.on_change(
      [this](const auto& old, const auto& now) { queue_.add(client::key_of((now ? now : old)->metadata)); });
  endpoints_.on_change(
      [this](const auto& old, const auto& now) { queue_.add(client::key_of((now ? now : old)->metadata)); });
  slices_.on_change([this](const SlicePtr& old, const SlicePtr& now) {
    const EndpointSlice& any = now ? *now : *old;
    if (any.metadata.labels.value_or(kManagedBy, "") == kMirrorManager) queue_.add(service_key(any));
  });
}

void EndpointSliceMirroringController::start(Scope& scope) {
  client::run_controller(
      scope, queue_, 5, [this](std::string key) { return sync(std::move(key)); }, env_.logger);
}

bool EndpointSliceMirroringController::should_mirror(const corev1::Endpoints& endpoints) const {
  if (endpoints.metadata.labels.contains(kEndpointsManagedBy)) return false;
  if (endpoints.metadata.labels.value_or(kSkipMirror, "") == "true") return false;
  return !endpoints.metadata.annotations.contains(kLeaderElection);
}

Task<Result<void>> EndpointSliceMirroringController::sync(std::string key) {
  client::KeyParts parts = client::split_key(key);
  auto service = services_.get(parts.ns, parts.name);
  auto endpoints = endpoints_.get(parts.ns, parts.name);
  bool mirror = service && endpoints && service->spec.selector.empty() && should_mirror(*endpoints);
  std::vector<SlicePtr> existing = slices_of(slices_, parts, kMirrorManager);
  if (!mirror) {
    SlicePlan plan;
    plan.remove = std::move(existing);
    co_return co_await apply_plan(rest_, std::move(plan));
  }
  std::vector<SliceGroup> groups;
  for (const corev1::EndpointSubset& subset : endpoints->subsets) {
    SliceGroup& group = groups.emplace_back();
    for (const corev1::EndpointPort& port : subset.ports) {
      group.ports.push_back(port_of({port.name, port.protocol, port.appProtocol, port.port}));
    }
    auto add = [&](const std::vector<corev1::EndpointAddress>& addresses, bool ready) {
      for (const corev1::EndpointAddress& address : addresses) {
        if (!is_ipv4(address.ip)) continue;
        discoveryv1::Endpoint& endpoint = group.endpoints.emplace_back();
        endpoint.addresses = {address.ip};
        endpoint.conditions.ready = ready;
        if (!address.hostname.empty()) endpoint.hostname = address.hostname;
        endpoint.nodeName = address.nodeName;
        endpoint.targetRef = address.targetRef;
      }
    };
    add(subset.addresses, true);
    add(subset.notReadyAddresses, false);
  }
  EndpointSlice pattern =
      pattern_of(parts, endpoints->metadata.labels, kMirrorManager, client::new_controller_ref(*endpoints));
  SlicePlan plan = plan_slices(std::move(groups), existing, pattern);
  co_return co_await apply_plan(rest_, std::move(plan));
}

}  // namespace xebec::controllers
