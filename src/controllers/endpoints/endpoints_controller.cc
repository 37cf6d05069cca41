#include "controllers/endpoints/endpoints_controller.h"

#include <fmt/format.h>

#include "client/controller_ref.h"

namespace xebec::controllers {
namespace {

constexpr std::string_view kTriggerTime = "endpoints.kubernetes.io/last-change-trigger-time";
constexpr std::string_view kOverCapacity = "endpoints.kubernetes.io/over-capacity";
constexpr std::string_view kManagedBy = "endpoints.kubernetes.io/managed-by";
constexpr std::string_view kLeaderElection = "control-plane.alpha.kubernetes.io/leader";
constexpr size_t kMaxAddresses = 1000;

corev1::EndpointAddress address_of(const corev1::Service& service, const ServiceEndpoint& endpoint) {
  const corev1::Pod& pod = *endpoint.pod;
  corev1::EndpointAddress address;
  address.ip = endpoint.addresses.front();
  address.nodeName = pod.spec.nodeName;
  if (has_hostname(service, pod)) address.hostname = pod.spec.hostname;
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
      queue_(env_, "endpoint"),
      recorder_(rest_, env_, "endpoint-controller") {
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
  // Only their loss: what people write into them stays until the Service or its Pods change.
  client::Handlers<corev1::Endpoints> handlers;
  handlers.on_delete = [this](const auto& gone) { queue_.add(client::key_of(gone->metadata)); };
  endpoints_.add_handlers(std::move(handlers));
}

void EndpointsController::start(Scope& scope) {
  scope.spawn(recorder_.run(scope.token()));
  // Left over from Services that went while nobody looked; those without a Service that elect leaders stay.
  for (const auto& endpoints : endpoints_.list()) {
    if (!endpoints->metadata.annotations.contains(kLeaderElection))
      queue_.add(client::key_of(endpoints->metadata));
  }
  client::run_controller(
      scope, queue_, 5, [this](std::string key) { return sync(std::move(key)); }, env_.logger);
}

// One subset for each set of ports: Pods may answer a named port under different numbers.
std::vector<corev1::EndpointSubset> EndpointsController::subsets_of(const corev1::Service& service) const {
  std::map<std::vector<ResolvedPort>, corev1::EndpointSubset> by_ports;
  bool headless_without_ports = service.spec.ports.empty() && service.spec.clusterIP == "None";
  std::string family = families_of(service).front();
  for (const ServiceEndpoint& endpoint :
       endpoints_of(service, pods_.list(service.metadata.namespace_), family)) {
    if (endpoint.ports.empty() && !headless_without_ports) continue;
    if (endpoint.terminating && !service.spec.publishNotReadyAddresses) continue;
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

bool truncate_endpoints(std::vector<corev1::EndpointSubset>& subsets, size_t most) {
  size_t ready = 0, unready = 0;
  for (const corev1::EndpointSubset& subset : subsets) {
    ready += subset.addresses.size();
    unready += subset.notReadyAddresses.size();
  }
  if (ready + unready <= most) return false;
  bool ready_only = ready >= most;
  size_t of = ready_only ? ready : unready;
  size_t room = ready_only ? most : most - ready;
  size_t left = room;
  for (corev1::EndpointSubset& subset : subsets) {
    auto& list = ready_only ? subset.addresses : subset.notReadyAddresses;
    // Rounded up, so that no subset vanishes that had room; the last ones take what is left.
    size_t share = std::min(left, (list.size() * room + of - 1) / of);
    if (list.size() > share) list.resize(share);
    left -= list.size();
    if (ready_only) subset.notReadyAddresses.clear();
  }
  std::erase_if(subsets, [](const auto& s) { return s.addresses.empty() && s.notReadyAddresses.empty(); });
  return true;
}

Task<Result<void>> EndpointsController::remove(client::KeyParts name) {
  auto existing = endpoints_.get(name.ns, name.name);
  if (!existing || existing->metadata.annotations.contains(kLeaderElection)) co_return Result<void>();
  // Only what this informer shows: new Endpoints may have been made before their Service.
  client::DeleteOptions options;
  options.uid = existing->metadata.uid;
  auto deleted = co_await rest_.delete_<corev1::Endpoints>(Context(), name.ns, name.name, std::move(options));
  bool gone = deleted || deleted.error().is(reason::kNotFound) || deleted.error().is(reason::kConflict);
  if (!gone) co_return fail(std::move(deleted).error());
  co_return Result<void>();
}

Task<Result<void>> EndpointsController::sync(std::string key) {
  client::KeyParts parts = client::split_key(key);
  ServicePtr service = services_.get(parts.ns, parts.name);
  if (!service) co_return co_await remove(parts);
  bool ours = !service->spec.selector.empty() && service->spec.type != "ExternalName";
  if (!ours || service->metadata.deletionTimestamp) co_return Result<void>();
  std::vector<corev1::EndpointSubset> subsets = subsets_of(*service);
  bool truncated = truncate_endpoints(subsets, kMaxAddresses);
  api::FlatMap<std::string> labels = labels_for_endpoints(*service);
  labels[kManagedBy] = "endpoint-controller";
  auto existing = endpoints_.get(parts.ns, parts.name);
  bool same = existing && existing->subsets == subsets && existing->metadata.labels == labels &&
              (existing->metadata.annotations.value_or(kOverCapacity, "") == "truncated") == truncated;
  if (same) co_return Result<void>();
  corev1::Endpoints object;
  if (existing) object = *existing;
  object.metadata.name = parts.name;
  object.metadata.namespace_ = parts.ns;
  object.metadata.labels = std::move(labels);
  object.metadata.annotations[kTriggerTime] = to_time(env_.clock->now()).str();
  object.metadata.annotations.erase(kOverCapacity);
  if (truncated) object.metadata.annotations[kOverCapacity] = "truncated";
  object.subsets = std::move(subsets);
  Task<Result<corev1::Endpoints>> write =
      existing ? rest_.update(Context(), object) : rest_.create(Context(), object);
  auto written = co_await std::move(write);
  bool late = !written && (written.error().is(reason::kNotFound) || written.error().is(reason::kForbidden));
  if (written || late) co_return Result<void>();
  // A conflict is nothing but a stale informer.
  if (!written.error().is(reason::kConflict) && !written.error().is(reason::kAlreadyExists)) {
    std::string_view what = existing ? "update" : "create";
    recorder_.event(*service, client::kEventWarning,
                    existing ? "FailedToUpdateEndpoint" : "FailedToCreateEndpoint",
                    fmt::format("Failed to {} endpoint {}: {}", what, key, written.error().message));
  }
  co_return fail(std::move(written).error());
}

}  // namespace xebec::controllers
