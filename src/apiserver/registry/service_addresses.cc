#include "apiserver/registry/service_addresses.h"

#include <algorithm>

#include "apiserver/allocators/address.h"
#include "apiserver/allocators/service_allocator.h"

namespace xebec::apiserver {

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

std::string key_of_parent(const networkingv1::IPAddress& address) {
  if (!address.spec.parentRef) return {};
  const networkingv1::ParentReference& parent = *address.spec.parentRef;
  if (!parent.group.empty() || parent.resource != "services") return {};
  return parent.namespace_ + "/" + parent.name;
}

std::string key_of_service(const corev1::Service& service) {
  return service.metadata.namespace_ + "/" + service.metadata.name;
}

bool is_ours(const networkingv1::IPAddress& address) {
  return address.metadata.labels.value_or(kManagedByLabel, "") == kManager;
}

bool has_labels(const networkingv1::IPAddress& address) {
  const std::optional<Address> parsed = Address::parse(address.metadata.name);
  return is_ours(address) && parsed && address.metadata.labels.value_or(kFamilyLabel, "") == parsed->family();
}

void scan(const ResourceCache& cache, const std::function<void(const EntryPtr&)>& see) {
  cache.snapshot().tree.scan(cache.prefix(), storage::prefix_end(cache.prefix()), [&](const EntryPtr& entry) {
    see(entry);
    return true;
  });
}

}  // namespace xebec::apiserver
