// Priority: resolves priorityClassName to a number and a preemption policy, and allows one global default
// class (kubernetes plugin/pkg/admission/priority).
#include <fmt/format.h>

#include "api/gen/corev1.h"
#include "api/gen/schedulingv1.h"
#include "apiserver/admission/plugins.h"
#include "apiserver/cache/entry.h"
#include "apiserver/registry/registry.h"

namespace xebec::apiserver {
namespace {

using schedulingv1::PriorityClass;
using ClassPtr = std::shared_ptr<const api::Object>;

class Priority final : public AdmissionPlugin {
 public:
  explicit Priority(const RegistryMap& registries) : registries_(registries) {}
  std::string_view name() const override { return "Priority"; }
  bool handles(Operation operation) const override {
    return operation == Operation::kCreate || operation == Operation::kUpdate;
  }

  Task<Result<void>> admit(const Context& context, AdmissionAttributes& a) override {
    corev1::Pod* pod = a.object != nullptr && a.subresource.empty() ? a.object->as<corev1::Pod>() : nullptr;
    if (pod == nullptr) co_return Result<void>();
    if (a.operation == Operation::kUpdate) {
      keep(*pod, a.old_object->get<corev1::Pod>());
      co_return Result<void>();
    }
    co_return co_await resolve(context, a, *pod);
  }

  Task<Result<void>> validate(const Context& context, const AdmissionAttributes& a) override {
    const PriorityClass* wanted = a.object != nullptr ? a.object->as<PriorityClass>() : nullptr;
    if (wanted == nullptr || !wanted->globalDefault) co_return Result<void>();
    CO_TRY(ClassPtr current, co_await default_class(context));
    if (current && (a.operation == Operation::kCreate || current->meta()->name != wanted->metadata.name)) {
      co_return fail(
          errors::forbidden({"scheduling.k8s.io", "priorityclasses"}, a.name,
                            fmt::format("PriorityClass {} is already marked as default. Only one default "
                                        "can exist",
                                        current->meta()->name)));
    }
    co_return Result<void>();
  }

 private:
  // What was resolved once stays, for clients that send back a Pod without it.
  static void keep(corev1::Pod& pod, const corev1::Pod& old) {
    if (!pod.spec.priority) pod.spec.priority = old.spec.priority;
    if (!pod.spec.preemptionPolicy) pod.spec.preemptionPolicy = old.spec.preemptionPolicy;
  }

  Task<Result<ClassPtr>> default_class(const Context& context) {
    ListRequest request;
    request.resource_version = std::string("0");
    CO_TRY(ListPage page, co_await classes()->list(context, std::move(request)));
    ClassPtr best;
    for (const auto& entry : page.items) {
      CO_TRY(ClassPtr object, entry->object());
      const auto& candidate = object->get<PriorityClass>();
      // Several defaults can only come from older data: the lowest value counts.
      if (candidate.globalDefault && (!best || candidate.value < best->get<PriorityClass>().value))
        best = object;
    }
    co_return best;
  }

  Task<Result<ClassPtr>> class_of(const Context& context, const AdmissionAttributes& a, std::string name) {
    if (name.empty()) co_return co_await default_class(context);
    GetRequest request;
    request.name = name;
    auto entry = co_await classes()->get(context, std::move(request));
    if (!entry && entry.error().is(reason::kNotFound)) {
      co_return fail(errors::forbidden({"", "pods"}, a.name,
                                       fmt::format("no PriorityClass with name {} was found", name)));
    }
    if (!entry) co_return fail(std::move(entry).error());
    co_return (*entry)->object();
  }

  Task<Result<void>> resolve(const Context& context, const AdmissionAttributes& a, corev1::Pod& pod) {
    CO_TRY(ClassPtr found, co_await class_of(context, a, pod.spec.priorityClassName));
    int32_t value = 0;
    std::string policy = "PreemptLowerPriority";
    if (found) {
      const auto& priority_class = found->get<PriorityClass>();
      pod.spec.priorityClassName = priority_class.metadata.name;
      value = priority_class.value;
      if (priority_class.preemptionPolicy) policy = *priority_class.preemptionPolicy;
    }
    if (pod.spec.priority && *pod.spec.priority != value) {
      co_return fail(errors::forbidden(
          {"", "pods"}, a.name,
          fmt::format("the integer value of priority ({}) must not be provided in pod spec; "
                      "priority admission controller computed {} from the given PriorityClass name",
                      *pod.spec.priority, value)));
    }
    if (pod.spec.preemptionPolicy && *pod.spec.preemptionPolicy != policy) {
      co_return fail(errors::forbidden(
          {"", "pods"}, a.name,
          fmt::format("the string value of PreemptionPolicy ({}) must not be provided in pod "
                      "spec; priority admission controller computed {} from the given "
                      "PriorityClass name",
                      *pod.spec.preemptionPolicy, policy)));
    }
    pod.spec.priority = value;
    pod.spec.preemptionPolicy = std::move(policy);
    co_return Result<void>();
  }

  Registry* classes() const { return registries_.find("scheduling.k8s.io", "priorityclasses"); }

  const RegistryMap& registries_;
};

}  // namespace

std::unique_ptr<AdmissionPlugin> make_priority(const AdmissionDependencies& dependencies) {
  return std::make_unique<Priority>(*dependencies.registries);
}

}  // namespace xebec::apiserver
