#include "controllers/endpoints/mirroring_controller.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include "controllers/endpoints/slice_objects.h"

namespace xebec::controllers {
namespace {

using discoveryv1::Endpoint;
using discoveryv1::EndpointSlice;

constexpr std::string_view kManager = "endpointslicemirroring-controller.k8s.io";
constexpr std::string_view kSkip = "endpointslice.kubernetes.io/skip-mirror";
constexpr std::string_view kEndpointsManagedBy = "endpoints.kubernetes.io/managed-by";
constexpr std::string_view kLeaderElection = "control-plane.alpha.kubernetes.io/leader";

// What the Endpoints controller writes has slices of its own; what elects leaders is for nobody else.
bool mirrored(const corev1::Endpoints& endpoints) {
  const metav1::ObjectMeta& meta = endpoints.metadata;
  return !meta.labels.contains(kEndpointsManagedBy) && meta.labels.value_or(kSkip, "") != "true" &&
         !meta.annotations.contains(kLeaderElection);
}

// "IPv4" or "IPv6"; empty for what is no address.
std::string_view checked_family(const std::string& address) {
  in_addr v4;
  in6_addr v6;
  if (inet_pton(AF_INET, address.c_str(), &v4) == 1) return "IPv4";
  return inet_pton(AF_INET6, address.c_str(), &v6) == 1 ? "IPv6" : std::string_view();
}

Endpoint endpoint_of(const corev1::EndpointAddress& address, bool ready) {
  Endpoint endpoint;
  endpoint.addresses = {address.ip};
  endpoint.conditions.ready = ready;
  if (!address.hostname.empty()) endpoint.hostname = address.hostname;
  endpoint.nodeName = address.nodeName;
  endpoint.targetRef = address.targetRef;
  return endpoint;
}

// One subset, at most `most` addresses of it, by family.
struct Mirror {
  std::map<std::string, SliceGroup, std::less<>> groups;
  size_t taken = 0, invalid = 0, skipped = 0;

  void add(const std::vector<corev1::EndpointAddress>& addresses, bool ready, size_t most) {
    for (const corev1::EndpointAddress& address : addresses) {
      std::string_view family = checked_family(address.ip);
      if (family.empty()) {
        ++invalid;
      } else if (taken >= most) {
        ++skipped;
      } else {
        ++taken;
        groups[std::string(family)].endpoints.push_back(endpoint_of(address, ready));
      }
    }
  }
};

// Subsets with the same ports share their slices.
void add_group(std::vector<SliceGroup>& groups, SliceGroup group) {
  auto same =
      std::find_if(groups.begin(), groups.end(), [&](const auto& g) { return g.ports == group.ports; });
  if (same == groups.end()) {
    groups.push_back(std::move(group));
    return;
  }
  for (Endpoint& endpoint : group.endpoints) same->endpoints.push_back(std::move(endpoint));
}

}  // namespace

EndpointSliceMirroringController::EndpointSliceMirroringController(const ControllerContext& context)
    : env_(context.env),
      rest_(context.rest_as("endpointslicemirroring-controller")),
      options_(*context.options),
      services_(context.informers->get<corev1::Service>()),
      endpoints_(context.informers->get<corev1::Endpoints>()),
      slices_(context.informers->get<EndpointSlice>()),
      queue_(env_, "endpoint_slice_mirroring"),
      writer_(rest_, *env_.executor),
      recorder_(rest_, env_, "endpoint-slice-mirroring-controller") {
  services_.on_change(
      [this](const auto& old, const auto& now) { queue_.add(client::key_of((now ? now : old)->metadata)); });
  endpoints_.on_change(
      [this](const auto& old, const auto& now) { queue_.add(client::key_of((now ? now : old)->metadata)); });
  slices_.on_change([this](const SlicePtr& old, const SlicePtr& now) {
    const EndpointSlice& any = now ? *now : *old;
    if (any.metadata.labels.value_or(kSliceManager, "") != kManager) return;
    if (!now) writer_.removed(service_key(any), any.metadata.uid);
    queue_.add(service_key(any));
  });
}

void EndpointSliceMirroringController::start(Scope& scope) {
  scope.spawn(recorder_.run(scope.token()));
  client::run_controller(
      scope, queue_, 5, [this](std::string key) { return sync(std::move(key)); }, env_.logger);
}

SlicePlan EndpointSliceMirroringController::plan(const client::KeyParts& name,
                                                 const corev1::Endpoints& endpoints,
                                                 const std::vector<SlicePtr>& existing) {
  size_t most = static_cast<size_t>(options_.mirroring_max_endpoints_per_subset);
  std::map<std::string, std::vector<SliceGroup>, std::less<>> by_family;
  size_t invalid = 0, skipped = 0;
  for (const corev1::EndpointSubset& subset : endpoints.subsets) {
    Mirror mirror;
    mirror.add(subset.addresses, true, most);
    mirror.add(subset.notReadyAddresses, false, most);
    invalid += mirror.invalid;
    skipped += mirror.skipped;
    for (auto& [family, group] : mirror.groups) {
      for (const corev1::EndpointPort& port : subset.ports)
        group.ports.push_back(port_of({port.name, port.protocol, port.appProtocol, port.port}));
      add_group(by_family[family], std::move(group));
    }
  }
  if (invalid > 0) {
    recorder_.event(endpoints, client::kEventWarning, "InvalidIPAddress",
                    fmt::format("Skipped {} invalid IP addresses when mirroring to EndpointSlices", invalid));
  }
  if (skipped > 0) {
    recorder_.event(
        endpoints, client::kEventWarning, "TooManyAddressesToMirror",
        fmt::format("A max of {} addresses can be mirrored to EndpointSlices per Endpoints subset. "
                    "{} addresses were skipped",
                    most, skipped));
  }
  EndpointSlice pattern =
      pattern_of(name, endpoints.metadata.labels, kManager, client::new_controller_ref(endpoints));
  pattern.metadata.annotations = endpoints.metadata.annotations;
  pattern.metadata.annotations.erase("kubectl.kubernetes.io/last-applied-configuration");
  pattern.metadata.annotations.erase("endpoints.kubernetes.io/last-change-trigger-time");
  SliceRules rules;
  rules.most = most;
  rules.placeholder = false;
  SlicePlan out;
  for (std::string_view family : {"IPv4", "IPv6"}) {
    pattern.addressType = family;
    append(out,
           plan_slices(std::move(by_family[std::string(family)]), of_type(existing, family), pattern, rules));
  }
  return out;
}

Task<Result<void>> EndpointSliceMirroringController::sync(std::string key) {
  client::KeyParts parts = client::split_key(key);
  auto service = services_.get(parts.ns, parts.name);
  auto endpoints = endpoints_.get(parts.ns, parts.name);
  std::vector<SlicePtr> existing = slices_of(slices_, parts, kManager);
  if (writer_.is_stale(key, existing)) {
    queue_.add_after(key, SliceWriter::kTimeout + std::chrono::seconds(1));
    co_return Result<void>();
  }
  bool mirror = service && endpoints && service->spec.selector.empty() && mirrored(*endpoints);
  SlicePlan wanted;
  if (mirror) {
    wanted = plan(parts, *endpoints, existing);
  } else {
    wanted.remove = std::move(existing);
  }
  co_return co_await writer_.apply(key, std::move(wanted));
}

}  // namespace xebec::controllers
