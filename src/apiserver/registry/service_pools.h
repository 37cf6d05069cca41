// ServicePools: the stored side of what Services hold of the cluster: IPAddresses, ServiceCIDRs and the
// allocation of node ports; and the repair of the three (k8s.io/kubernetes
// pkg/registry/core/service/ipallocator, portallocator and their repair controllers).
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "apiserver/allocators/allocator_metrics.h"
#include "apiserver/allocators/service_allocator.h"
#include "apiserver/registry/generic_registry.h"
#include "apiserver/registry/repair_events.h"
#include "base/logger.h"

namespace xebec::networkingv1 {
struct IPAddress;
}

namespace xebec::apiserver {

class ServicePools final : public AddressBook {
 public:
  // `env` as registries have it. `ranges` are the server's own, good until there is a ServiceCIDR.
  ServicePools(RegistryEnv env, std::vector<IpRange> ranges, int32_t first_node_port, int32_t last_node_port,
               Logger logger);
  // Once all registries are there, before anything else.
  void attach(std::shared_ptr<ResourceCache> services, std::shared_ptr<ResourceCache> addresses,
              std::shared_ptr<ResourceCache> cidrs, Registry* events);
  // Brings the gauges of what is taken up to date.
  void show_metrics();

  // When the caches are filled: reads which ports are taken, and repairs once.
  Task<Result<void>> start();
  // Repairs every three minutes, and tells what was found.
  Task<void> run(CancelToken cancel);
  // Brings what is known up to date with what any server has written.
  Task<Result<void>> refresh(Context context);
  Task<Result<void>> repair();

  ServiceAllocator& allocator() { return allocator_; }

  std::vector<IpRange> ranges() const override;
  bool is_taken(const std::string& address) const override;
  bool is_anothers(const std::string& address, const corev1::Service& service) const override;
  std::string key_of(const std::string& address) const override;
  Result<storage::Bytes> record(const std::string& address, const corev1::Service& service) const override;

 private:
  using ServicePtr = std::shared_ptr<const api::Object>;
  using Services = std::map<std::string, ServicePtr>;  // by "namespace/name"

  Result<Services> stored_services() const;
  std::shared_ptr<const networkingv1::IPAddress> stored_address(const std::string& address) const;
  Task<Result<void>> read_ports(const Services& services);
  // Of every ServiceCIDR, whether addresses may be taken from it or not.
  std::vector<IpRange> all_ranges() const;
  // service_repair.cc
  Task<Result<void>> repair_addresses(const Services& services);
  Task<Result<void>> repair_address(std::string address, ServicePtr service, const Services& services);
  Task<Result<void>> remove_leaked(const Services& services);
  Task<Result<void>> remove_address(EntryPtr entry);
  Task<Result<void>> repair_ports(const Services& services);
  std::set<int32_t> used_ports(const Services& services, const std::set<int32_t>& stored);
  std::set<int32_t> without_leaks(std::set<int32_t> stored, const std::set<int32_t>& used);
  void found_address(const corev1::Service& service, std::string_view kind, std::string_view reason,
                     std::string note);
  void found_port(const corev1::Service& service, std::string_view kind, std::string_view reason,
                  std::string note);
  Task<void> tell();
  Task<Result<bool>> write(storage::Txn txn);

  const RegistryEnv env_;
  const std::vector<IpRange> ranges_;
  const Logger logger_;
  const std::unique_ptr<AllocatorMetrics> metrics_;  // nullptr: nothing is counted
  std::shared_ptr<ResourceCache> services_, addresses_, cidrs_;
  Registry* event_registry_ = nullptr;
  ServiceAllocator allocator_;
  RepairEvents events_;
  std::vector<Finding> findings_;  // that nobody was told yet
  std::map<int32_t, int> leaks_;   // how often more a port that nobody holds is left alone
};

}  // namespace xebec::apiserver
