// What IPAddresses say of Services and Services of addresses.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "api/gen/corev1.h"
#include "api/gen/networkingv1.h"
#include "apiserver/cache/resource_cache.h"

namespace xebec::apiserver {

inline constexpr std::string_view kFamilyLabel = "ipaddress.kubernetes.io/ip-family";
inline constexpr std::string_view kManagedByLabel = "ipaddress.kubernetes.io/managed-by";
inline constexpr std::string_view kManager = "ipallocator.k8s.io";

// Addresses that the Service was given, in the form of the names of IPAddresses.
std::vector<std::string> addresses_of(const corev1::Service& service);
bool has_address(const corev1::Service& service, const std::string& address);
// "namespace/name".
std::string key_of_service(const corev1::Service& service);
// The same of the Service that an address is for; empty when it is for something else.
std::string key_of_parent(const networkingv1::IPAddress& address);
// Made by an allocator of cluster IPs, of ours or of upstream's.
bool is_ours(const networkingv1::IPAddress& address);
bool has_labels(const networkingv1::IPAddress& address);

void scan(const ResourceCache& cache, const std::function<void(const EntryPtr&)>& see);

}  // namespace xebec::apiserver
