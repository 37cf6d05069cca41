#include "apiserver/admission/plugins.h"

namespace xebec::apiserver {

Task<Result<void>> AdmissionPlugin::admit(const Context&, AdmissionAttributes&) { co_return Result<void>(); }
Task<Result<void>> AdmissionPlugin::validate(const Context&, const AdmissionAttributes&) {
  co_return Result<void>();
}

AdmissionChain::AdmissionChain(std::vector<std::unique_ptr<AdmissionPlugin>> plugins)
    : plugins_(std::move(plugins)) {}
AdmissionChain::AdmissionChain(AdmissionChain&&) noexcept = default;
AdmissionChain::~AdmissionChain() = default;

Task<Result<void>> AdmissionChain::admit(const Context& context, AdmissionAttributes& attributes) const {
  for (const auto& plugin : plugins_) {
    if (!plugin->handles(attributes.operation)) continue;
    CO_TRY_VOID(co_await plugin->admit(context, attributes));
  }
  co_return Result<void>();
}

Task<Result<void>> AdmissionChain::validate(const Context& context,
                                            const AdmissionAttributes& attributes) const {
  for (const auto& plugin : plugins_) {
    if (!plugin->handles(attributes.operation)) continue;
    CO_TRY_VOID(co_await plugin->validate(context, attributes));
  }
  co_return Result<void>();
}

AdmissionChain make_admission_chain(const AdmissionDependencies& dependencies) {
  std::vector<std::unique_ptr<AdmissionPlugin>> plugins;
  plugins.push_back(make_namespace_lifecycle(dependencies));
  plugins.push_back(make_service_account(dependencies));
  plugins.push_back(make_node_restriction(dependencies));
  plugins.push_back(make_taint_nodes_by_condition());
  plugins.push_back(make_priority(dependencies));
  plugins.push_back(make_default_toleration_seconds());
  plugins.push_back(make_rbac_escalation_check(dependencies));
  return AdmissionChain(std::move(plugins));
}

}  // namespace xebec::apiserver
