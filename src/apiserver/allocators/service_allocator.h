// What Services hold of the cluster's shared pools: cluster IPs and node ports (k8s.io/kubernetes
// pkg/registry/core/service/storage alloc.go). Kept in memory, rebuilt from the stored Services at start.
// Thread-safe.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "apiserver/allocators/ip_range.h"
#include "apiserver/registry/strategy.h"

namespace xebec::corev1 {
struct Service;
}

namespace xebec::apiserver {

class ServiceAllocator {
 public:
  ServiceAllocator(IpRange cluster_ips, int32_t first_node_port, int32_t last_node_port, Rng& rng);

  // Fills what the service asks for: clusterIP(s), IP families, node ports. Nothing is kept on failure.
  Result<std::unique_ptr<Reservation>> create(corev1::Service& service, bool dry_run);
  // The reservation takes what is new; committed, it gives back what the old one had and the new one has not.
  Result<std::unique_ptr<Reservation>> update(corev1::Service& service, const corev1::Service& old,
                                              bool dry_run);
  void release(const corev1::Service& service);
  // A stored service, at start.
  void mark(const corev1::Service& service);

  // Where several servers share a store, a write that takes something is done only if nobody else has taken
  // anything since the revision up to which the stored services are known: all such writes put one key.
  static constexpr const char* kSharedKey = "xebec_service_pools";
  // From now on. `revision`: of that key, the services of which have been marked; 0: there is none.
  void share(int64_t revision) { shared_revision_ = revision; }
  // What is stored by now is taken, and what is being written.
  void replace(const std::vector<std::shared_ptr<const api::Object>>& services, int64_t revision);

  size_t used_ips() const { return ips_.used(); }
  size_t used_ports() const { return ports_.used(); }

 private:
  class Holding;
  Result<void> allocate_ips(corev1::Service& service, Holding& holding);
  Result<void> allocate_ports(corev1::Service& service, const corev1::Service* old, Holding& holding);
  Result<void> allocate_health_check_port(corev1::Service& service, const corev1::Service* old,
                                          Holding& holding);

  static constexpr int64_t kNotShared = -1;
  std::atomic<int64_t> shared_revision_{kNotShared};
  IpRange ips_;
  PortRange ports_;
  Rng& rng_;
};

// What a service of its type holds.
bool needs_cluster_ip(const corev1::Service& service);
bool needs_node_port(const corev1::Service& service);
bool needs_health_check_port(const corev1::Service& service);
bool is_headless(const corev1::Service& service);

}  // namespace xebec::apiserver
