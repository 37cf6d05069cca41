#include "apiserver/allocators/service_allocator.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "api/gen/corev1.h"
#include "apiserver/allocators/allocator_metrics.h"
#include "apiserver/validation/core.h"
#include "base/clock.h"
#include "base/executor.h"
#include "codec/protobuf.h"

namespace xebec::apiserver {
namespace {

const field::Path kSpec("spec");

std::unexpected<Status> invalid(const corev1::Service& service, field::Error error) {
  std::vector<StatusCause> causes;
  causes.push_back(error.cause());
  return fail(errors::invalid(KindName{"", "Service"}, service.metadata.name, std::move(causes)));
}

// Whatever it says of node ports counts.
bool may_have_node_ports(const corev1::Service& service) {
  return service.spec.type == "NodePort" || service.spec.type == "LoadBalancer";
}

std::set<int32_t> node_ports_of(const corev1::Service& service) {
  std::set<int32_t> out;
  for (const corev1::ServicePort& port : service.spec.ports)
    if (port.nodePort != 0) out.insert(port.nodePort);
  return out;
}

std::set<int32_t> held_ports(const corev1::Service& service) {
  std::set<int32_t> out = node_ports_of(service);
  if (service.spec.healthCheckNodePort != 0) out.insert(service.spec.healthCheckNodePort);
  return out;
}

// clusterIP and clusterIPs[0] are one value with two names; old clients know the first only.
void normalize(corev1::ServiceSpec& spec) {
  if (!spec.clusterIP.empty() && spec.clusterIPs.empty()) spec.clusterIPs.push_back(spec.clusterIP);
}

}  // namespace

bool needs_cluster_ip(const corev1::Service& service) { return service.spec.type != "ExternalName"; }

bool needs_node_port(const corev1::Service& service) {
  return service.spec.type == "NodePort" ||
         (service.spec.type == "LoadBalancer" && service.spec.allocateLoadBalancerNodePorts.value_or(true));
}

bool needs_health_check_port(const corev1::Service& service) {
  return service.spec.type == "LoadBalancer" && service.spec.externalTrafficPolicy == "Local";
}

namespace {

constexpr int32_t kDryPort = 32769;

// A dry run looks at one range and at nothing that is stored: the address that is wanted is taken for free,
// and who wants any gets that of the network (dryRunAllocator of upstream's ipallocator).
std::expected<std::string, std::string> dry_address(const std::vector<IpRange>& ranges,
                                                    const std::string& family, const std::string& wanted) {
  const auto range =
      std::find_if(ranges.begin(), ranges.end(), [&](const IpRange& r) { return r.family() == family; });
  if (range == ranges.end()) return std::unexpected("allocator not ready");
  if (wanted.empty()) return range->cidr().substr(0, range->cidr().find('/'));
  const std::optional<Address> address = Address::parse(wanted);
  if (address && range->contains(*address)) return wanted;
  return std::unexpected(
      fmt::format("the provided IP ({}) is not in the valid range. The range of valid IPs is {}",
                  address ? address->str() : wanted, range->cidr()));
}

}  // namespace

// What one write takes and gives back.
class ServiceAllocator::Holding final : public Reservation {
 public:
  Holding(ServiceAllocator& pools, PoolUse use)
      : pools_(pools),
        dry_run_(use.dry_run),
        metrics_(use.dry_run ? nullptr : pools.metrics_),
        counted_(use.counted) {}
  ~Holding() override {
    pools_.end(ips);
    if (!committed_ && !dry_run_) pools_.ports_.give_back(taken_ports);
    // What a refused write took counts once, not each time it is tried.
    if (metrics_ == nullptr || (!committed_ && !counted_)) return;
    for (const Take& take : took_addresses_) metrics_->took_address(take.cidr, take.scope, take.duration);
    for (const TakeScope scope : took_ports_) metrics_->took_port(scope);
  }

  bool dry_run() const { return dry_run_; }
  void took_address(const IpRange& range, TakeScope scope, MonotonicTime start) {
    took_addresses_.push_back({range.cidr(), scope, Executor::current()->now() - start});
  }
  void refused_address(const IpRange& range, TakeScope scope) const {
    if (metrics_ != nullptr && counted_) metrics_->refused_address(range.cidr(), scope);
  }

