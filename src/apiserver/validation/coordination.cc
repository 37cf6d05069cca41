#include "apiserver/validation/coordination.h"

#include <fmt/format.h>

namespace xebec::apiserver::validation {
namespace {

constexpr int32_t kHighestUserPriority = 1000000000;

// The two classes that every cluster has, with their only valid value.
const int32_t* system_priority(std::string_view name) {
  static constexpr int32_t kClusterCritical = 2 * kHighestUserPriority;
  static constexpr int32_t kNodeCritical = 2 * kHighestUserPriority + 1000;
  if (name == "system-cluster-critical") return &kClusterCritical;
  if (name == "system-node-critical") return &kNodeCritical;
  return nullptr;
}

}  // namespace

Errors validate_lease(const coordinationv1::Lease& lease) {
  Errors errors;
  const Path spec("spec");
  const coordinationv1::LeaseSpec& s = lease.spec;
  if (s.leaseDurationSeconds && *s.leaseDurationSeconds <= 0) {
    errors.push_back(field::invalid_int(spec.child("leaseDurationSeconds"), *s.leaseDurationSeconds,
                                        "must be greater than 0"));
  }
  if (s.leaseTransitions) check_non_negative(errors, spec.child("leaseTransitions"), *s.leaseTransitions);
  if (s.strategy) {
    if (s.strategy->find('/') == std::string::npos) {
      check_enum(errors, spec.child("strategy"), s.strategy, {"OldestEmulationVersion"});
    } else {
      check_qualified_name(errors, spec.child("strategy"), *s.strategy);
    }
  }
  if (!s.preferredHolder.value_or("").empty() && s.strategy.value_or("").empty()) {
    errors.push_back(
        field::forbidden(spec.child("preferredHolder"), "may only be specified when `strategy` is defined"));
  }
  return errors;
}

Errors validate_lease_update(const coordinationv1::Lease& lease, const coordinationv1::Lease&) {
  return validate_lease(lease);
}

Errors validate_priority_class(const schedulingv1::PriorityClass& priority_class) {
  Errors errors;
  const std::string& name = priority_class.metadata.name;
  if (name.starts_with("system-")) {
    const int32_t* known = system_priority(name);
    if (known == nullptr) {
      errors.push_back(field::forbidden(
          Path("metadata").child("name"),
          "priority class names with 'system-' prefix are reserved for system use only. error: " + name +
              " is not a known system priority class"));
    } else if (*known != priority_class.value) {
      errors.push_back(
          field::forbidden(Path("metadata").child("name"),
                           fmt::format("priority class names with 'system-' prefix are reserved for system "
                                       "use only. error: value of {} PriorityClass must be {}",
                                       name, *known)));
    }
  } else if (priority_class.value > kHighestUserPriority) {
    errors.push_back(field::forbidden(
        Path("value"),
        fmt::format("maximum allowed value of a user defined priority is {}", kHighestUserPriority)));
  }
  if (priority_class.preemptionPolicy) {
    check_required_enum(errors, Path("preemptionPolicy"), *priority_class.preemptionPolicy,
                        {"PreemptLowerPriority", "Never"});
  }
  return errors;
}

Errors validate_priority_class_update(const schedulingv1::PriorityClass& priority_class,
                                      const schedulingv1::PriorityClass& old) {
  Errors errors;
  if (priority_class.value != old.value)
    errors.push_back(field::forbidden(Path("value"), "may not be changed in an update."));
  if (priority_class.preemptionPolicy != old.preemptionPolicy) {
    errors.push_back(field::invalid_string(Path("preemptionPolicy"),
                                           priority_class.preemptionPolicy.value_or("null"), kImmutable));
  }
  return errors;
}

}  // namespace xebec::apiserver::validation
