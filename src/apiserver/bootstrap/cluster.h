// What the API server itself creates in every cluster, and keeps as it should be (kubernetes
// pkg/controlplane: system namespaces, the `kubernetes` Service and its endpoints, the service range, system
// priority classes). Everything is idempotent; several servers may do it at once.
#pragma once

#include <string>
#include <vector>

#include "apiserver/registry/registry.h"
#include "base/cancel.h"
#include "base/clock.h"

namespace xebec::apiserver {

struct ClusterFacts {
  std::string service_cidr = "10.96.0.0/12";    // as the flag has it: one, or one of each family
  std::string advertise_address = "127.0.0.1";  // where clients in the cluster reach this server
  // Of all servers of the cluster, in order; empty: this one is alone.
  std::vector<std::string> server_addresses;
  int secure_port = 6443;
  std::string client_ca_pem;  // published for extension API servers; may be empty
};

// default, kube-system, kube-public, kube-node-lease.
Task<Result<void>> ensure_system_namespaces(const RegistryMap* registries);
// system-node-critical, system-cluster-critical.
Task<Result<void>> ensure_system_priority_classes(const RegistryMap* registries);
// Service, Endpoints and EndpointSlice `kubernetes` in `default`.
Task<Result<void>> ensure_kubernetes_service(const RegistryMap* registries, ClusterFacts facts);
// ServiceCIDR `kubernetes`, ready.
Task<Result<void>> ensure_service_cidr(const RegistryMap* registries, ClusterFacts facts, const Clock* clock);
// The same every ten seconds: it comes back when somebody deletes it.
Task<void> keep_service_cidr(const RegistryMap* registries, ClusterFacts facts, const Clock* clock,
                             CancelToken cancel);
// ConfigMap kube-system/extension-apiserver-authentication.
Task<Result<void>> ensure_authentication_info(const RegistryMap* registries, ClusterFacts facts);

// The address of the `kubernetes` Service: the first of the range.
Result<std::string> first_service_address(std::string_view cidr);

}  // namespace xebec::apiserver