  // A port that is wanted, or any. A dry run looks whether a port is free and no further, and has numbers
  // beyond all ranges for those who want any, as upstream's PortAllocationOperation.
  std::expected<void, std::string> take(int32_t port) {
    if (dry_run_) {
      const bool mine = std::find(taken_ports.begin(), taken_ports.end(), port) != taken_ports.end();
      if (mine || pools_.ports_.has(port)) return std::unexpected(std::string(PortRange::kTaken));
    } else if (auto got = pools_.ports_.take(port); !got) {
      if (metrics_ != nullptr && counted_) metrics_->refused_port(TakeScope::kStatic);
      return got;
    }
    took_ports_.push_back(TakeScope::kStatic);
    taken_ports.push_back(port);
    return {};
  }
  std::expected<int32_t, std::string> take_any() {
    if (!dry_run_) {
      auto got = pools_.ports_.take_any(pools_.rng_);
      if (got) taken_ports.push_back(*got);
      if (got) took_ports_.push_back(TakeScope::kDynamic);
      if (metrics_ != nullptr && !got && counted_) metrics_->refused_port(TakeScope::kDynamic);
      return got;
    }
    const auto most = std::max_element(taken_ports.begin(), taken_ports.end());
    taken_ports.push_back(most == taken_ports.end() ? kDryPort : *most + 1);
    return taken_ports.back();
  }

  AsyncMutex* exclusive() const override { return touches_ports() ? &pools_.ports_mutex_ : nullptr; }

  void guard(storage::Txn& txn) const override {
    for (size_t i = 0; i < records.size(); ++i) {
      std::string key = pools_.book_.key_of(ips[i]);
      txn.compares.emplace_back(key, 0);
      txn.ops.emplace_back(storage::Put{std::move(key), records[i]});
    }
    for (const std::string& ip : dropped_ips) txn.ops.emplace_back(storage::Delete{pools_.book_.key_of(ip)});
    if (!touches_ports()) return;
    const PortRange& ports = pools_.ports_;
    txn.compares.emplace_back(kPortsKey, pools_.ports_revision_);
    txn.ops.emplace_back(
        storage::Put{kPortsKey, port_allocation(ports, ports.bitmap_after(taken_ports, dropped_ports))});
  }

  void commit(int64_t revision) override {
    if (dry_run_) return;
    committed_ = true;
    if (!touches_ports()) return;
    pools_.ports_revision_ = revision;
    pools_.ports_.settle(taken_ports, dropped_ports);
  }

  // Of the addresses taken by this write, in the order of `records`.
  std::vector<std::string> ips, dropped_ips;
  std::vector<storage::Bytes> records;
  std::vector<int32_t> taken_ports, dropped_ports;

 private:
  bool touches_ports() const { return !dry_run_ && (!taken_ports.empty() || !dropped_ports.empty()); }

