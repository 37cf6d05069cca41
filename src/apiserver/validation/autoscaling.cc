#include "apiserver/validation/autoscaling.h"

#include <fmt/format.h>

#include <algorithm>

namespace xebec::apiserver::validation {
namespace {

constexpr int32_t kLongestWindow = 3600, kLongestPeriod = 1800;  // seconds

using Autoscaler = autoscalingv2::HorizontalPodAutoscaler;

void check_policy(Errors& errors, const Path& path, const autoscalingv2::HPAScalingPolicy& policy) {
  check_enum(errors, path.child("type"), std::string_view(policy.type), {"Percent", "Pods"});
  check_positive(errors, path.child("value"), policy.value);
  check_positive(errors, path.child("periodSeconds"), policy.periodSeconds);
  if (policy.periodSeconds > kLongestPeriod) {
    errors.push_back(field::invalid_int(path.child("periodSeconds"), policy.periodSeconds,
                                        fmt::format("must be less than or equal to {}", kLongestPeriod)));
  }
}

void check_rules(Errors& errors, const Path& path, const autoscalingv2::HPAScalingRules& rules) {
  const Path window = path.child("stabilizationWindowSeconds");
  const int32_t seconds = rules.stabilizationWindowSeconds.value_or(0);
  if (seconds < 0)
    errors.push_back(field::invalid_int(window, seconds, "must be greater than or equal to zero"));
  if (seconds > kLongestWindow) {
    errors.push_back(
        field::invalid_int(window, seconds, fmt::format("must be less than or equal to {}", kLongestWindow)));
  }
  check_enum(errors, path.child("selectPolicy"), rules.selectPolicy, {"Disabled", "Max", "Min"});
  const Path policies = path.child("policies");
  if (rules.policies.empty()) errors.push_back(field::required(policies, "must specify at least one Policy"));
  for (size_t i = 0; i < rules.policies.size(); ++i)
    check_policy(errors, policies.index(i), rules.policies[i]);
  if (rules.tolerance && rules.tolerance->sign() < 0)
    errors.push_back(field::invalid_string(path.child("tolerance"), rules.tolerance->str(), kNonNegative));
}

void check_replicas(Errors& errors, const Path& path, const autoscalingv2::HorizontalPodAutoscalerSpec& spec,
                    int32_t least) {
  const Path most = path.child("maxReplicas");
  if (spec.minReplicas && *spec.minReplicas < least) {
    errors.push_back(field::invalid_int(path.child("minReplicas"), *spec.minReplicas,
                                        fmt::format("must be greater than or equal to {}", least)));
  }
  if (spec.maxReplicas == 0) {
    errors.push_back(field::required(most, "must be set and greater than 0"));
  } else if (spec.maxReplicas < 0) {
    errors.push_back(field::invalid_int(most, spec.maxReplicas, "must be greater than 0"));
  }
  if (spec.minReplicas && spec.maxReplicas < *spec.minReplicas) {
    errors.push_back(
        field::invalid_int(most, spec.maxReplicas, "must be greater than or equal to `minReplicas`"));
  }
}

Errors validate(const Autoscaler& autoscaler, int32_t least, const VersionRules& target, bool any_metric) {
  Errors errors;
  const Path path("spec");
  const autoscalingv2::HorizontalPodAutoscalerSpec& spec = autoscaler.spec;
  check_replicas(errors, path, spec, least);
  check_cross_version_reference(errors, path.child("scaleTargetRef"), spec.scaleTargetRef, target);
  check_metrics(errors, path.child("metrics"), spec, any_metric);
  if (!spec.behavior) return errors;
  const Path behavior = path.child("behavior");
  if (spec.behavior->scaleUp) check_rules(errors, behavior.child("scaleUp"), *spec.behavior->scaleUp);
  if (spec.behavior->scaleDown) check_rules(errors, behavior.child("scaleDown"), *spec.behavior->scaleDown);
  return errors;
}

// The only kind of the core group that scales.
bool in_core_group(const Autoscaler& autoscaler) {
  return autoscaler.spec.scaleTargetRef.kind == "ReplicationController";
}

bool has_wrong_version(const Autoscaler& autoscaler) {
  return std::any_of(autoscaler.spec.metrics.begin(), autoscaler.spec.metrics.end(), [](const auto& metric) {
    return metric.type == "Object" && metric.object &&
           !version_error(metric.object->describedObject.apiVersion, {.core_too = true}).empty();
  });
}

}  // namespace

std::string version_error(std::string_view version, const VersionRules& rules) {
  if (rules.any) return {};
  if (std::count(version.begin(), version.end(), '/') > 1)
    return fmt::format("unexpected GroupVersion string: {}", version);
  const size_t slash = version.find('/');
  const bool has_group = slash != std::string_view::npos && slash > 0;
  return rules.core_too || has_group ? "" : "apiVersion must specify API group";
}

void check_cross_version_reference(Errors& errors, const Path& path,
                                   const autoscalingv2::CrossVersionObjectReference& ref,
                                   const VersionRules& rules) {
  check_path_segment(errors, path.child("kind"), ref.kind);
  check_path_segment(errors, path.child("name"), ref.name);
  const std::string wrong = version_error(ref.apiVersion, rules);
  if (!wrong.empty())
    errors.push_back(field::invalid_string(path.child("apiVersion"), ref.apiVersion, wrong));
}

Errors validate_autoscaler(const Autoscaler& autoscaler) {
  return validate(autoscaler, 1, {.core_too = in_core_group(autoscaler)}, false);
}

Errors validate_autoscaler_update(const Autoscaler& autoscaler, const Autoscaler& old) {
  const auto &target = autoscaler.spec.scaleTargetRef, &before = old.spec.scaleTargetRef;
  const bool same = target.apiVersion == before.apiVersion && target.kind == before.kind;
  const int32_t least = old.spec.minReplicas == 0 ? 0 : 1;
  return validate(autoscaler, least, {.any = same, .core_too = in_core_group(autoscaler)},
                  has_wrong_version(old));
}

Errors validate_autoscaler_status_update(const Autoscaler& autoscaler, const Autoscaler&) {
  Errors errors;
  const Path path("status");
  check_non_negative(errors, path.child("currentReplicas"), autoscaler.status.currentReplicas);
  check_non_negative(errors, path.child("desiredReplicas"), autoscaler.status.desiredReplicas);
  return errors;
}

}  // namespace xebec::apiserver::validation
