// What Services hold of the cluster's shared pools: cluster IPs and node ports (k8s.io/kubernetes
// pkg/registry/core/service/storage alloc.go). Who holds what is stored as upstream stores it, so that any
// number of API servers, upstream's among them, agree: an IPAddress object a cluster IP (KEP-1880), and one
// bitmap of node ports. They are written in the transaction that writes the Service, which fails when another
// server was faster. Thread-safe.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

#include "apiserver/allocators/ip_range.h"
#include "apiserver/allocators/port_range.h"
#include "apiserver/allocators/service_families.h"
#include "apiserver/registry/strategy.h"
#include "base/sync.h"

namespace xebec::corev1 {
struct Service;
}

namespace xebec::apiserver {

class AllocatorMetrics;

// The stored IPAddresses and ServiceCIDRs, as far as this server has seen them. Thread-safe.
class AddressBook {
 public:
  virtual ~AddressBook() = default;
  // Ranges of ServiceCIDRs that addresses may be taken from now.
  virtual std::vector<IpRange> ranges() const = 0;
  virtual bool is_taken(const std::string& address) const = 0;
  // It is known to be held by something else than this Service.
  virtual bool is_anothers(const std::string& address, const corev1::Service& service) const = 0;
  virtual std::string key_of(const std::string& address) const = 0;
  // The IPAddress that says that the Service has the address, as it is stored.
  virtual Result<storage::Bytes> record(const std::string& address, const corev1::Service& service) const = 0;
};

class ServiceAllocator {
 public:
  // `families` of the cluster, its first choice first. Everything outlives it.
  ServiceAllocator(std::vector<std::string> families, int32_t first_node_port, int32_t last_node_port,
                   const AddressBook& book, Rng& rng, AllocatorMetrics* metrics = nullptr);

  // Fills what the service asks for: clusterIP(s), IP families, node ports. Nothing is kept on failure.
  Result<std::unique_ptr<Reservation>> create(corev1::Service& service, PoolUse use);
  // What is new is taken; what the old one had and the new one has not is given back.
  Result<std::unique_ptr<Reservation>> update(corev1::Service& service, const corev1::Service& old,
                                              PoolUse use);
  // Gives everything back.
  std::unique_ptr<Reservation> remove(const corev1::Service& service, bool dry_run);

  // Where upstream keeps the node ports that are taken: a RangeAllocation.
  static constexpr const char* kPortsKey = "/registry/ranges/servicenodeports";
  static storage::Bytes port_allocation(const PortRange& ports, std::string bitmap);
  // What that key holds, and the revision it has; 0: it is not there.
  void set_ports(std::set<int32_t> stored, int64_t revision);
  const PortRange& ports() const { return ports_; }
  // Held while that key is written.
  AsyncMutex& ports_mutex() { return ports_mutex_; }

 private:
  class Holding;
  Result<void> allocate_ips(corev1::Service& service, size_t first, Holding& holding);
  Result<std::string> allocate_ip(const corev1::Service& service, const std::string& family,
                                  const std::string& wanted, Holding& holding);
  Result<void> update_ips(corev1::Service& service, const corev1::Service& old, Holding& holding);
  Result<void> allocate_ports(corev1::Service& service, const corev1::Service* old, Holding& holding);
  Result<void> allocate_health_check_port(corev1::Service& service, const corev1::Service* old,
                                          Holding& holding);
  // Nobody writes it now; from here on somebody does.
  bool begin(const std::string& address);
  void end(const std::vector<std::string>& addresses);

  const std::vector<std::string> families_;
  const AddressBook& book_;
  Rng& rng_;
  AllocatorMetrics* const metrics_;  // nullptr: nothing is counted
  PortRange ports_;
  std::atomic<int64_t> ports_revision_{0};
  AsyncMutex ports_mutex_;
  std::mutex mutex_;
  std::set<std::string> pending_;  // addresses of writes under way
};

// What a service of its type holds.
bool needs_cluster_ip(const corev1::Service& service);
bool needs_node_port(const corev1::Service& service);
bool needs_health_check_port(const corev1::Service& service);

}  // namespace xebec::apiserver
