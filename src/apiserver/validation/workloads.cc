#include "apiserver/validation/workloads.h"

#include <fmt/format.h>

#include "api/selectors.h"
#include "apiserver/validation/object_meta.h"
#include "apiserver/validation/pod.h"

namespace xebec::apiserver::validation {
namespace {

// Go's JSON of a selector, which upstream puts into the text.
std::string rendered_selector(const metav1::LabelSelector& selector) {
  std::string out = "{";
  if (!selector.matchLabels.empty()) out += "\"matchLabels\":" + rendered_labels(selector.matchLabels);
  return out + "}";
}

// The number, or of a percentage its number.
int64_t int_or_percent(const api::IntOrString& value) {
  return api::get_scaled_value(value, 100, false).value_or(value.int_value());
}

bool both_zero(const api::IntOrString& a, const api::IntOrString& b) {
  return int_or_percent(a) == 0 && int_or_percent(b) == 0;
}

void check_rolling_update(Errors& errors, const Path& path, const appsv1::RollingUpdateDeployment& rolling) {
  static const api::IntOrString kZero(0);
  const api::IntOrString& unavailable = rolling.maxUnavailable ? *rolling.maxUnavailable : kZero;
  const api::IntOrString& surge = rolling.maxSurge ? *rolling.maxSurge : kZero;
  check_int_or_percent(errors, path.child("maxUnavailable"), unavailable);
  check_int_or_percent(errors, path.child("maxSurge"), surge);
  if (both_zero(unavailable, surge)) {
    errors.push_back(
        field::invalid(path.child("maxUnavailable"),
                       unavailable.is_int() ? unavailable.str() : field::quote(unavailable.str()),
                       "may not be 0 when `maxSurge` is 0"));
  }
  check_not_over_100_percent(errors, path.child("maxUnavailable"), unavailable);
}

void check_strategy(Errors& errors, const Path& path, const appsv1::DeploymentStrategy& strategy) {
  if (strategy.type == "Recreate") {
    if (strategy.rollingUpdate) {
      errors.push_back(field::forbidden(path.child("rollingUpdate"),
                                        "may not be specified when strategy `type` is 'Recreate'"));
    }
  } else if (strategy.type == "RollingUpdate") {
    if (!strategy.rollingUpdate) {
      errors.push_back(
          field::required(path.child("rollingUpdate"), "this should be defaulted and never be nil"));
    } else {
      check_rolling_update(errors, path.child("rollingUpdate"), *strategy.rollingUpdate);
    }
  } else {
    check_enum(errors, path, std::string_view(strategy.type), {"Recreate", "RollingUpdate"});
  }
}

}  // namespace

std::string rendered_labels(const api::FlatMap<std::string>& labels) {
  if (labels.empty()) return "null";
  std::string out = "{";
  for (const auto& [key, value] : labels) {
    if (out.size() > 1) out += ',';
    out += field::quote(key) + ":" + field::quote(value);
  }
  return out + "}";
}

void check_workload_template(Errors& errors, const Path& path, const corev1::PodTemplateSpec& template_) {
  check_pod_template(errors, path, template_);
  if (template_.spec.restartPolicy != "Always") {
    check_enum(errors, path.child("spec").child("restartPolicy"),
               std::string_view(template_.spec.restartPolicy), {"Always"});
  }
  if (template_.spec.activeDeadlineSeconds) {
    errors.push_back(field::forbidden(path.child("spec").child("activeDeadlineSeconds"),
                                      "activeDeadlineSeconds in ReplicaSet is not Supported"));
  }
}

void check_workload_selector(Errors& errors, const Path& spec,
                             const api::Box<metav1::LabelSelector>& selector,
                             const corev1::PodTemplateSpec& template_) {
  if (!selector) {
    errors.push_back(field::required(spec.child("selector")));
    return;
  }
  check_label_selector(errors, spec.child("selector"), *selector);
  if (selector->matchLabels.empty() && selector->matchExpressions.empty()) {
    errors.push_back(field::invalid(spec.child("selector"), rendered_selector(*selector),
                                    "empty selector is invalid for deployment"));
  }
  Result<api::LabelSelector> parsed = api::LabelSelector::from(*selector);
  if (!parsed) {
    errors.push_back(
        field::invalid(spec.child("selector"), rendered_selector(*selector), "invalid label selector"));
    return;
  }
  if (!parsed->matches(template_.metadata.labels)) {
    errors.push_back(field::invalid(spec.child("template").child("metadata").child("labels"),
                                    rendered_labels(template_.metadata.labels),
                                    "`selector` does not match template `labels`"));
  }
}

Errors validate_deployment(const appsv1::Deployment& deployment) {
  Errors errors;
  Path spec("spec");
  const appsv1::DeploymentSpec& s = deployment.spec;
  check_non_negative(errors, spec.child("replicas"), s.replicas.value_or(0));
  check_workload_selector(errors, spec, s.selector, s.template_);
  check_workload_template(errors, spec.child("template"), s.template_);
  check_strategy(errors, spec.child("strategy"), s.strategy);
  check_non_negative(errors, spec.child("minReadySeconds"), s.minReadySeconds);
  if (s.revisionHistoryLimit)
    check_non_negative(errors, spec.child("revisionHistoryLimit"), *s.revisionHistoryLimit);
  if (s.progressDeadlineSeconds) {
    check_non_negative(errors, spec.child("progressDeadlineSeconds"), *s.progressDeadlineSeconds);
    if (*s.progressDeadlineSeconds <= s.minReadySeconds) {
      errors.push_back(field::invalid_int(spec.child("progressDeadlineSeconds"), *s.progressDeadlineSeconds,
                                          "must be greater than minReadySeconds"));
    }
  }
  return errors;
}

namespace {

// Go's %#v-like JSON of the whole selector for "field is immutable".
void check_selector_immutable(Errors& errors, const api::Box<metav1::LabelSelector>& now,
                              const api::Box<metav1::LabelSelector>& old) {
  if (now == old) return;
  errors.push_back(
      field::invalid(Path("spec").child("selector"), now ? rendered_selector(*now) : "null", kImmutable));
}

}  // namespace

Errors validate_deployment_update(const appsv1::Deployment& deployment, const appsv1::Deployment& old) {
  Errors errors = validate_deployment(deployment);
  check_selector_immutable(errors, deployment.spec.selector, old.spec.selector);
  return errors;
}

Errors validate_replica_set(const appsv1::ReplicaSet& set) {
  Errors errors;
  Path spec("spec");
  check_non_negative(errors, spec.child("replicas"), set.spec.replicas.value_or(0));
  check_non_negative(errors, spec.child("minReadySeconds"), set.spec.minReadySeconds);
  check_workload_selector(errors, spec, set.spec.selector, set.spec.template_);
  check_workload_template(errors, spec.child("template"), set.spec.template_);
  return errors;
}

Errors validate_replica_set_update(const appsv1::ReplicaSet& set, const appsv1::ReplicaSet& old) {
  Errors errors = validate_replica_set(set);
  check_selector_immutable(errors, set.spec.selector, old.spec.selector);
  return errors;
}

Errors validate_daemon_set(const appsv1::DaemonSet& set) {
  Errors errors;
  Path spec("spec");
  check_workload_selector(errors, spec, set.spec.selector, set.spec.template_);
  check_workload_template(errors, spec.child("template"), set.spec.template_);
  check_enum(errors, spec.child("updateStrategy"), std::string_view(set.spec.updateStrategy.type),
             {"OnDelete", "RollingUpdate"});
  check_non_negative(errors, spec.child("minReadySeconds"), set.spec.minReadySeconds);
  if (set.spec.revisionHistoryLimit)
    check_non_negative(errors, spec.child("revisionHistoryLimit"), *set.spec.revisionHistoryLimit);
  return errors;
}

Errors validate_daemon_set_update(const appsv1::DaemonSet& set, const appsv1::DaemonSet& old) {
  Errors errors = validate_daemon_set(set);
  check_selector_immutable(errors, set.spec.selector, old.spec.selector);
  return errors;
}

}  // namespace xebec::apiserver::validation
