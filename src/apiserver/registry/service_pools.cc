#include "apiserver/registry/service_pools.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/gen/corev1.h"
#include "api/gen/networkingv1.h"
#include "base/sync.h"
#include "codec/protobuf.h"

namespace xebec::apiserver {
namespace {

using networkingv1::IPAddress;

constexpr std::string_view kFamilyLabel = "ipaddress.kubernetes.io/ip-family";
constexpr std::string_view kManagedByLabel = "ipaddress.kubernetes.io/managed-by";
constexpr std::string_view kManager = "ipallocator.k8s.io";
constexpr Duration kRepairPeriod = std::chrono::minutes(3);
// Upstream's servers write an address before its Service.
constexpr int64_t kGraceSeconds = 60;
constexpr int kLooksBeforeCleanup = 3;

std::vector<std::string> families_of(const std::vector<IpRange>& ranges) {
  std::vector<std::string> out;
  for (const IpRange& range : ranges) out.emplace_back(range.family());
  return out;
}

// Without a condition it counts as ready: the controller that sets it may not run.
bool is_ready(const networkingv1::ServiceCIDR& range) {
  for (const metav1::Condition& condition : range.status.conditions)
    if (condition.type == "Ready") return condition.status == "True";
  return true;
}

// Addresses that the Service was given, in the form of the names of IPAddresses.
std::vector<std::string> addresses_of(const corev1::Service& service) {
  std::vector<std::string> out;
  if (!needs_cluster_ip(service)) return out;
  for (const std::string& ip : service.spec.clusterIPs)
    if (const std::optional<Address> address = Address::parse(ip)) out.push_back(address->str());
  return out;
}

bool has_address(const corev1::Service& service, const std::string& address) {
  const std::vector<std::string> all = addresses_of(service);
  return std::find(all.begin(), all.end(), address) != all.end();
}

std::string key_of_parent(const IPAddress& address) {
  if (!address.spec.parentRef) return {};
  const networkingv1::ParentReference& parent = *address.spec.parentRef;
  if (!parent.group.empty() || parent.resource != "services") return {};
  return parent.namespace_ + "/" + parent.name;
}

std::string key_of(const corev1::Service& service) {
  return service.metadata.namespace_ + "/" + service.metadata.name;
}

bool is_ours(const IPAddress& address) {
  return address.metadata.labels.value_or(kManagedByLabel, "") == kManager;
}

bool has_labels(const IPAddress& address) {
  const std::optional<Address> parsed = Address::parse(address.metadata.name);
  return is_ours(address) && parsed && address.metadata.labels.value_or(kFamilyLabel, "") == parsed->family();
}

std::set<int32_t> ports_of(const std::map<std::string, std::shared_ptr<const api::Object>>& services) {
  std::set<int32_t> out;
  for (const auto& [key, object] : services) {
    const corev1::Service& service = object->get<corev1::Service>();
    for (const corev1::ServicePort& port : service.spec.ports)
      if (port.nodePort != 0) out.insert(port.nodePort);
    if (service.spec.healthCheckNodePort != 0) out.insert(service.spec.healthCheckNodePort);
  }
  return out;
}

void scan(const ResourceCache& cache, const std::function<void(const EntryPtr&)>& see) {
  cache.snapshot().tree.scan(cache.prefix(), storage::prefix_end(cache.prefix()), [&](const EntryPtr& entry) {
    see(entry);
    return true;
  });
}

}  // namespace

ServicePools::ServicePools(RegistryEnv env, std::vector<IpRange> ranges, int32_t first_node_port,
                           int32_t last_node_port, Logger logger)
    : env_(std::move(env)),
      ranges_(std::move(ranges)),
      logger_(std::move(logger)),
      allocator_(families_of(ranges_), first_node_port, last_node_port, *this, *env_.rng) {}

void ServicePools::attach(std::shared_ptr<ResourceCache> services, std::shared_ptr<ResourceCache> addresses,
                          std::shared_ptr<ResourceCache> cidrs) {
  services_ = std::move(services);
  addresses_ = std::move(addresses);
  cidrs_ = std::move(cidrs);
}

std::vector<IpRange> ServicePools::ranges() const {
  std::vector<IpRange> out;
  bool any = false;
  scan(*cidrs_, [&](const EntryPtr& entry) {
    any = true;
    Result<std::shared_ptr<const api::Object>> object = entry->object();
    if (!object || entry->meta().deleting()) return;
    const auto& range = (*object)->get<networkingv1::ServiceCIDR>();
    if (!is_ready(range)) return;
    for (const std::string& cidr : range.spec.cidrs)
      if (Result<IpRange> parsed = IpRange::parse(cidr)) out.push_back(std::move(*parsed));
  });
  return any ? out : ranges_;
}

std::string ServicePools::key_of(const std::string& address) const { return addresses_->prefix() + address; }

bool ServicePools::is_taken(const std::string& address) const {
  return addresses_->find(key_of(address)) != nullptr;
}

std::shared_ptr<const IPAddress> ServicePools::stored_address(const std::string& address) const {
  const EntryPtr entry = addresses_->find(key_of(address));
  if (!entry) return nullptr;
  Result<std::shared_ptr<const api::Object>> object = entry->object();
  if (!object) return nullptr;
  return std::shared_ptr<const IPAddress>(*object, &(*object)->get<IPAddress>());
}

bool ServicePools::is_anothers(const std::string& address, const corev1::Service& service) const {
  const auto stored = stored_address(address);
  return stored && key_of_parent(*stored) != apiserver::key_of(service);
}

Result<storage::Bytes> ServicePools::record(const std::string& address,
                                            const corev1::Service& service) const {
  IPAddress out;
  out.metadata.name = address;
  out.metadata.uid = make_uuid(*env_.rng);
  const auto now = std::chrono::floor<std::chrono::seconds>(env_.clock->now());
  out.metadata.creationTimestamp = api::Time::from_unix(now.time_since_epoch().count());
  out.metadata.labels[kFamilyLabel] = address.find(':') == std::string::npos ? "IPv4" : "IPv6";
  out.metadata.labels[kManagedByLabel] = kManager;
  networkingv1::ParentReference& parent = out.spec.parentRef.emplace();
  parent.resource = "services";
  parent.namespace_ = service.metadata.namespace_;
  parent.name = service.metadata.name;
  return addresses_->format()->encode(api::Object::of(std::move(out)));
}

Result<ServicePools::Services> ServicePools::stored_services() const {
  Services out;
  Result<void> read;
  scan(*services_, [&](const EntryPtr& entry) {
    Result<ServicePtr> object = entry->object();
    if (object) {
      std::string key = fmt::format("{}/{}", entry->meta().namespace_, entry->meta().name);
      out.emplace(std::move(key), std::move(*object));
    } else if (read) {
      read = fail(std::move(object).error());
    }
  });
  if (!read) return fail(std::move(read).error());
  return out;
}

// Ports of Services count as taken whatever the allocation says. One of another range is no good.
Task<Result<void>> ServicePools::read_ports(const Services& services) {
  std::set<int32_t> taken = ports_of(services);
  CO_TRY(const storage::GetResult stored, co_await env_.store->get(ServiceAllocator::kPortsKey));
  int64_t revision = 0;
  if (stored.kv) {
    revision = stored.kv->mod_revision;
    CO_TRY(api::Object object,
           codec::decode_protobuf_envelope(api::type_of<corev1::RangeAllocation>(), *stored.kv->value));
    const auto& allocation = object.get<corev1::RangeAllocation>();
    if (allocation.range == allocator_.ports().str())
      taken.merge(allocator_.ports().ports_of(allocation.data.view()));
  }
  allocator_.set_ports(std::move(taken), revision);
  co_return Result<void>();
}

Task<Result<void>> ServicePools::start() {
  CO_TRY(const Services services, stored_services());
  CO_TRY_VOID(co_await read_ports(services));
  co_return co_await repair();
}

Task<Result<void>> ServicePools::refresh(Context context) {
  CO_TRY_VOID(co_await env_.feed->catch_up(std::move(context)));
  CO_TRY(const Services services, stored_services());
  AsyncMutex::Guard lock = co_await allocator_.ports_mutex().lock();
  co_return co_await read_ports(services);
}

Task<void> ServicePools::run(CancelToken cancel) {
  for (;;) {
    const bool go_on = co_await sleep_for(kRepairPeriod, cancel);
    if (!go_on) co_return;
    Result<void> done = co_await repair();
    if (!done)
      logger_.warning("repair of service addresses and ports failed", {{"err", done.error().message}});
  }
}

Task<Result<void>> ServicePools::repair() {
  CO_TRY(const Services services, stored_services());
  CO_TRY_VOID(co_await repair_addresses(services));
  CO_TRY_VOID(co_await remove_leaked(services));
  co_return co_await repair_ports(services);
}

// False: something else has been written meanwhile; the next repair looks again.
Task<Result<bool>> ServicePools::write(storage::Txn txn) {
  CO_TRY(storage::TxnResult written, co_await env_.store->txn(std::move(txn)));
  co_return written.succeeded;
}

Task<Result<void>> ServicePools::repair_addresses(const Services& services) {
  const std::vector<IpRange> known = ranges();
  for (const auto& [key, object] : services) {
    for (const std::string& text : addresses_of(object->get<corev1::Service>())) {
      const std::optional<Address> address = Address::parse(text);
      const bool within = std::any_of(known.begin(), known.end(), [&](const IpRange& range) {
        return range.family() == address->family() && range.contains(*address);
      });
      if (!within) {
        logger_.warning("cluster IP is not within any service CIDR; please recreate the Service",
                        {{"service", key}, {"ip", text}});
        continue;
      }
      CO_TRY_VOID(co_await repair_address(text, object, services));
    }
  }
  co_return Result<void>();
}

Task<Result<void>> ServicePools::repair_address(std::string address, ServicePtr object,
                                                const Services& services) {
  const corev1::Service& service = object->get<corev1::Service>();
  const auto stored = stored_address(address);
  int64_t revision = 0;
  if (stored) {
    const std::string parent = key_of_parent(*stored);
    if (parent == apiserver::key_of(service) && has_labels(*stored)) co_return Result<void>();
    const auto other = services.find(parent);
    if (parent != apiserver::key_of(service) && other != services.end() &&
        has_address(other->second->get<corev1::Service>(), address)) {
      logger_.warning("cluster IP was assigned to several Services; please recreate one",
                      {{"service", apiserver::key_of(service)}, {"other", parent}, {"ip", address}});
      co_return Result<void>();
    }
    revision = addresses_->find(key_of(address))->revision();
  }
  CO_TRY(storage::Bytes bytes, record(address, service));
  storage::Txn txn;
  txn.compares.emplace_back(key_of(address), revision);
  txn.ops.emplace_back(storage::Put{key_of(address), std::move(bytes)});
  CO_TRY(const bool written, co_await write(std::move(txn)));
  if (written) {
    logger_.info("cluster IP was not allocated; repaired",
                 {{"service", apiserver::key_of(service)}, {"ip", address}});
  }
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
    if (!is_ours(address) || entry->meta().creation_seconds + kGraceSeconds > now) return;
    const auto parent = services.find(key_of_parent(address));
    if (parent == services.end() ||
        !has_address(parent->second->get<corev1::Service>(), address.metadata.name))
      leaked.push_back(entry);
  });
  for (const EntryPtr& entry : leaked) {
    storage::Txn txn;
    txn.compares.emplace_back(entry->key(), entry->revision());
    txn.ops.emplace_back(storage::Delete{entry->key()});
    CO_TRY(const bool written, co_await write(std::move(txn)));
    if (written) logger_.info("IP address has leaked; removed", {{"ip", std::string(entry->meta().name)}});
  }
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
    if (looks <= 0) continue;
    leaks[port] = looks - 1;
    out.insert(port);
  }
  leaks_ = std::move(leaks);
  return out;
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
  const std::set<int32_t> rebuilt = without_leaks(std::move(known), ports_of(services));
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
