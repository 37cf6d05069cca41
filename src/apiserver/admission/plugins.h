// The built-in admission plugins, one factory each; admission/chain.cc puts them into upstream's order.
// References outlive the plugins.
#pragma once

#include <memory>

#include "apiserver/admission/plugin.h"

namespace xebec {
class Metrics;
class Rng;
}  // namespace xebec

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
  Metrics* metrics = nullptr;  // nullptr: nothing is timed
};

std::unique_ptr<AdmissionPlugin> make_namespace_lifecycle(const AdmissionDependencies& dependencies);
std::unique_ptr<AdmissionPlugin> make_service_account(const AdmissionDependencies& dependencies);
std::unique_ptr<AdmissionPlugin> make_node_restriction(const AdmissionDependencies& dependencies);
std::unique_ptr<AdmissionPlugin> make_taint_nodes_by_condition();
std::unique_ptr<AdmissionPlugin> make_priority(const AdmissionDependencies& dependencies);
// How long a Pod stays on a node that is not ready, or unreachable, when it does not say itself.
struct DefaultTolerations {
  int64_t not_ready_seconds = 300;
  int64_t unreachable_seconds = 300;
};
std::unique_ptr<AdmissionPlugin> make_default_toleration_seconds(DefaultTolerations tolerations);
std::unique_ptr<AdmissionPlugin> make_certificate_approval(const AdmissionDependencies& dependencies);
std::unique_ptr<AdmissionPlugin> make_certificate_signing(const AdmissionDependencies& dependencies);
std::unique_ptr<AdmissionPlugin> make_certificate_subject_restriction();
// Not a plugin of upstream's list: the escalation checks of its RBAC registries.
std::unique_ptr<AdmissionPlugin> make_rbac_escalation_check(const AdmissionDependencies& dependencies);

struct AdmissionOptions {
  std::vector<std::string> enabled, disabled;  // names, beside the defaults
  DefaultTolerations tolerations;
};

// All that are not disabled, in order. An error for names that upstream does not know, that are in both
// lists, and for those to be enabled that are not built yet.
Result<AdmissionChain> make_admission_chain(const AdmissionDependencies& dependencies,
                                            const AdmissionOptions& options);

}  // namespace xebec::apiserver
