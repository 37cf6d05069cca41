// DeviceTaintRules: a taint that devices get which their driver did not give them.
#include "apiserver/validation/conditions.h"
#include "apiserver/validation/devices.h"
#include "apiserver/validation/volume_plugins.h"

namespace xebec::apiserver::validation {
namespace {

constexpr size_t kMostConditions = 8;

using Spec = resourcev1alpha3::DeviceTaintRuleSpec;

Errors validate_spec(const Spec& spec, const Spec* old) {
  Errors errors;
  const Path selector = Path("spec").child("deviceSelector"), taint = Path("spec").child("taint");
  if (spec.deviceSelector) {
    const auto& wanted = *spec.deviceSelector;
    if (wanted.driver) check_csi_driver_name(errors, selector.child("driver"), *wanted.driver);
    if (wanted.pool) check_pool_name(errors, selector.child("pool"), *wanted.pool);
    if (wanted.device) check_dns_label(errors, selector.child("device"), *wanted.device);
  }
  check_qualified_name(errors, taint.child("key"), spec.taint.key);
  if (!spec.taint.value.empty()) check_label_value(errors, taint.child("value"), spec.taint.value);
  // An effect that a later release knew may stay.
  if (old == nullptr || old->taint.effect != spec.taint.effect) {
    check_required_enum(errors, taint.child("effect"), spec.taint.effect,
                        {"NoExecute", "NoSchedule", "None"});
  }
  return errors;
}

}  // namespace

Errors validate_taint_rule(const TaintRule& rule) { return validate_spec(rule.spec, nullptr); }

Errors validate_taint_rule_update(const TaintRule& rule, const TaintRule& old) {
  return validate_spec(rule.spec, &old.spec);
}

Errors validate_taint_rule_status_update(const TaintRule& rule, const TaintRule&) {
  Errors errors;
  const Path conditions = Path("status").child("conditions");
  check_conditions(errors, conditions, rule.status.conditions);
  if (rule.status.conditions.size() > kMostConditions) {
    errors.push_back(
        field::too_many(conditions, static_cast<int64_t>(rule.status.conditions.size()), kMostConditions));
  }
  return errors;
}

}  // namespace xebec::apiserver::validation
