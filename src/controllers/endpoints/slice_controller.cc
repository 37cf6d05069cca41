#include "controllers/endpoints/slice_controller.h"

#include <fmt/format.h>

#include "controllers/endpoints/slice_objects.h"

namespace xebec::controllers {
namespace {

using discoveryv1::Endpoint;
using discoveryv1::EndpointSlice;

constexpr std::string_view kManager = "endpointslice-controller.k8s.io";
constexpr std::string_view kZone = "topology.kubernetes.io/zone";

// spec.trafficDistribution: clients had better take endpoints of their zone, or of their node.
void add_hints(const corev1::Service& service, Endpoint& endpoint) {
  if (!service.spec.trafficDistribution || !endpoint.conditions.ready.value_or(true)) return;
  const std::string& wish = *service.spec.trafficDistribution;
  bool zone = wish == "PreferClose" || wish == "PreferSameZone" || wish == "PreferSameNode";
  bool node = wish == "PreferSameNode";
  if (zone && endpoint.zone) endpoint.hints.ensure().forZones.emplace_back().name = *endpoint.zone;
  if (node && endpoint.nodeName) endpoint.hints.ensure().forNodes.emplace_back().name = *endpoint.nodeName;
}

bool zone_changed(const std::shared_ptr<const corev1::Node>& old,
                  const std::shared_ptr<const corev1::Node>& now) {
  if (!old || !now) return true;
  return old->metadata.labels.value_or(kZone, "") != now->metadata.labels.value_or(kZone, "");
}

}  // namespace

EndpointSliceController::EndpointSliceController(const ControllerContext& context)
    : env_(context.env),
      rest_(context.rest_as("endpointslice-controller")),
      options_(*context.options),
      services_(context.informers->get<corev1::Service>()),
      pods_(context.informers->get<corev1::Pod>()),
      nodes_(context.informers->get<corev1::Node>()),
      slices_(context.informers->get<EndpointSlice>()),
      queue_(env_, "endpoint_slice"),
      writer_(rest_, *env_.executor),
      recorder_(rest_, env_, "endpoint-slice-controller") {
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
  nodes_.on_change([this](const auto& old, const auto& now) {
    if (!zone_changed(old, now)) return;
    for (const ServicePtr& service : services_.list()) queue_.add(client::key_of(service->metadata));
  });
  slices_.on_change([this](const SlicePtr& old, const SlicePtr& now) {
    const EndpointSlice& any = now ? *now : *old;
    if (any.metadata.labels.value_or(kSliceManager, "") != kManager) return;
    if (!now) writer_.removed(service_key(any), any.metadata.uid);
    queue_.add(service_key(any));
  });
}

void EndpointSliceController::start(Scope& scope) {
  scope.spawn(recorder_.run(scope.token()));
  client::run_controller(
      scope, queue_, 5, [this](std::string key) { return sync(std::move(key)); }, env_.logger);
}

Endpoint EndpointSliceController::endpoint_of(const corev1::Service& service,
                                              const ServiceEndpoint& from) const {
  const corev1::Pod& pod = *from.pod;
  Endpoint endpoint;
  endpoint.addresses = from.addresses;
  endpoint.conditions.ready = from.ready;
  endpoint.conditions.serving = from.serving;
  endpoint.conditions.terminating = from.terminating;
  if (has_hostname(service, pod)) endpoint.hostname = pod.spec.hostname;
  if (!pod.spec.nodeName.empty()) endpoint.nodeName = pod.spec.nodeName;
  corev1::ObjectReference& target = endpoint.targetRef.emplace();
  target.kind = "Pod";
  target.namespace_ = pod.metadata.namespace_;
  target.name = pod.metadata.name;
  target.uid = pod.metadata.uid;
  if (auto node = nodes_.get("", pod.spec.nodeName)) {
    const std::string* zone = node->metadata.labels.get(kZone);
    if (zone != nullptr) endpoint.zone = *zone;
  }
  add_hints(service, endpoint);
  return endpoint;
}

std::vector<SliceGroup> EndpointSliceController::groups_of(const corev1::Service& service,
                                                           std::string_view family,
                                                           std::vector<std::string>& missing) const {
  std::map<std::vector<ResolvedPort>, SliceGroup> groups;
  for (const ServiceEndpoint& from : endpoints_of(service, pods_.list(service.metadata.namespace_), family)) {
    const std::string& node = from.pod->spec.nodeName;
    bool unknown = !node.empty() && !nodes_.get("", node);
    if (unknown) missing.push_back(node);
    // A Pod whose node is gone will go too, unless its address is wanted whatever happens.
    if (unknown && !service.spec.publishNotReadyAddresses) continue;
    groups[from.ports].endpoints.push_back(endpoint_of(service, from));
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
  if (!service || service->spec.selector.empty() || service->spec.type == "ExternalName")
    co_return Result<void>();
  std::vector<SlicePtr> existing = slices_of(slices_, parts, kManager);
  // What is missing will be an event, and bring the Service back here.
  if (writer_.is_stale(key, existing)) {
    queue_.add_after(key, SliceWriter::kTimeout + std::chrono::seconds(1));
    co_return Result<void>();
  }
  std::vector<std::string> families = families_of(*service);
  SliceRules rules;
  rules.most = static_cast<size_t>(options_.max_endpoints_per_slice);
  SlicePlan plan;
  std::vector<std::string> missing;
  for (const std::string& family : families) {
    EndpointSlice pattern =
        pattern_of(parts, labels_for_endpoints(*service), kManager, client::new_controller_ref(*service));
    pattern.addressType = family;
    append(plan,
           plan_slices(groups_of(*service, family, missing), of_type(existing, family), pattern, rules));
  }
  for (const SlicePtr& slice : existing) {
    bool supported = std::find(families.begin(), families.end(), slice->addressType) != families.end();
    if (!supported) plan.remove.push_back(slice);
  }
  bool may_create = !service->metadata.deletionTimestamp;
  Result<void> applied = co_await writer_.apply(key, std::move(plan), may_create);
  if (!applied) {
    bool stale = applied.error().is(reason::kConflict);
    if (!stale) {
      recorder_.event(
          *service, client::kEventWarning, "FailedToUpdateEndpointSlices",
          fmt::format("Error updating Endpoint Slices for Service {}: {}", key, applied.error().message));
    }
    co_return applied;
  }
  if (missing.empty()) co_return Result<void>();
  co_return fail(
      errors::internal(fmt::format("skipping Pods for Service {}: Node {} Not Found", key, missing.front())));
}

}  // namespace xebec::controllers