  ServiceAllocator& pools_;
  const bool dry_run_;
  AllocatorMetrics* const metrics_;
  const bool counted_;
  struct Take {
    std::string cidr;
    TakeScope scope;
    Duration duration;
  };
  std::vector<Take> took_addresses_;
  std::vector<TakeScope> took_ports_;
  bool committed_ = false;
};

ServiceAllocator::ServiceAllocator(std::vector<std::string> families, int32_t first_node_port,
                                   int32_t last_node_port, const AddressBook& book, Rng& rng,
                                   AllocatorMetrics* metrics)
    : families_(std::move(families)),
      book_(book),
      rng_(rng),
      metrics_(metrics),
      ports_(first_node_port, last_node_port) {}

storage::Bytes ServiceAllocator::port_allocation(const PortRange& ports, std::string bitmap) {
  corev1::RangeAllocation allocation;
  allocation.range = ports.str();
  allocation.data = api::Bytes(std::move(bitmap));
  return storage::make_bytes(codec::encode_protobuf_envelope(api::Object::of(std::move(allocation))));
}

void ServiceAllocator::set_ports(std::set<int32_t> stored, int64_t revision) {
  ports_.replace(std::move(stored));
  ports_revision_ = revision;
}

bool ServiceAllocator::begin(const std::string& address) {
  std::lock_guard lock(mutex_);
  return pending_.insert(address).second;
}

void ServiceAllocator::end(const std::vector<std::string>& addresses) {
  std::lock_guard lock(mutex_);
  for (const std::string& address : addresses) pending_.erase(address);
}

// An address of the family: the one that is wanted, or any.
Result<std::string> ServiceAllocator::allocate_ip(const corev1::Service& service, const std::string& family,
                                                  const std::string& wanted, Holding& holding) {
  const std::vector<IpRange> ranges = book_.ranges();
  const std::optional<Address> address = Address::parse(wanted);
  const auto range = std::find_if(ranges.begin(), ranges.end(),
                                  [&](const IpRange& r) { return address && r.contains(*address); });
  const MonotonicTime start = Executor::current()->now();
  std::string got, error;
  if (holding.dry_run()) {
    const auto dry = dry_address(ranges, family, wanted);
    if (dry) return *dry;
    if (wanted.empty()) return fail(errors::internal("failed to allocate a serviceIP: " + dry.error()));
    error = fmt::format("failed to allocate IP {}: {}", wanted, dry.error());
  } else if (wanted.empty()) {
    for (size_t i = 0; i < ranges.size() && got.empty(); ++i) {
      if (ranges[i].family() != family) continue;
      const auto taken = [&](const Address& a) { return book_.is_taken(a.str()) || !begin(a.str()); };
      if (std::optional<Address> picked = ranges[i].pick(rng_, taken)) {
        got = picked->str();
        holding.took_address(ranges[i], TakeScope::kDynamic, start);
      } else {
        holding.refused_address(ranges[i], TakeScope::kDynamic);
      }
    }
    if (got.empty()) return fail(errors::internal("failed to allocate a serviceIP: range is full"));
  } else if (!address) {
    error = fmt::format("failed to parse service IP {}", field::quote(wanted));
  } else if (range == ranges.end()) {
    error = fmt::format("failed to allocate IP {}: the provided network does not match the current range",
                        wanted);
  } else if (got = address->str(); book_.is_taken(got) || !begin(got)) {
    holding.refused_address(*range, TakeScope::kStatic);
    error = fmt::format("failed to allocate IP {}: provided IP is already allocated", wanted);
  } else {
    holding.took_address(*range, TakeScope::kStatic, start);
  }
  if (!error.empty()) {
    return invalid(service, field::invalid(kSpec.child("clusterIPs"),
                                           validation::go_json(service.spec.clusterIPs), error));
  }
  holding.ips.push_back(got);
  TRY(storage::Bytes record, book_.record(got, service));
  holding.records.push_back(std::move(record));
  return got;
}

// Addresses of its families, from the `first` on.
Result<void> ServiceAllocator::allocate_ips(corev1::Service& service, size_t first, Holding& holding) {
  corev1::ServiceSpec& spec = service.spec;
  if (is_headless(service)) {
    spec.clusterIP = "None";
    if (spec.clusterIPs.empty()) spec.clusterIPs.emplace_back("None");
    return {};
  }
  std::vector<std::string> ips = spec.clusterIPs;
  ips.resize(std::max(ips.size(), spec.ipFamilies.size()));
  for (size_t i = first; i < spec.ipFamilies.size(); ++i) {
    TRY(std::string got, allocate_ip(service, spec.ipFamilies[i], ips[i], holding));
    // As it was written, where it was.
    if (ips[i].empty()) ips[i] = std::move(got);
  }
  spec.clusterIPs = std::move(ips);
  spec.clusterIP = spec.clusterIPs[0];
  return {};
}

Result<void> ServiceAllocator::update_ips(corev1::Service& service, const corev1::Service& old,
                                          Holding& holding) {
  const bool had = needs_cluster_ip(old), has = needs_cluster_ip(service);
  if (!had) return has ? allocate_ips(service, 0, holding) : Result<void>();
  if (is_headless(old)) return {};
  const size_t before = old.spec.clusterIPs.size();
  const size_t after = has ? service.spec.ipFamilies.size() : 0;
  if (after > before) return allocate_ips(service, before, holding);
  for (size_t i = after; i < before; ++i) {
    const std::optional<Address> address = Address::parse(old.spec.clusterIPs[i]);
    if (address && !book_.is_anothers(address->str(), old)) holding.dropped_ips.push_back(address->str());
  }
  return {};
}

Result<void> ServiceAllocator::allocate_ports(corev1::Service& service, const corev1::Service* old,
                                              Holding& holding) {
  const std::set<int32_t> before = old != nullptr ? node_ports_of(*old) : std::set<int32_t>();
  const bool automatic = needs_node_port(service);
  std::map<int32_t, int32_t> by_port;  // one node port serves all protocols of a port
  std::vector<corev1::ServicePort>& ports = service.spec.ports;
  const std::vector<int32_t>& taken = holding.taken_ports;
  for (size_t i = 0; i < ports.size(); ++i) {
    corev1::ServicePort& port = ports[i];
    int32_t wanted = port.nodePort;
    if (wanted == 0 && !automatic) continue;
    if (wanted == 0) wanted = by_port[port.port];
    for (size_t j = i; wanted == 0 && j < ports.size(); ++j)
      if (ports[j].port == port.port) wanted = ports[j].nodePort;
    // Of a new Service two ports may share a node port only as protocols of one.
    const bool mine = std::find(taken.begin(), taken.end(), wanted) != taken.end();
    const bool held = before.contains(wanted) || (mine && (old != nullptr || by_port[port.port] == wanted));
    if (wanted == 0) {
      const auto got = holding.take_any();
      if (!got) return fail(errors::internal("failed to allocate a nodePort: " + got.error()));
      wanted = *got;
    } else if (!held) {
      if (auto got = holding.take(wanted); !got)
        return invalid(service, field::invalid_int(kSpec.child("ports").index(i).child("nodePort"), wanted,
                                                   got.error()));
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
    auto got = holding.take(port);
    if (!got)
      return fail(errors::internal(
          fmt::format("failed to allocate requested HealthCheck NodePort {}: {}", port, got.error())));
  } else {
    const auto got = holding.take_any();
    if (!got) return fail(errors::internal("failed to allocate a HealthCheck NodePort: " + got.error()));
    port = *got;
  }
  return {};
}

Result<std::unique_ptr<Reservation>> ServiceAllocator::create(corev1::Service& service, PoolUse use) {
  auto holding = std::make_unique<Holding>(*this, use);
  normalize(service.spec);
  TRY_VOID(settle_families(service, nullptr, families_));
  if (needs_cluster_ip(service)) {
    TRY_VOID(allocate_ips(service, 0, *holding));
  }
  if (may_have_node_ports(service)) {
    TRY_VOID(allocate_ports(service, nullptr, *holding));
  }
  if (needs_health_check_port(service)) {
    TRY_VOID(allocate_health_check_port(service, nullptr, *holding));
  }
  return std::unique_ptr<Reservation>(std::move(holding));
}

Result<std::unique_ptr<Reservation>> ServiceAllocator::update(corev1::Service& service,
                                                              const corev1::Service& old, PoolUse use) {
  auto holding = std::make_unique<Holding>(*this, use);
  TRY_VOID(settle_families(service, &old, families_));
  if (!keeps_families(service, &old)) {
    TRY_VOID(update_ips(service, old, *holding));
  }
  if (may_have_node_ports(service)) {
    TRY_VOID(allocate_ports(service, &old, *holding));
  }
  if (needs_health_check_port(service)) {
    TRY_VOID(allocate_health_check_port(service, &old, *holding));
  }
  const std::set<int32_t> before = held_ports(old), after = held_ports(service);
  std::set_difference(before.begin(), before.end(), after.begin(), after.end(),
                      std::back_inserter(holding->dropped_ports));
  return std::unique_ptr<Reservation>(std::move(holding));
}

std::unique_ptr<Reservation> ServiceAllocator::remove(const corev1::Service& service, bool dry_run) {
  auto holding = std::make_unique<Holding>(*this, PoolUse{dry_run});
  for (const std::string& ip : service.spec.clusterIPs) {
    const std::optional<Address> address = Address::parse(ip);
    if (address && !book_.is_anothers(address->str(), service))
      holding->dropped_ips.push_back(address->str());
  }
  const std::set<int32_t> ports = held_ports(service);
  holding->dropped_ports.assign(ports.begin(), ports.end());
  return holding;
}

}  // namespace xebec::apiserver
