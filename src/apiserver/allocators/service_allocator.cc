#include "apiserver/allocators/service_allocator.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "api/gen/corev1.h"
#include "apiserver/validation/core.h"
#include "base/clock.h"

namespace xebec::apiserver {
namespace {

const field::Path kSpec("spec");

std::unexpected<Status> invalid(const corev1::Service& service, field::Error error) {
  std::vector<StatusCause> causes;
  causes.push_back(error.cause());
  return fail(errors::invalid(KindName{"", "Service"}, service.metadata.name, std::move(causes)));
}

bool has_port(const corev1::Service* service, int32_t port) {
  return service != nullptr && needs_node_port(*service) &&
         std::any_of(service->spec.ports.begin(), service->spec.ports.end(),
                     [&](const corev1::ServicePort& p) { return p.nodePort == port; });
}

// clusterIP and clusterIPs[0] are one value with two names; old clients know the first only.
void normalize(corev1::ServiceSpec& spec) {
  if (!spec.clusterIP.empty() && spec.clusterIPs.empty()) spec.clusterIPs.push_back(spec.clusterIP);
}

// This cluster has IPv4 alone.
Result<void> default_families(corev1::Service& service) {
  corev1::ServiceSpec& spec = service.spec;
  if (spec.type == "ExternalName") return {};
  // What comes below need not think of malformed addresses and families.
  field::Errors malformed;
  validation::check_service_ips(malformed, spec);
  if (!malformed.empty()) {
    return fail(errors::invalid(KindName{"", "Service"}, service.metadata.name, field::causes(malformed)));
  }
  const bool headless = is_headless(service), selectorless = headless && spec.selector.empty();
  for (size_t i = 0; i < spec.ipFamilies.size() && !selectorless; ++i) {
    if (spec.ipFamilies[i] != "IPv4")
      return invalid(service, field::invalid_string(kSpec.child("ipFamilies").index(i), spec.ipFamilies[i],
                                                    "not configured on this cluster"));
  }
  if (selectorless) {  // whoever writes its endpoints decides
    if (!spec.ipFamilyPolicy)
      spec.ipFamilyPolicy = spec.ipFamilies.size() == 1 ? "SingleStack" : "RequireDualStack";
    if (spec.ipFamilies.empty()) spec.ipFamilies.emplace_back("IPv4");
    if (*spec.ipFamilyPolicy != "SingleStack" && spec.ipFamilies.size() == 1)
      spec.ipFamilies.emplace_back(spec.ipFamilies[0] == "IPv4" ? "IPv6" : "IPv4");
    return {};
  }
  if (spec.ipFamilyPolicy == "RequireDualStack") {
    return invalid(service, field::invalid_string(kSpec.child("ipFamilyPolicy"), *spec.ipFamilyPolicy,
                                                  "this cluster is not configured for dual-stack services"));
  }
  if (!spec.ipFamilyPolicy) spec.ipFamilyPolicy = "SingleStack";
  if (spec.ipFamilies.empty()) spec.ipFamilies.emplace_back("IPv4");
  return {};
}

}  // namespace

bool is_headless(const corev1::Service& service) {
  return service.spec.clusterIP == "None" ||
         (service.spec.clusterIPs.size() == 1 && service.spec.clusterIPs[0] == "None");
}

bool needs_cluster_ip(const corev1::Service& service) { return service.spec.type != "ExternalName"; }

bool needs_node_port(const corev1::Service& service) {
  return service.spec.type == "NodePort" ||
         (service.spec.type == "LoadBalancer" && service.spec.allocateLoadBalancerNodePorts.value_or(true));
}

bool needs_health_check_port(const corev1::Service& service) {
  return service.spec.type == "LoadBalancer" && service.spec.externalTrafficPolicy == "Local";
}

// What one write has taken and what its success gives back.
class ServiceAllocator::Holding final : public Reservation {
 public:
  Holding(ServiceAllocator& pools, bool dry_run) : pools_(pools), dry_run_(dry_run) {}
  ~Holding() override {
    if (committed_) {
      for (uint32_t ip : taken_ips) pools_.ips_.settle(ip);
      for (int32_t port : taken_ports) pools_.ports_.settle(port);
      return;
    }
    for (uint32_t ip : taken_ips) pools_.ips_.give_back(ip);
    for (int32_t port : taken_ports) pools_.ports_.give_back(port);
  }
  void guard(storage::Txn& txn) const override {
    const int64_t revision = pools_.shared_revision_;
    if (revision == kNotShared || dry_run_ || (taken_ips.empty() && taken_ports.empty())) return;
    txn.compares.emplace_back(kSharedKey, revision);
    txn.ops.emplace_back(storage::Put{kSharedKey, storage::make_bytes("1")});
  }
  void commit(int64_t revision) override {
    if (dry_run_) return;
    committed_ = true;
    int64_t known = pools_.shared_revision_;
    // Only who has taken something has put the key.
    const bool took = !taken_ips.empty() || !taken_ports.empty();
    while (took && known != kNotShared && known < revision &&
           !pools_.shared_revision_.compare_exchange_weak(known, revision)) {
    }
    for (uint32_t ip : dropped_ips) pools_.ips_.give_back(ip);
    for (int32_t port : dropped_ports) pools_.ports_.give_back(port);
  }

