#include "apiserver/validation/policy.h"

#include "apiserver/validation/conditions.h"

namespace xebec::apiserver::validation {
namespace {

void check_amount(Errors& errors, const Path& path, const std::optional<api::IntOrString>& amount) {
  if (!amount) return;
  check_int_or_percent(errors, path, *amount);
  check_not_over_100_percent(errors, path, *amount);
}

Errors validate(const policyv1::PodDisruptionBudget& budget, SelectorValues values) {
  Errors errors;
  const Path path("spec");
  const policyv1::PodDisruptionBudgetSpec& spec = budget.spec;
  if (spec.minAvailable && spec.maxUnavailable) {
    errors.push_back(
        field::invalid(path, go_json(spec), "minAvailable and maxUnavailable cannot be both set"));
  }
  check_amount(errors, path.child("minAvailable"), spec.minAvailable);
  check_amount(errors, path.child("maxUnavailable"), spec.maxUnavailable);
  if (spec.selector) check_label_selector(errors, path.child("selector"), *spec.selector, values);
  check_enum(errors, path.child("unhealthyPodEvictionPolicy"), spec.unhealthyPodEvictionPolicy,
             {"AlwaysAllow", "IfHealthyBudget"});
  return errors;
}

}  // namespace

Errors validate_disruption_budget(const policyv1::PodDisruptionBudget& budget) {
  return validate(budget, SelectorValues::kChecked);
}

Errors validate_disruption_budget_update(const policyv1::PodDisruptionBudget& budget,
                                         const policyv1::PodDisruptionBudget& old) {
  return validate(budget, values_after(old.spec.selector ? &*old.spec.selector : nullptr));
}

Errors validate_disruption_budget_status_update(const policyv1::PodDisruptionBudget& budget,
                                                const policyv1::PodDisruptionBudget&) {
  Errors errors;
  const Path path("status");
  const policyv1::PodDisruptionBudgetStatus& status = budget.status;
  check_conditions(errors, path.child("conditions"), status.conditions);
  check_non_negative(errors, path.child("disruptionsAllowed"), status.disruptionsAllowed);
  check_non_negative(errors, path.child("currentHealthy"), status.currentHealthy);
  check_non_negative(errors, path.child("desiredHealthy"), status.desiredHealthy);
  check_non_negative(errors, path.child("expectedPods"), status.expectedPods);
  return errors;
}

}  // namespace xebec::apiserver::validation
