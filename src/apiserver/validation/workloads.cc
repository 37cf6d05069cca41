#include "apiserver/validation/workloads.h"

#include <fmt/format.h>

#include "api/selectors.h"
#include "apiserver/validation/object_meta.h"
#include "apiserver/validation/pod.h"
#include "apiserver/validation/ratchet.h"

namespace xebec::apiserver::validation {
namespace {

const api::IntOrString kZero(0);

void check_selector(Errors& errors, const Path& path, const Selector& selector, std::string_view kind) {
  if (!selector) return;
  check_label_selector(errors, path, *selector);
  if (selector->matchLabels.empty() && selector->matchExpressions.empty()) {
    errors.push_back(
        field::invalid(path, go_json(*selector), fmt::format("empty selector is invalid for {}", kind)));
  }
}

void check_selected(Errors& errors, const Path& spec, const Selector& selector,
                    const corev1::PodTemplateSpec& template_) {
  if (selects(selector, template_.metadata.labels)) return;
  errors.push_back(field::invalid(spec.child("template").child("metadata").child("labels"),
                                  rendered_labels(template_.metadata.labels),
                                  "`selector` does not match template `labels`"));
}

// Selector and template of Deployments and ReplicaSets.
void check_selector_and_template(Errors& errors, const Path& spec, const Selector& selector,
                                 const corev1::PodTemplateSpec& template_) {
  if (!selector) errors.push_back(field::required(spec.child("selector")));
  check_selector(errors, spec.child("selector"), selector, "deployment");
  if (!is_valid(selector)) {
    errors.push_back(field::invalid(spec.child("selector"), go_json(selector), "invalid label selector"));
    return;
  }
  check_selected(errors, spec, selector, template_);
  check_running_template(errors, spec.child("template"), template_, "ReplicaSet");
}

void check_rolling_update(Errors& errors, const Path& path, const appsv1::RollingUpdateDeployment& rolling) {
  const api::IntOrString& unavailable = rolling.maxUnavailable ? *rolling.maxUnavailable : kZero;
  const api::IntOrString& surge = rolling.maxSurge ? *rolling.maxSurge : kZero;
  check_int_or_percent(errors, path.child("maxUnavailable"), unavailable);
  check_int_or_percent(errors, path.child("maxSurge"), surge);
  if (int_or_percent(unavailable) == 0 && int_or_percent(surge) == 0) {
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
    errors.push_back(not_supported_value(path, go_json(strategy), {"Recreate", "RollingUpdate"}));
  }
}

void check_daemon_rolling_update(Errors& errors, const Path& path,
                                 const appsv1::RollingUpdateDaemonSet& rolling) {
  const api::IntOrString& unavailable = rolling.maxUnavailable ? *rolling.maxUnavailable : kZero;
  const api::IntOrString& surge = rolling.maxSurge ? *rolling.maxSurge : kZero;
  check_int_or_percent(errors, path.child("maxUnavailable"), unavailable);
  check_int_or_percent(errors, path.child("maxSurge"), surge);
  check_not_over_100_percent(errors, path.child("maxUnavailable"), unavailable);
  check_not_over_100_percent(errors, path.child("maxSurge"), surge);
  const bool has_unavailable = int_or_percent(unavailable) != 0, has_surge = int_or_percent(surge) != 0;
  if (has_unavailable && has_surge) {
    errors.push_back(field::invalid(path.child("maxSurge"),
                                    surge.is_int() ? surge.str() : field::quote(surge.str()),
                                    "may not be set when maxUnavailable is non-zero"));
  } else if (!has_unavailable && !has_surge) {
    errors.push_back(field::required(path.child("maxUnavailable"), "cannot be 0 when maxSurge is 0"));
  }
}

void check_daemon_strategy(Errors& errors, const Path& path,
                           const appsv1::DaemonSetUpdateStrategy& strategy) {
  if (strategy.type == "OnDelete") return;
  if (strategy.type != "RollingUpdate") {
    errors.push_back(not_supported_value(path, go_json(strategy), {"RollingUpdate", "OnDelete"}));
  } else if (!strategy.rollingUpdate) {
    errors.push_back(field::required(path.child("rollingUpdate")));
  } else {
    check_daemon_rolling_update(errors, path.child("rollingUpdate"), *strategy.rollingUpdate);
  }
}

void check_selector_immutable(Errors& errors, const Selector& now, const Selector& old) {
  check_immutable(errors, Path("spec").child("selector"), now == old, go_json(now));
}

}  // namespace

bool selects(const Selector& selector, const api::FlatMap<std::string>& labels) {
  if (!selector) return false;
  Result<api::LabelSelector> parsed = api::LabelSelector::from(*selector);
  return parsed && parsed->matches(labels);
}

bool is_valid(const Selector& selector) {
  return !selector || api::LabelSelector::from(*selector).has_value();
}

void check_collisions(Errors& errors, const Path& path, const std::optional<int32_t>& now,
                      const std::optional<int32_t>& old) {
  if (!old || (now && *now >= *old)) return;
  errors.push_back(field::invalid_int(path, now.value_or(0), "cannot be decremented"));
}

int64_t int_or_percent(const api::IntOrString& value) {
  return api::get_scaled_value(value, 100, false).value_or(value.int_value());
}

std::string rendered_labels(const api::FlatMap<std::string>& labels) {
  if (labels.empty()) return "null";
  std::string out = "{";
  for (const auto& [key, value] : labels) {
    if (out.size() > 1) out += ',';
    out += field::quote(key) + ":" + field::quote(value);
  }
  return out + "}";
}

void check_running_template(Errors& errors, const Path& path, const corev1::PodTemplateSpec& template_,
                            std::string_view kind) {
  check_pod_template(errors, path, template_);
  const Path spec = path.child("spec");
  check_enum(errors, spec.child("restartPolicy"), std::string_view(template_.spec.restartPolicy), {"Always"});
  if (template_.spec.activeDeadlineSeconds) {
    errors.push_back(field::forbidden(spec.child("activeDeadlineSeconds"),
                                      fmt::format("activeDeadlineSeconds in {} is not Supported", kind)));
  }
}

Errors validate_deployment(const appsv1::Deployment& deployment) {
  Errors errors;
  Path spec("spec");
  const appsv1::DeploymentSpec& s = deployment.spec;
  check_non_negative(errors, spec.child("replicas"), s.replicas.value_or(0));
  check_selector_and_template(errors, spec, s.selector, s.template_);
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

Errors validate_deployment_update(const appsv1::Deployment& deployment, const appsv1::Deployment& old) {
  Errors errors = validate_deployment(deployment);
  if (!errors.empty()) forgive_younger_rules(errors, validate_deployment(old));
  check_selector_immutable(errors, deployment.spec.selector, old.spec.selector);
  return errors;
}

Errors validate_deployment_status_update(const appsv1::Deployment& deployment,
                                         const appsv1::Deployment& old) {
  Errors errors;
  const Path path("status");
  const appsv1::DeploymentStatus& s = deployment.status;
  check_non_negative(errors, path.child("observedGeneration"), s.observedGeneration);
  check_non_negative(errors, path.child("replicas"), s.replicas);
  check_non_negative(errors, path.child("updatedReplicas"), s.updatedReplicas);
  check_non_negative(errors, path.child("readyReplicas"), s.readyReplicas);
  check_non_negative(errors, path.child("availableReplicas"), s.availableReplicas);
  check_non_negative(errors, path.child("unavailableReplicas"), s.unavailableReplicas);
  if (s.terminatingReplicas)
    check_non_negative(errors, path.child("terminatingReplicas"), *s.terminatingReplicas);
  if (s.collisionCount) check_non_negative(errors, path.child("collisionCount"), *s.collisionCount);
  auto most = [&](std::string_view name, int32_t value, int32_t limit, std::string_view text) {
    if (value > limit) errors.push_back(field::invalid_int(path.child(name), value, text));
  };
  constexpr std::string_view kText = "cannot be greater than status.replicas";
  most("updatedReplicas", s.updatedReplicas, s.replicas, kText);
  most("readyReplicas", s.readyReplicas, s.replicas, kText);
  most("availableReplicas", s.availableReplicas, s.replicas, kText);
  most("availableReplicas", s.availableReplicas, s.readyReplicas, "cannot be greater than readyReplicas");
  check_collisions(errors, path.child("collisionCount"), s.collisionCount, old.status.collisionCount);
  return errors;
}

Errors validate_replica_set(const appsv1::ReplicaSet& set) {
  Errors errors;
  Path spec("spec");
  check_non_negative(errors, spec.child("replicas"), set.spec.replicas.value_or(0));
  check_non_negative(errors, spec.child("minReadySeconds"), set.spec.minReadySeconds);
  check_selector_and_template(errors, spec, set.spec.selector, set.spec.template_);
  return errors;
}

Errors validate_replica_set_update(const appsv1::ReplicaSet& set, const appsv1::ReplicaSet& old) {
  Errors errors = validate_replica_set(set);
  if (!errors.empty()) forgive_younger_rules(errors, validate_replica_set(old));
  check_selector_immutable(errors, set.spec.selector, old.spec.selector);
  return errors;
}

Errors validate_replica_set_status_update(const appsv1::ReplicaSet& set, const appsv1::ReplicaSet&) {
  Errors errors;
  check_replica_status(errors, set.status);
  if (set.status.terminatingReplicas)
    check_non_negative(errors, Path("status").child("terminatingReplicas"), *set.status.terminatingReplicas);
  return errors;
}

Errors validate_daemon_set(const appsv1::DaemonSet& set) {
  Errors errors;
  Path spec("spec");
  const appsv1::DaemonSetSpec& s = set.spec;
  if (s.selector) check_label_selector(errors, spec.child("selector"), *s.selector);
  if (is_valid(s.selector)) check_selected(errors, spec, s.selector, s.template_);
  if (s.selector && s.selector->matchLabels.empty() && s.selector->matchExpressions.empty()) {
    errors.push_back(field::invalid(spec.child("selector"), go_json(s.selector),
                                    "empty selector is invalid for daemonset"));
  }
  check_running_template(errors, spec.child("template"), s.template_, "DaemonSet");
  check_non_negative(errors, spec.child("minReadySeconds"), s.minReadySeconds);
  check_daemon_strategy(errors, spec.child("updateStrategy"), s.updateStrategy);
  if (s.revisionHistoryLimit)
    check_non_negative(errors, spec.child("revisionHistoryLimit"), *s.revisionHistoryLimit);
  return errors;
}

Errors validate_daemon_set_update(const appsv1::DaemonSet& set, const appsv1::DaemonSet& old) {
  Errors errors = validate_daemon_set(set);
  if (!errors.empty()) forgive_younger_rules(errors, validate_daemon_set(old));
  check_selector_immutable(errors, set.spec.selector, old.spec.selector);
  return errors;
}

Errors validate_daemon_set_status_update(const appsv1::DaemonSet& set, const appsv1::DaemonSet& old) {
  Errors errors;
  const Path path("status");
  const appsv1::DaemonSetStatus& s = set.status;
  const std::pair<std::string_view, int64_t> counts[] = {{"currentNumberScheduled", s.currentNumberScheduled},
                                                         {"numberMisscheduled", s.numberMisscheduled},
                                                         {"desiredNumberScheduled", s.desiredNumberScheduled},
                                                         {"numberReady", s.numberReady},
                                                         {"observedGeneration", s.observedGeneration},
                                                         {"updatedNumberScheduled", s.updatedNumberScheduled},
                                                         {"numberAvailable", s.numberAvailable},
                                                         {"numberUnavailable", s.numberUnavailable}};
  for (const auto& [name, value] : counts) check_non_negative(errors, path.child(name), value);
  if (s.collisionCount) check_non_negative(errors, path.child("collisionCount"), *s.collisionCount);
  check_collisions(errors, path.child("collisionCount"), s.collisionCount, old.status.collisionCount);
  return errors;
}

}  // namespace xebec::apiserver::validation