  std::vector<uint32_t> taken_ips, dropped_ips;
  std::vector<int32_t> taken_ports, dropped_ports;

 private:
  ServiceAllocator& pools_;
  const bool dry_run_;
  bool committed_ = false;
};

ServiceAllocator::ServiceAllocator(IpRange cluster_ips, int32_t first_node_port, int32_t last_node_port,
                                   Rng& rng)
    : ips_(std::move(cluster_ips)), ports_(first_node_port, last_node_port), rng_(rng) {}

Result<void> ServiceAllocator::allocate_ips(corev1::Service& service, Holding& holding) {
  corev1::ServiceSpec& spec = service.spec;
  if (is_headless(service)) {
    spec.clusterIP = "None";
    if (spec.clusterIPs.empty()) spec.clusterIPs.emplace_back("None");
    return {};
  }
  if (spec.clusterIPs.empty()) {
    const auto got = ips_.take_any(rng_);
    if (!got) return fail(errors::internal("failed to allocate a serviceIP: " + got.error()));
    holding.taken_ips.push_back(*got);
    spec.clusterIPs.push_back(format_ipv4(*got));
  } else {
    const std::string& text = spec.clusterIPs[0];
    const std::optional<uint32_t> address = parse_ipv4(text);
    std::string error;
    if (!address) {
      error = fmt::format("failed to parse service IP {}", field::quote(text));
    } else if (auto got = ips_.take(*address); !got) {
      error = fmt::format("failed to allocate IP {}: {}", text, got.error());
    }
    if (!error.empty())
      return invalid(service,
                     field::invalid(kSpec.child("clusterIPs"), validation::go_json(spec.clusterIPs), error));
    holding.taken_ips.push_back(*address);
  }
  spec.clusterIP = spec.clusterIPs[0];
  return {};
}

Result<void> ServiceAllocator::allocate_ports(corev1::Service& service, const corev1::Service* old,
                                              Holding& holding) {
  std::map<int32_t, int32_t> by_port;  // one node port serves all protocols of a port
  std::vector<corev1::ServicePort>& ports = service.spec.ports;
  for (size_t i = 0; i < ports.size(); ++i) {
    corev1::ServicePort& port = ports[i];
    int32_t wanted = port.nodePort;
    if (wanted == 0) wanted = by_port[port.port];
    for (size_t j = i; wanted == 0 && j < ports.size(); ++j)
      if (ports[j].port == port.port) wanted = ports[j].nodePort;
    const bool held =
        has_port(old, wanted) || std::find(holding.taken_ports.begin(), holding.taken_ports.end(), wanted) !=
                                     holding.taken_ports.end();
    if (wanted == 0) {
      const auto got = ports_.take_any(rng_);
      if (!got) return fail(errors::internal("failed to allocate a nodePort: " + got.error()));
      wanted = *got;
      holding.taken_ports.push_back(wanted);
    } else if (!held) {
      if (auto got = ports_.take(wanted); !got)
        return invalid(service, field::invalid_int(kSpec.child("ports").index(i).child("nodePort"), wanted,
                                                   got.error()));
      holding.taken_ports.push_back(wanted);
    }
    port.nodePort = wanted;
    by_port[port.port] = wanted;
  }
  return {};
}

Result<void> ServiceAllocator::allocate_health_check_port(corev1::Service& service,
                                                          const corev1::Service* old, Holding& holding) {
  int32_t& port = service.spec.healthCheckNodePort;
  if (old != nullptr && needs_health_check_port(*old) && port == old->spec.healthCheckNodePort && port != 0)
    return {};
  if (port != 0) {
    auto got = ports_.take(port);
    if (!got)
      return fail(errors::internal(
          fmt::format("failed to allocate requested HealthCheck NodePort {}: {}", port, got.error())));
  } else {
    const auto got = ports_.take_any(rng_);
    if (!got) return fail(errors::internal("failed to allocate a HealthCheck NodePort: " + got.error()));
    port = *got;
  }
  holding.taken_ports.push_back(port);
  return {};
}

Result<std::unique_ptr<Reservation>> ServiceAllocator::create(corev1::Service& service, bool dry_run) {
  auto holding = std::make_unique<Holding>(*this, dry_run);
  normalize(service.spec);
  TRY_VOID(default_families(service));
  if (needs_cluster_ip(service)) {
    TRY_VOID(allocate_ips(service, *holding));
  }
  if (needs_node_port(service)) {
    TRY_VOID(allocate_ports(service, nullptr, *holding));
  }
  if (needs_health_check_port(service)) {
    TRY_VOID(allocate_health_check_port(service, nullptr, *holding));
  }
  return std::unique_ptr<Reservation>(std::move(holding));
}

Result<std::unique_ptr<Reservation>> ServiceAllocator::update(corev1::Service& service,
                                                              const corev1::Service& old, bool dry_run) {
  auto holding = std::make_unique<Holding>(*this, dry_run);
  TRY_VOID(default_families(service));
  const bool had = needs_cluster_ip(old), has = needs_cluster_ip(service);
  if (has && !had) {
    TRY_VOID(allocate_ips(service, *holding));
  }
  if (had && !has) {
    for (const std::string& ip : old.spec.clusterIPs)
      if (auto address = parse_ipv4(ip); address && ips_.contains(*address))
        holding->dropped_ips.push_back(*address);
  }
  if (needs_node_port(service)) {
    TRY_VOID(allocate_ports(service, &old, *holding));
  }
  if (needs_node_port(old)) {
    for (const corev1::ServicePort& port : old.spec.ports)
      if (port.nodePort != 0 && !has_port(&service, port.nodePort))
        holding->dropped_ports.push_back(port.nodePort);
  }
  if (needs_health_check_port(service)) {
    TRY_VOID(allocate_health_check_port(service, &old, *holding));
  }
  if (needs_health_check_port(old) && old.spec.healthCheckNodePort != service.spec.healthCheckNodePort)
    holding->dropped_ports.push_back(old.spec.healthCheckNodePort);
  return std::unique_ptr<Reservation>(std::move(holding));
}

void ServiceAllocator::release(const corev1::Service& service) {
  for (const std::string& ip : service.spec.clusterIPs)
    if (auto address = parse_ipv4(ip); address && ips_.contains(*address)) ips_.give_back(*address);
  for (const corev1::ServicePort& port : service.spec.ports)
    if (port.nodePort != 0) ports_.give_back(port.nodePort);
  if (service.spec.healthCheckNodePort != 0) ports_.give_back(service.spec.healthCheckNodePort);
}

void ServiceAllocator::replace(const std::vector<std::shared_ptr<const api::Object>>& services,
                               int64_t revision) {
  std::vector<uint32_t> ips;
  std::vector<int32_t> ports;
  for (const auto& object : services) {
    const corev1::Service& service = object->get<corev1::Service>();
    for (const std::string& ip : service.spec.clusterIPs)
      if (auto address = parse_ipv4(ip)) ips.push_back(*address);
    for (const corev1::ServicePort& port : service.spec.ports)
      if (port.nodePort != 0) ports.push_back(port.nodePort);
    if (service.spec.healthCheckNodePort != 0) ports.push_back(service.spec.healthCheckNodePort);
  }
  ips_.replace(ips);
  ports_.replace(ports);
  int64_t known = shared_revision_;
  while (known < revision && !shared_revision_.compare_exchange_weak(known, revision)) {
  }
}

void ServiceAllocator::mark(const corev1::Service& service) {
  for (const std::string& ip : service.spec.clusterIPs)
    if (auto address = parse_ipv4(ip)) ips_.mark(*address);
  for (const corev1::ServicePort& port : service.spec.ports)
    if (port.nodePort != 0) ports_.mark(port.nodePort);
  if (service.spec.healthCheckNodePort != 0) ports_.mark(service.spec.healthCheckNodePort);
}

}  // namespace xebec::apiserver
