#include "apiserver/registry/service_pools.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/gen/corev1.h"
#include "api/gen/networkingv1.h"
#include "apiserver/registry/service_addresses.h"
#include "base/sync.h"
#include "codec/protobuf.h"

namespace xebec::apiserver {
namespace {

using networkingv1::IPAddress;

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

}  // namespace

ServicePools::ServicePools(RegistryEnv env, std::vector<IpRange> ranges, int32_t first_node_port,
                           int32_t last_node_port, Logger logger)
    : env_(std::move(env)),
      ranges_(std::move(ranges)),
      logger_(std::move(logger)),
      metrics_(env_.metrics ? std::make_unique<AllocatorMetrics>(*env_.metrics) : nullptr),
      allocator_(families_of(ranges_), first_node_port, last_node_port, *this, *env_.rng, metrics_.get()),
      events_(*env_.clock, logger_) {}

void ServicePools::attach(std::shared_ptr<ResourceCache> services, std::shared_ptr<ResourceCache> addresses,
                          std::shared_ptr<ResourceCache> cidrs, Registry* events) {
  services_ = std::move(services);
  addresses_ = std::move(addresses);
  cidrs_ = std::move(cidrs);
  event_registry_ = events;
}

void ServicePools::show_metrics() {
  if (!metrics_) return;
  std::map<std::string_view, double> used;
  scan(*addresses_, [&](const EntryPtr& entry) {
    Result<std::shared_ptr<const api::Object>> object = entry->object();
    if (!object) return;
    const auto& address = (*object)->get<IPAddress>();
    if (is_ours(address)) ++used[address.metadata.name.find(':') == std::string::npos ? "IPv4" : "IPv6"];
  });
  for (const IpRange& range : ranges()) {
    const double taken = used[range.family()];
    metrics_->addresses(range.cidr(), taken, range.size() - taken);
  }
  const PortRange& ports = allocator_.ports();
  const auto taken = static_cast<double>(ports.used());
  metrics_->ports(taken, static_cast<double>(ports.size()) - taken);
}

std::vector<IpRange> ServicePools::all_ranges() const {
  std::vector<IpRange> out;
  scan(*cidrs_, [&](const EntryPtr& entry) {
    Result<std::shared_ptr<const api::Object>> object = entry->object();
    if (!object) return;
    for (const std::string& cidr : (*object)->get<networkingv1::ServiceCIDR>().spec.cidrs)
      if (Result<IpRange> parsed = IpRange::parse(cidr)) out.push_back(std::move(*parsed));
  });
  return out.empty() ? ranges_ : out;
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
  return stored && key_of_parent(*stored) != key_of_service(service);
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

}  // namespace xebec::apiserver
