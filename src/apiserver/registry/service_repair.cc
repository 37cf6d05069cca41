// The repair of what Services hold: addresses and ports that are recorded for nobody, or not at all, or twice
// (k8s.io/kubernetes pkg/registry/core/service ipallocator/controller/repairip.go and
// portallocator/controller/repair.go).
#include <fmt/format.h>

#include <algorithm>

#include "api/gen/corev1.h"
#include "api/gen/networkingv1.h"
#include "apiserver/registry/service_addresses.h"
#include "apiserver/registry/service_pools.h"
#include "base/sync.h"
#include "codec/protobuf.h"

namespace xebec::apiserver {
namespace {

using networkingv1::IPAddress;

constexpr Duration kRepairPeriod = std::chrono::minutes(3);
// Upstream's servers write an address before its Service.
constexpr int64_t kGraceSeconds = 60;
constexpr int kLooksBeforeCleanup = 3;
constexpr std::string_view kAddressController = "ipallocator-repair-controller";
constexpr std::string_view kPortController = "portallocator-repair-controller";

corev1::ObjectReference reference(const metav1::ObjectMeta& meta, std::string_view api_version,
                                  std::string_view kind) {
  corev1::ObjectReference out;
  out.apiVersion = api_version;
  out.kind = kind;
  out.namespace_ = meta.namespace_;
  out.name = meta.name;
  out.uid = meta.uid;
  out.resourceVersion = meta.resourceVersion;
  return out;
}

std::string_view family_of(const std::string& address) {
  return address.find(':') == std::string::npos ? "IPv4" : "IPv6";
}

// As gogo's String() has it.
std::string text_of(const api::Box<networkingv1::ParentReference>& parent) {
  if (!parent) return "nil";
  return fmt::format("&ParentReference{{Group:{},Resource:{},Namespace:{},Name:{},}}", parent->group,
                     parent->resource, parent->namespace_, parent->name);
}

// A port that serves several protocols is held once.
std::vector<int32_t> ports_of(const corev1::Service& service) {
  std::vector<int32_t> out;
  std::map<int32_t, std::set<std::string_view>> seen;
  for (const corev1::ServicePort& port : service.spec.ports) {
    if (port.nodePort == 0) continue;
    std::set<std::string_view>& protocols = seen[port.nodePort];
    const bool first = protocols.empty();
    if (!protocols.insert(port.protocol).second || first) out.push_back(port.nodePort);
  }
  const int32_t health = service.spec.healthCheckNodePort;
  if (health == 0) return out;
  const auto other = seen.find(health);
  if (other == seen.end() || other->second.contains("TCP")) out.push_back(health);
  return out;
}

}  // namespace

Task<void> ServicePools::run(CancelToken cancel) {
  for (;;) {
    co_await tell();
    const bool go_on = co_await sleep_for(kRepairPeriod, cancel);
    if (!go_on) co_return;
    Result<void> done = co_await repair();
    if (!done)
      logger_.warning("repair of service addresses and ports failed", {{"err", done.error().message}});
  }
}

Task<void> ServicePools::tell() {
  std::vector<Finding> findings = std::exchange(findings_, {});
  co_await events_.write(event_registry_, std::move(findings));
}

void ServicePools::found_address(const corev1::Service& service, std::string_view kind,
                                 std::string_view reason, std::string note) {
  logger_.warning("a cluster IP is not as it must be", {{"service", key_of_service(service)}, {"err", note}});
  if (metrics_) metrics_->found_address(std::string(kind));
  findings_.push_back({std::string(kAddressController), reference(service.metadata, "v1", "Service"),
                       std::string(reason), "ClusterIPAllocation", std::move(note)});
}

void ServicePools::found_port(const corev1::Service& service, std::string_view kind, std::string_view reason,
                              std::string note) {
  logger_.warning("a node port is not as it must be", {{"service", key_of_service(service)}, {"err", note}});
  if (metrics_) metrics_->found_port(std::string(kind));
  findings_.push_back({std::string(kPortController), reference(service.metadata, "v1", "Service"),
                       std::string(reason), "PortAllocation", std::move(note)});
}

Task<Result<void>> ServicePools::repair() {
  CO_TRY(const Services services, stored_services());
  Result<void> addresses = co_await repair_addresses(services);
  if (addresses) addresses = co_await remove_leaked(services);
  if (!addresses && metrics_) metrics_->address_repair_failed();
  Result<void> ports = co_await repair_ports(services);
  if (!ports && metrics_) metrics_->port_repair_failed();
  if (!addresses) co_return addresses;
  co_return ports;
}

// False: something else has been written meanwhile; the next repair looks again.
Task<Result<bool>> ServicePools::write(storage::Txn txn) {
  CO_TRY(storage::TxnResult written, co_await env_.store->txn(std::move(txn)));
  co_return written.succeeded;
}

Task<Result<void>> ServicePools::repair_addresses(const Services& services) {
  const std::vector<IpRange> known = all_ranges();
  for (const auto& [key, object] : services) {
    const corev1::Service& service = object->get<corev1::Service>();
    if (service.spec.clusterIP.empty() || service.spec.clusterIP == "None") continue;
    for (const std::string& text : service.spec.clusterIPs) {
      const std::optional<Address> address = Address::parse(text);
      if (!address) {
        found_address(service, "invalid", "ClusterIPNotValid",
                      "Cluster IP <nil> is not a valid IP; please recreate Service");
        findings_.back().action = "ClusterIPValidation";
        continue;
      }
      const bool within = std::any_of(known.begin(), known.end(), [&](const IpRange& range) {
        return range.family() == address->family() && range.contains(*address);
      });
      if (!within) {
        found_address(
            service, "outOfRange", "ClusterIPOutOfRange",
            fmt::format(
                "Cluster IP [{}]: {} is not within any configured Service CIDR; please recreate service",
                address->family(), address->str()));
        continue;
      }
      CO_TRY_VOID(co_await repair_address(address->str(), object, services));
    }
  }
  co_return Result<void>();
}

Task<Result<void>> ServicePools::repair_address(std::string address, ServicePtr object,
                                                const Services& services) {
  const corev1::Service& service = object->get<corev1::Service>();
  const auto stored = stored_address(address);
  int64_t revision = 0;
  if (!stored) {
    found_address(
        service, "repair", "ClusterIPNotAllocated",
        fmt::format("Cluster IP [{}]: {} is not allocated; repairing", family_of(address), address));
  } else {
    revision = addresses_->find(key_of(address))->revision();
    const std::string parent = key_of_parent(*stored);
    if (parent != key_of_service(service)) {
      const auto other = services.find(parent);
      if (other != services.end() && has_address(other->second->get<corev1::Service>(), address)) {
        found_address(
            service, "duplicate", "ClusterIPAlreadyAllocated",
            fmt::format("Cluster IP [{}]:{} was assigned to multiple services; please recreate service",
                        family_of(address), address));
        co_return Result<void>();
      }
      found_address(service, "repair", "ClusterIPNotAllocated",
                    fmt::format("the ClusterIP [{}]: {} for Service {} has a wrong reference; repairing",
                                family_of(address), address, key_of_service(service)));
    } else if (has_labels(*stored)) {
      co_return Result<void>();
    }
  }
  CO_TRY(storage::Bytes bytes, record(address, service));
  storage::Txn txn;
  txn.compares.emplace_back(key_of(address), revision);
  txn.ops.emplace_back(storage::Put{key_of(address), std::move(bytes)});
  CO_TRY_VOID(co_await write(std::move(txn)));
  co_return Result<void>();
}

// Addresses of ours that no Service has.
Task<Result<void>> ServicePools::remove_leaked(const Services& services) {
  const int64_t now = std::chrono::floor<std::chrono::seconds>(env_.clock->now()).time_since_epoch().count();
  std::vector<EntryPtr> leaked;
  scan(*addresses_, [&](const EntryPtr& entry) {
    Result<std::shared_ptr<const api::Object>> object = entry->object();
    if (!object) return;
    const IPAddress& address = (*object)->get<IPAddress>();
    if (!is_ours(address)) return;
    const std::string& name = address.metadata.name;
    const std::string parent = key_of_parent(address);
    const auto service = services.find(parent);
    std::string reason = "IPAddressNotAllocated", note;
    if (parent.empty()) {
      note =
          fmt::format("IPAddress {} appears to have been modified, not referencing a Service {}: cleaning up",
                      name, text_of(address.spec.parentRef));
    } else if (service == services.end()) {
      if (entry->meta().creation_seconds + kGraceSeconds >= now) return;
      note = fmt::format("IPAddress: {} for Service {} appears to have leaked: cleaning up", name, parent);
    } else if (!has_address(service->second->get<corev1::Service>(), name)) {
      reason = "IPAddressWrongReference";
      note = fmt::format("IPAddress: {} for Service {} has a wrong reference; cleaning up", name, parent);
    } else {
      return;
    }
    logger_.warning("an IP address is of no Service", {{"ip", name}, {"err", note}});
    if (metrics_) metrics_->found_address("leak");
    findings_.push_back({std::string(kAddressController),
                         reference(address.metadata, "networking.k8s.io/v1", "IPAddress"), reason,
                         "IPAddressAllocation", std::move(note)});
    leaked.push_back(entry);
  });
  for (const EntryPtr& entry : leaked) {
    CO_TRY_VOID(co_await remove_address(entry));
  }
  co_return Result<void>();
}

Task<Result<void>> ServicePools::remove_address(EntryPtr entry) {
  storage::Txn txn;
  txn.compares.emplace_back(entry->key(), entry->revision());
  txn.ops.emplace_back(storage::Delete{entry->key()});
  CO_TRY_VOID(co_await write(std::move(txn)));
  co_return Result<void>();
}

// A port that nobody holds may be of a Service that is being written: it is freed when seen several times.
std::set<int32_t> ServicePools::without_leaks(std::set<int32_t> stored, const std::set<int32_t>& used) {
  std::map<int32_t, int> leaks;
  std::set<int32_t> out = used;
  for (int32_t port : stored) {
    if (used.contains(port)) continue;
    const auto seen = leaks_.find(port);
    const int looks = seen == leaks_.end() ? kLooksBeforeCleanup - 1 : seen->second;
    if (looks <= 0) {
      logger_.warning("a node port has leaked: it is free again", {{"port", std::to_string(port)}});
      if (metrics_) metrics_->found_port("leak");
      continue;
    }
    leaks[port] = looks - 1;
    out.insert(port);
  }
  leaks_ = std::move(leaks);
  return out;
}

std::set<int32_t> ServicePools::used_ports(const Services& services, const std::set<int32_t>& stored) {
  const PortRange& range = allocator_.ports();
  std::set<int32_t> used;
  for (const auto& [key, object] : services) {
    const corev1::Service& service = object->get<corev1::Service>();
    for (const int32_t port : ports_of(service)) {
      if (!range.contains(port)) {
        found_port(service, "outOfRange", "PortOutOfRange",
                   fmt::format("Port {} is not within the port range {}; please recreate service", port,
                               range.str()));
      } else if (!used.insert(port).second) {
        found_port(service, "duplicate", "PortAlreadyAllocated",
                   fmt::format("Port {} was assigned to multiple services; please recreate service", port));
      } else if (!stored.contains(port)) {
        found_port(service, "repair", "PortNotAllocated",
                   fmt::format("Port {} is not allocated; repairing", port));
      }
    }
  }
  return used;
}

Task<Result<void>> ServicePools::repair_ports(const Services& services) {
  const PortRange& range = allocator_.ports();
  AsyncMutex::Guard lock = co_await allocator_.ports_mutex().lock();
  CO_TRY(const storage::GetResult stored, co_await env_.store->get(ServiceAllocator::kPortsKey));
  std::set<int32_t> known;
  if (stored.kv) {
    Result<api::Object> object =
        codec::decode_protobuf_envelope(api::type_of<corev1::RangeAllocation>(), *stored.kv->value);
    if (object && object->get<corev1::RangeAllocation>().range == range.str())
      known = range.ports_of(object->get<corev1::RangeAllocation>().data.view());
  }
  const std::set<int32_t> used = used_ports(services, known);
  const std::set<int32_t> rebuilt = without_leaks(std::move(known), used);
  storage::Bytes bytes = ServiceAllocator::port_allocation(range, range.bitmap_of(rebuilt));
  if (stored.kv && *stored.kv->value == *bytes) co_return Result<void>();
  storage::Txn txn;
  txn.compares.emplace_back(ServiceAllocator::kPortsKey, stored.kv ? stored.kv->mod_revision : 0);
  txn.ops.emplace_back(storage::Put{ServiceAllocator::kPortsKey, std::move(bytes)});
  CO_TRY(storage::TxnResult written, co_await env_.store->txn(std::move(txn)));
  if (written.succeeded) allocator_.set_ports(rebuilt, written.revision);
  co_return Result<void>();
}

}  // namespace xebec::apiserver
