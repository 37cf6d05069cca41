// Kinds with a template of Pods: Deployments, ReplicaSets, DaemonSets, StatefulSets, ReplicationControllers,
// PodTemplates. What is common: disabled fields of the template go, and it is warned about.
#include "api/gen/appsv1.h"
#include "api/gen/corev1.h"
#include "apiserver/registry/strategies/pod_fields.h"
#include "apiserver/registry/strategies/pod_warnings.h"
#include "apiserver/registry/strategies/strategies.h"

namespace xebec::apiserver {
namespace {

template <class T>
corev1::PodTemplateSpec* template_of(T& object) {
  return &object.spec.template_;
}
corev1::PodTemplateSpec* template_of(corev1::ReplicationController& rc) { return rc.spec.template_.get(); }
corev1::PodTemplateSpec* template_of(corev1::PodTemplate& object) { return &object.template_; }

template <class T>
class WorkloadStrategy final : public TableStrategy {
 public:
  WorkloadStrategy(const api::Resource& resource, const api::Message& hub, StrategyRules rules,
                   std::string_view template_path, std::string_view name_used_in)
      : TableStrategy(resource, hub, std::move(rules)),
        template_path_(template_path),
        name_used_in_(name_used_in) {}

  void prepare_for_create(const Context& context, api::Object& object) const override {
    drop(object);
    TableStrategy::prepare_for_create(context, object);
  }
  void prepare_for_update(const Context& context, std::string_view subresource, api::Object& object,
                          const api::Object& old) const override {
    drop(object);
    TableStrategy::prepare_for_update(context, subresource, object, old);
  }

  std::vector<std::string> warnings_on_create(const api::Object& object) const override {
    Warnings warnings;
    if (!name_used_in_.empty()) warn_of_name(warnings, object.meta()->name, name_used_in_);
    for (std::string& warning : warnings_of(object)) warnings.push_back(std::move(warning));
    warn_always(warnings, object);
    return warnings;
  }
  std::vector<std::string> warnings_on_update(const api::Object& object,
                                              const api::Object& old) const override {
    Warnings warnings;
    if (object.meta()->generation != old.meta()->generation) warnings = warnings_of(object);
    warn_always(warnings, object);
    return warnings;
  }

 private:
  static void drop(api::Object& object) {
    if (corev1::PodTemplateSpec* found = template_of(object.get<T>())) drop_disabled_fields(found->spec);
  }
  Warnings warnings_of(const api::Object& object) const {
    const corev1::PodTemplateSpec* found = template_of(const_cast<T&>(object.get<T>()));
    return found == nullptr ? Warnings() : warnings_for_template(template_path_, *found);
  }
  // Beside the template's, whatever changed.
  static void warn_always(Warnings& warnings, const api::Object& object) {
    if constexpr (std::is_same_v<T, appsv1::StatefulSet>) {
      if (object.get<T>().spec.revisionHistoryLimit.value_or(0) < 0) {
        warnings.emplace_back(
            "spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is "
            "recommended");
      }
    }
  }

  const field::Path template_path_;
  const std::string name_used_in_;
};

template <class T>
std::shared_ptr<const Strategy> make(const api::Resource& resource, const api::Message& hub,
                                     StrategyRules rules, std::string_view name_used_in,
                                     std::string_view path = "spec.template") {
  return std::make_shared<WorkloadStrategy<T>>(resource, hub, std::move(rules), path, name_used_in);
}

}  // namespace

std::shared_ptr<const Strategy> make_workload_strategy(const api::Resource& resource, const api::Message& hub,
                                                       StrategyRules rules) {
  const std::string_view plural = resource.plural;
  if (plural == "deployments")
    return make<appsv1::Deployment>(resource, hub, std::move(rules), "Pod names and hostnames");
  if (plural == "replicasets")
    return make<appsv1::ReplicaSet>(resource, hub, std::move(rules), "Pod names and hostnames");
  if (plural == "daemonsets") return make<appsv1::DaemonSet>(resource, hub, std::move(rules), "");
  if (plural == "statefulsets") return make<appsv1::StatefulSet>(resource, hub, std::move(rules), "");
  if (plural == "replicationcontrollers")
    return make<corev1::ReplicationController>(resource, hub, std::move(rules), "Pod names and hostnames");
  if (plural == "podtemplates")
    return make<corev1::PodTemplate>(resource, hub, std::move(rules), "", "template");
  return nullptr;
}

}  // namespace xebec::apiserver
