// Namespaces: they go only when spec.finalizers is empty (k8s.io/kubernetes pkg/registry/core/namespace).
#include <algorithm>

#include "api/gen/corev1.h"
#include "apiserver/registry/strategies/strategies.h"
#include "apiserver/validation/core.h"

namespace xebec::apiserver {
namespace {

class NamespaceStrategy final : public TableStrategy {
 public:
  using TableStrategy::TableStrategy;

  void prepare_for_create(const Context&, api::Object& object) const override {
    auto& ns = object.get<corev1::Namespace>();
    ns.status = {};
    ns.status.phase = "Active";
    auto& finalizers = ns.spec.finalizers;
    if (std::find(finalizers.begin(), finalizers.end(), "kubernetes") == finalizers.end())
      finalizers.emplace_back("kubernetes");
    ns.metadata.labels["kubernetes.io/metadata.name"] = ns.metadata.name;
  }

  void prepare_for_update(const Context&, std::string_view subresource, api::Object& object,
                          const api::Object& old_object) const override {
    auto& ns = object.get<corev1::Namespace>();
    const auto& old = old_object.get<corev1::Namespace>();
    if (subresource != "finalize") ns.spec.finalizers = old.spec.finalizers;
    if (subresource != "status") ns.status = old.status;
    ns.metadata.labels["kubernetes.io/metadata.name"] = ns.metadata.name;
  }

  field::Errors validate_update(const Context& context, std::string_view subresource,
                                const api::Object& object, const api::Object& old) const override {
    if (subresource == "finalize")
      return validation::validate_namespace_finalize(object.get<corev1::Namespace>());
    return TableStrategy::validate_update(context, subresource, object, old);
  }

  bool may_remove(const api::Object& object) const override {
    const auto& ns = object.get<corev1::Namespace>();
    return ns.metadata.deletionTimestamp.has_value() && ns.spec.finalizers.empty();
  }

  void on_deleting(api::Object& object) const override {
    auto& ns = object.get<corev1::Namespace>();
    ns.status.phase = "Terminating";
    ns.metadata.deletionGracePeriodSeconds.reset();
  }
};

}  // namespace

std::shared_ptr<const Strategy> make_namespace_strategy(const api::Resource& resource,
                                                        const api::Message& hub) {
  StrategyRules rules;
  rules.name_rule = api::name_is_dns_label;
  rules.returns_object = true;
  rules.selectable = {{"status.phase", "status.phase"}};
  return std::make_shared<NamespaceStrategy>(resource, hub, std::move(rules));
}

}  // namespace xebec::apiserver
