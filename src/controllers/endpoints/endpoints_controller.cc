#include "controllers/endpoints/endpoints_controller.h"

#include "client/controller_ref.h"

namespace xebec::controllers {
namespace {

constexpr std::string_view kTriggerTime = "endpoints.kubernetes.io/last-change-trigger-time";
constexpr std::string_view kOverCapacity = "endpoints.kubernetes.io/over-capacity";
constexpr std::string_view kManagedBy = "endpoints.kubernetes.io/managed-by";
constexpr size_t kMaxAddresses = 1000;

corev1::EndpointAddress address_of(const corev1::Service& service, const ServiceEndpoint& endpoint) {
  const corev1::Pod& pod = *endpoint.pod;
  corev1::EndpointAddress address;
  address.ip = endpoint.address;
  address.nodeName = pod.spec.nodeName;
  // A name of its own only for Pods of the Service that their subdomain names.
  if (!pod.spec.hostname.empty() && pod.spec.subdomain == service.metadata.name)
    address.hostname = pod.spec.hostname;
  corev1::ObjectReference& target = address.targetRef.emplace();
  target.kind = "Pod";
  target.namespace_ = pod.metadata.namespace_;
  target.name = pod.metadata.name;
  target.uid = pod.metadata.uid;
  return address;
}

}  // namespace

EndpointsController::EndpointsController(const ControllerContext& context)
    : env_(context.env),
      rest_(context.rest_as("endpoint-controller")),
      services_(context.informers->get<corev1::Service>()),
      pods_(context.informers->get<corev1::Pod>()),
      endpoints_(context.informers->get<corev1::Endpoints>()),
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
  endpoints_.on_change(
      [this](const auto& old, const auto& now) { queue_.add(client::key_of((now ? now : old)->metadata)); });
}

void EndpointsController::start(Scope& scope) {
  client::run_controller(
      scope, queue_, 5, [this](std::string key) { return sync(std::move(key)); }, env_.logger);
}

// One subset for each set of ports: Pods may answer a named port under different numbers.
std::vector<corev1::EndpointSubset> EndpointsController::subsets_of(const corev1::Service& service) const {
  std::map<std::vector<ResolvedPort>, corev1::EndpointSubset> by_ports;
  size_t count = 0;
  for (const ServiceEndpoint& endpoint : endpoints_of(service, pods_.list(service.metadata.namespace_))) {
    bool headless_without_ports = service.spec.ports.empty() && service.spec.clusterIP == "None";
    if ((endpoint.ports.empty() && !headless_without_ports) || (endpoint.terminating && !endpoint.ready))
      continue;
    if (++count > kMaxAddresses) break;
    corev1::EndpointSubset& subset = by_ports[endpoint.ports];
    auto& list = endpoint.ready ? subset.addresses : subset.notReadyAddresses;
    list.push_back(address_of(service, endpoint));
  }
  std::vector<corev1::EndpointSubset> out;
  for (auto& [ports, subset] : by_ports) {
    auto by_ip = [](const corev1::EndpointAddress& a, const corev1::EndpointAddress& b) {
      return a.ip < b.ip;
    };
    std::sort(subset.addresses.begin(), subset.addresses.end(), by_ip);
    std::sort(subset.notReadyAddresses.begin(), subset.notReadyAddresses.end(), by_ip);
    for (const ResolvedPort& port : ports) {
      corev1::EndpointPort& out_port = subset.ports.emplace_back();
      out_port.name = port.name;
      out_port.port = port.port;
      out_port.protocol = port.protocol;
      out_port.appProtocol = port.app_protocol;
    }
    out.push_back(std::move(subset));
  }
  return out;
}

Task<Result<void>> EndpointsController::sync(std::string key) {
  client::KeyParts parts = client::split_key(key);
  ServicePtr service = services_.get(parts.ns, parts.name);
  if (!service) {
    auto existing = endpoints_.get(parts.ns, parts.name);
    // Only what this controller made goes with the Service.
    if (!existing || !existing->metadata.labels.contains(kManagedBy)) co_return Result<void>();
    auto deleted = co_await rest_.delete_<corev1::Endpoints>(Context(), parts.ns, parts.name);
    bool gone = deleted || deleted.error().is(reason::kNotFound);
    if (!gone) co_return fail(std::move(deleted).error());
    co_return Result<void>();
  }
  if (service->spec.selector.empty() || service->metadata.deletionTimestamp) co_return Result<void>();
  std::vector<corev1::EndpointSubset> subsets = subsets_of(*service);
  api::FlatMap<std::string> labels = labels_for_endpoints(*service);
  labels[kManagedBy] = "endpoint-controller";
  auto existing = endpoints_.get(parts.ns, parts.name);
  if (existing && existing->subsets == subsets && existing->metadata.labels == labels)
    co_return Result<void>();
  corev1::Endpoints object;
  if (existing) object = *existing;
  object.metadata.name = parts.name;
  object.metadata.namespace_ = parts.ns;
  object.metadata.labels = std::move(labels);
  object.metadata.annotations[kTriggerTime] = to_time(env_.clock->now()).str();
  object.metadata.annotations.erase(kOverCapacity);
  object.subsets = std::move(subsets);
  Task<Result<corev1::Endpoints>> write =
      existing ? rest_.update(Context(), object) : rest_.create(Context(), object);
  auto written = co_await std::move(write);
  bool late = !written && (written.error().is(reason::kNotFound) || written.error().is(reason::kForbidden));
  if (!written && !late) co_return fail(std::move(written).error());
  co_return Result<void>();
}

}  // namespace xebec::controllers
