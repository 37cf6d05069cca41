// The built-in admission plugins, one factory each; admission/chain.cc puts them into upstream's order.
// References outlive the plugins.
#pragma once

#include <memory>

#include "apiserver/admission/plugin.h"

namespace xebec {
class Rng;
}

namespace xebec::apiserver {

class Authorizer;
class RegistryMap;
namespace rbac {
class Policy;
}

struct AdmissionDependencies {
  const RegistryMap* registries = nullptr;
  std::shared_ptr<Authorizer> authorizer;
  std::shared_ptr<const rbac::Policy> policy;
  Rng* rng = nullptr;
};

std::unique_ptr<AdmissionPlugin> make_namespace_lifecycle(const AdmissionDependencies& dependencies);
std::unique_ptr<AdmissionPlugin> make_service_account(const AdmissionDependencies& dependencies);
std::unique_ptr<AdmissionPlugin> make_node_restriction(const AdmissionDependencies& dependencies);
std::unique_ptr<AdmissionPlugin> make_taint_nodes_by_condition();
std::unique_ptr<AdmissionPlugin> make_priority(const AdmissionDependencies& dependencies);
std::unique_ptr<AdmissionPlugin> make_default_toleration_seconds();
// Not a plugin of upstream's list: the escalation checks of its RBAC registries.
std::unique_ptr<AdmissionPlugin> make_rbac_escalation_check(const AdmissionDependencies& dependencies);

// All of them, in order.
AdmissionChain make_admission_chain(const AdmissionDependencies& dependencies);

}  // namespace xebec::apiserver
