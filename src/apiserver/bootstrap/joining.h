// What lets new nodes join a cluster with a bootstrap token: the ConfigMap kube-public/cluster-info, which
// says where the API server is and by which CA to know it, and who may do what on the way. What kubeadm does
// in its phases bootstrap-token and kubelet-finalize.
#pragma once

#include <string>

#include "apiserver/registry/registry.h"

namespace xebec::apiserver {

struct JoiningFacts {
  std::string server_url;  // "https://10.0.0.1:6443"
  std::string ca_pem;
};

// Idempotent.
Task<Result<void>> ensure_cluster_info(const RegistryMap* registries, JoiningFacts facts);
// Everybody may read cluster-info; bootstrappers may ask for a node's certificate and are given it; nodes
// renew their own; the approver of kubelets' serving certificates may approve those.
Task<Result<void>> ensure_joining_rights(const RegistryMap* registries);

// A kubeconfig without a user.
std::string cluster_info_kubeconfig(const JoiningFacts& facts);

}  // namespace xebec::apiserver
