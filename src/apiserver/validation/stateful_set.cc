// StatefulSets and the revisions that they and DaemonSets keep of their templates.
#include <fmt/format.h>

#include "apiserver/validation/pod.h"
#include "apiserver/validation/workloads.h"
#include "codec/json.h"
#include "codec/value.h"

namespace xebec::apiserver::validation {
namespace {

// What an update looks past, because what is stored may be older than the rule.
struct Leniency {
  bool service_name = false;
  bool templates = false;  // of Pods and of claims
};

void check_rolling_update(Errors& errors, const Path& path,
                          const appsv1::RollingUpdateStatefulSetStrategy& rolling) {
  check_non_negative(errors, path.child("partition"), rolling.partition.value_or(0));
  if (!rolling.maxUnavailable) return;
  const Path unavailable = path.child("maxUnavailable");
  const api::IntOrString& value = *rolling.maxUnavailable;
  check_int_or_percent(errors, unavailable, value);
  if (int_or_percent(value) == 0) {
    errors.push_back(
        field::invalid(unavailable, value.is_int() ? value.str() : field::quote(value.str()), "cannot be 0"));
  }
  check_not_over_100_percent(errors, unavailable, value);
}

// Without an optional partition, as upstream's type.
std::string rendered(appsv1::RollingUpdateStatefulSetStrategy rolling) {
  rolling.partition = rolling.partition.value_or(0);
  return go_json(rolling);
}

void check_update_strategy(Errors& errors, const Path& path,
                           const appsv1::StatefulSetUpdateStrategy& strategy) {
  const Path rolling = path.child("rollingUpdate");
  if (strategy.type.empty()) {
    errors.push_back(field::required(path));
  } else if (strategy.type == "OnDelete") {
    if (strategy.rollingUpdate) {
      errors.push_back(field::invalid(rolling, rendered(*strategy.rollingUpdate),
                                      "only allowed for updateStrategy 'RollingUpdate'"));
    }
  } else if (strategy.type == "RollingUpdate") {
    if (strategy.rollingUpdate) check_rolling_update(errors, rolling, *strategy.rollingUpdate);
  } else {
    errors.push_back(field::invalid(path, go_json(strategy), "must be 'RollingUpdate' or 'OnDelete'"));
  }
}

void check_management(Errors& errors, const Path& path, const std::string& policy) {
  if (policy.empty()) return void(errors.push_back(field::required(path)));
  if (policy == "OrderedReady" || policy == "Parallel") return;
  errors.push_back(field::invalid_string(path, policy, "must be 'OrderedReady' or 'Parallel'"));
}

// The template as its Pods come to be: named by the set, with a volume for every claim.
corev1::PodTemplateSpec with_claims(const appsv1::StatefulSetSpec& spec) {
  corev1::PodTemplateSpec out = spec.template_;
  out.spec.hostname.clear();
  out.spec.subdomain.clear();
  for (const corev1::PersistentVolumeClaim& claim : spec.volumeClaimTemplates) {
    std::erase_if(out.spec.volumes, [&](const auto& volume) { return volume.name == claim.metadata.name; });
  }
  for (const corev1::PersistentVolumeClaim& claim : spec.volumeClaimTemplates) {
    corev1::Volume& volume = out.spec.volumes.emplace_back();
    volume.name = claim.metadata.name;
    volume.persistentVolumeClaim.emplace().claimName = claim.metadata.name;
  }
  return out;
}

void check_selector(Errors& errors, const Path& path, const Selector& selector) {
  if (!selector) return void(errors.push_back(field::required(path)));
  check_label_selector(errors, path, *selector);
  if (selector->matchLabels.empty() && selector->matchExpressions.empty())
    errors.push_back(field::invalid(path, go_json(*selector), "empty selector is invalid for statefulset"));
}

void check_template(Errors& errors, const Path& path, const appsv1::StatefulSetSpec& spec,
                    const Leniency& leniency) {
  const Path at = path.child("template");
  if (!is_valid(spec.selector)) {
    errors.push_back(field::invalid(path.child("selector"), go_json(spec.selector), ""));
  } else {
    const bool open =
        spec.selector && spec.selector->matchLabels.empty() && spec.selector->matchExpressions.empty();
    if (!open && !selects(spec.selector, spec.template_.metadata.labels)) {
      errors.push_back(field::invalid(at.child("metadata").child("labels"),
                                      rendered_labels(spec.template_.metadata.labels),
                                      "`selector` does not match template `labels`"));
    }
    if (!leniency.templates) check_pod_template(errors, at, with_claims(spec));
  }
  const Path pod = at.child("spec");
  check_enum(errors, pod.child("restartPolicy"), std::string_view(spec.template_.spec.restartPolicy),
             {"Always"});
  if (spec.template_.spec.activeDeadlineSeconds) {
    errors.push_back(field::forbidden(pod.child("activeDeadlineSeconds"),
                                      "activeDeadlineSeconds in StatefulSet is not Supported"));
  }
}

Errors validate_spec(const appsv1::StatefulSetSpec& spec, const Leniency& leniency) {
  Errors errors;
  const Path path("spec");
  check_management(errors, path.child("podManagementPolicy"), spec.podManagementPolicy);
  check_update_strategy(errors, path.child("updateStrategy"), spec.updateStrategy);
  if (spec.persistentVolumeClaimRetentionPolicy) {
    const Path retention = path.child("persistentVolumeClaimRetentionPolicy");
    check_enum(errors, retention.child("whenDeleted"),
               std::string_view(spec.persistentVolumeClaimRetentionPolicy->whenDeleted),
               {"Retain", "Delete"});
    check_enum(errors, retention.child("whenScaled"),
               std::string_view(spec.persistentVolumeClaimRetentionPolicy->whenScaled), {"Retain", "Delete"});
  }
  check_non_negative(errors, path.child("replicas"), spec.replicas.value_or(0));
  check_non_negative(errors, path.child("minReadySeconds"), spec.minReadySeconds);
  if (spec.ordinals) check_non_negative(errors, path.child("ordinals.start"), spec.ordinals->start);
  if (!leniency.service_name && !spec.serviceName.empty())
    check_dns_label(errors, path.child("serviceName"), spec.serviceName);
  check_selector(errors, path.child("selector"), spec.selector);
  check_template(errors, path, spec, leniency);
  for (size_t i = 0; i < spec.volumeClaimTemplates.size() && !leniency.templates; ++i) {
    check_claim_spec(errors, path.child("volumeClaimTemplates").index(i).child("spec"),
                     spec.volumeClaimTemplates[i].spec);
  }
  return errors;
}

bool is_object(const api::RawExtension& data) {
  Result<codec::Value> value = codec::parse_json(data.raw);
  return value && value->is_map();
}

}  // namespace

Errors validate_stateful_set(const appsv1::StatefulSet& set) { return validate_spec(set.spec, {}); }

Errors validate_stateful_set_update(const appsv1::StatefulSet& set, const appsv1::StatefulSet& old) {
  const bool old_invalid = !validate_spec(old.spec, {.service_name = true}).empty();
  Errors errors = validate_spec(set.spec, {.service_name = true, .templates = old_invalid});
  appsv1::StatefulSetSpec now = set.spec;
  now.replicas = old.spec.replicas;
  now.template_ = old.spec.template_;
  now.updateStrategy = old.spec.updateStrategy;
  now.minReadySeconds = old.spec.minReadySeconds;
  now.ordinals = old.spec.ordinals;
  now.revisionHistoryLimit = old.spec.revisionHistoryLimit;
  now.persistentVolumeClaimRetentionPolicy = old.spec.persistentVolumeClaimRetentionPolicy;
  if (!(now == old.spec)) {
    errors.push_back(field::forbidden(
        Path("spec"),
        "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', "
        "'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and "
        "'minReadySeconds' are forbidden"));
  }
  return errors;
}

Errors validate_stateful_set_status_update(const appsv1::StatefulSet& set, const appsv1::StatefulSet& old) {
  Errors errors;
  const Path path("status");
  const appsv1::StatefulSetStatus& s = set.status;
  const std::pair<std::string_view, int64_t> counts[] = {{"replicas", s.replicas},
                                                         {"readyReplicas", s.readyReplicas},
                                                         {"currentReplicas", s.currentReplicas},
                                                         {"updatedReplicas", s.updatedReplicas},
                                                         {"availableReplicas", s.availableReplicas},
                                                         {"observedGeneration", s.observedGeneration},
                                                         {"collisionCount", s.collisionCount.value_or(0)}};
  for (const auto& [name, value] : counts) check_non_negative(errors, path.child(name), value);
  auto most = [&](std::string_view name, int32_t value, int32_t limit, std::string_view text) {
    if (value > limit) errors.push_back(field::invalid_int(path.child(name), value, text));
  };
  constexpr std::string_view kText = "cannot be greater than status.replicas";
  most("readyReplicas", s.readyReplicas, s.replicas, kText);
  most("currentReplicas", s.currentReplicas, s.replicas, kText);
  most("updatedReplicas", s.updatedReplicas, s.replicas, kText);
  most("availableReplicas", s.availableReplicas, s.replicas, kText);
  most("availableReplicas", s.availableReplicas, s.readyReplicas,
       "cannot be greater than status.readyReplicas");
  check_collisions(errors, path.child("collisionCount"), s.collisionCount, old.status.collisionCount);
  return errors;
}

Errors validate_controller_revision(const appsv1::ControllerRevision& revision) {
  Errors errors;
  check_non_negative(errors, Path("revision"), revision.revision);
  if (revision.data.empty()) {
    errors.push_back(field::required(Path("data"), "data is mandatory"));
  } else if (!is_object(revision.data)) {
    errors.push_back(field::required(Path("data"), "data must be a valid JSON object"));
  }
  return errors;
}

// What is stored may have data of any shape: it only has to stay.
Errors validate_controller_revision_update(const appsv1::ControllerRevision& revision,
                                           const appsv1::ControllerRevision& old) {
  Errors errors;
  check_non_negative(errors, Path("revision"), revision.revision);
  check_immutable(errors, Path("data"), revision.data == old.data,
                  revision.data.empty() ? field::quote("null") : revision.data.raw);
  return errors;
}

}  // namespace xebec::apiserver::validation
