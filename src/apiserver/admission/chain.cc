#include <fmt/format.h>

#include <algorithm>

#include "apiserver/admission/admission_metrics.h"
#include "apiserver/admission/plugins.h"

namespace xebec::apiserver {
namespace {

// All that upstream knows; its own last three steps (policies and webhooks) are among them.
constexpr std::string_view kKnown[] = {"AlwaysAdmit",
                                       "AlwaysDeny",
                                       "AlwaysPullImages",
                                       "CertificateApproval",
                                       "CertificateSigning",
                                       "CertificateSubjectRestriction",
                                       "ClusterTrustBundleAttest",
                                       "DefaultIngressClass",
                                       "DefaultStorageClass",
                                       "DefaultTolerationSeconds",
                                       "DenyServiceExternalIPs",
                                       "EventRateLimit",
                                       "ExtendedResourceToleration",
                                       "ImagePolicyWebhook",
                                       "LimitPodHardAntiAffinityTopology",
                                       "LimitRanger",
                                       "MutatingAdmissionPolicy",
                                       "MutatingAdmissionWebhook",
                                       "NamespaceAutoProvision",
                                       "NamespaceExists",
                                       "NamespaceLifecycle",
                                       "NodeDeclaredFeatureValidator",
                                       "NodeRestriction",
                                       "OwnerReferencesPermissionEnforcement",
                                       "PersistentVolumeClaimResize",
                                       "PodNodeSelector",
                                       "PodSecurity",
                                       "PodTolerationRestriction",
                                       "PodTopologyLabels",
                                       "Priority",
                                       "ResourceQuota",
                                       "RuntimeClass",
                                       "ServiceAccount",
                                       "StorageObjectInUseProtection",
                                       "TaintNodesByCondition",
                                       "ValidatingAdmissionPolicy",
                                       "ValidatingAdmissionWebhook"};

bool contains(const auto& names, std::string_view name) {
  return std::ranges::find(names, name) != std::end(names);
}

using Plugins = std::vector<std::unique_ptr<AdmissionPlugin>>;

Result<void> check(const AdmissionOptions& options, const Plugins& built) {
  auto problem = [](std::string text) { return fail(errors::bad_request(std::move(text))); };
  for (const std::string& name : options.enabled) {
    if (!contains(kKnown, name))
      return problem(fmt::format("enable-admission-plugins plugin \"{}\" is unknown", name));
    if (std::ranges::none_of(built, [&](const auto& plugin) { return plugin->name() == name; }))
      return problem(fmt::format("admission plugin \"{}\" is not supported yet", name));
    if (contains(options.disabled, name)) {
      return problem(
          fmt::format("[{}] in enable-admission-plugins and disable-admission-plugins overlapped", name));
    }
  }
  for (const std::string& name : options.disabled) {
    if (!contains(kKnown, name))
      return problem(fmt::format("disable-admission-plugins plugin \"{}\" is unknown", name));
  }
  return {};
}

}  // namespace

std::string_view operation_name(Operation operation) {
  switch (operation) {
    case Operation::kCreate:
      return "CREATE";
    case Operation::kUpdate:
      return "UPDATE";
    case Operation::kDelete:
      return "DELETE";
    case Operation::kConnect:
      return "CONNECT";
  }
  return "";
}

Task<Result<void>> AdmissionPlugin::admit(const Context&, AdmissionAttributes&) { co_return Result<void>(); }
Task<Result<void>> AdmissionPlugin::validate(const Context&, const AdmissionAttributes&) {
  co_return Result<void>();
}

AdmissionChain::AdmissionChain(std::vector<std::unique_ptr<AdmissionPlugin>> plugins)
    : AdmissionChain(std::move(plugins), nullptr) {}
AdmissionChain::AdmissionChain(std::vector<std::unique_ptr<AdmissionPlugin>> plugins,
                               std::unique_ptr<AdmissionMetrics> metrics)
    : plugins_(std::move(plugins)), metrics_(std::move(metrics)) {}
AdmissionChain::AdmissionChain(AdmissionChain&&) noexcept = default;
AdmissionChain::~AdmissionChain() = default;

namespace {

// Asks one plugin after another until one refuses; `ask` outlives the task.
template <class Ask>
Task<Result<void>> ask_each(const Plugins& plugins, AdmissionMetrics* metrics, AdmissionMetrics::Pass pass,
                            Operation operation, const Ask& ask) {
  const MonotonicTime start = Executor::current()->now();
  MonotonicTime last = start;
  Result<void> verdict;
  for (size_t i = 0; i < plugins.size() && verdict; ++i) {
    if (!plugins[i]->handles(operation)) continue;
    verdict = co_await ask(*plugins[i]);
    const MonotonicTime now = Executor::current()->now();
    if (metrics) metrics->plugin(i, pass, operation, !verdict, now - last);
    last = now;
  }
  if (metrics) metrics->step(pass, operation, !verdict, last - start);
  co_return verdict;
}

}  // namespace

Task<Result<void>> AdmissionChain::admit(const Context& context, AdmissionAttributes& attributes) const {
  auto ask = [&](AdmissionPlugin& plugin) { return plugin.admit(context, attributes); };
  co_return co_await ask_each(plugins_, metrics_.get(), AdmissionMetrics::Pass::kAdmit, attributes.operation,
                              ask);
}

Task<Result<void>> AdmissionChain::validate(const Context& context,
                                            const AdmissionAttributes& attributes) const {
  auto ask = [&](AdmissionPlugin& plugin) { return plugin.validate(context, attributes); };
  co_return co_await ask_each(plugins_, metrics_.get(), AdmissionMetrics::Pass::kValidate,
                              attributes.operation, ask);
}

Result<AdmissionChain> make_admission_chain(const AdmissionDependencies& dependencies,
                                            const AdmissionOptions& options) {
  Plugins plugins;
  plugins.push_back(make_namespace_lifecycle(dependencies));
  plugins.push_back(make_service_account(dependencies));
  plugins.push_back(make_node_restriction(dependencies));
  plugins.push_back(make_taint_nodes_by_condition());
  plugins.push_back(make_priority(dependencies));
  plugins.push_back(make_default_toleration_seconds(options.tolerations));
  plugins.push_back(make_certificate_approval(dependencies));
  plugins.push_back(make_certificate_signing(dependencies));
  plugins.push_back(make_certificate_subject_restriction());
  TRY_VOID(check(options, plugins));
  std::erase_if(plugins, [&](const auto& plugin) { return contains(options.disabled, plugin->name()); });
  plugins.push_back(make_rbac_escalation_check(dependencies));
  std::unique_ptr<AdmissionMetrics> metrics;
  if (dependencies.metrics) {
    std::vector<std::string> names;
    for (const auto& plugin : plugins) names.emplace_back(plugin->name());
    metrics = std::make_unique<AdmissionMetrics>(*dependencies.metrics, std::move(names));
  }
  return AdmissionChain(std::move(plugins), std::move(metrics));
}

}  // namespace xebec::apiserver
