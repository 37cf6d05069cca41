#include <fmt/format.h>

#include "api/selectors.h"
#include "apiserver/validation/batch.h"
#include "apiserver/validation/pod.h"
#include "apiserver/validation/workloads.h"

namespace xebec::apiserver::validation {
namespace {

constexpr int32_t kMostIndexedParallelism = 100'000, kMostFailedIndexes = 100'000;
// Above it a Job with a limit for each index is kept smaller, so that its status stays small.
constexpr int32_t kManyCompletions = 100'000, kParallelismOfMany = 10'000, kFailedIndexesOfMany = 10'000;
constexpr size_t kLongestManagedBy = 63;

constexpr std::string_view kControllerUid = "batch.kubernetes.io/controller-uid";
constexpr std::string_view kJobName = "batch.kubernetes.io/job-name";
constexpr std::string_view kOldControllerUid = "controller-uid";
constexpr std::string_view kOldJobName = "job-name";

void check_numbers(Errors& errors, const Path& path, const batchv1::JobSpec& spec) {
  auto check = [&](std::string_view name, const auto& number) {
    if (number) check_non_negative(errors, path.child(name), *number);
  };
  check("parallelism", spec.parallelism);
  check("completions", spec.completions);
  check("activeDeadlineSeconds", spec.activeDeadlineSeconds);
  check("backoffLimit", spec.backoffLimit);
  check("ttlSecondsAfterFinished", spec.ttlSecondsAfterFinished);
  check("backoffLimitPerIndex", spec.backoffLimitPerIndex);
  check("maxFailedIndexes", spec.maxFailedIndexes);
  if (spec.maxFailedIndexes && !spec.backoffLimitPerIndex)
    errors.push_back(
        field::required(path.child("backoffLimitPerIndex"), "when maxFailedIndexes is specified"));
}

// A Job with many indexes of which each has a limit.
void check_many_indexes(Errors& errors, const Path& path, const batchv1::JobSpec& spec) {
  auto at_most = [&](std::string_view name, const std::optional<int32_t>& value, int32_t limit) {
    if (!value || *value <= limit) return;
    errors.push_back(field::invalid_int(
        path.child(name), *value,
        fmt::format("must be less than or equal to {} when completions are above {} and used with backoff "
                    "limit per index",
                    limit, kManyCompletions)));
  };
  if (!spec.maxFailedIndexes) {
    errors.push_back(
        field::required(path.child("maxFailedIndexes"),
                        fmt::format("must be specified when completions is above {}", kManyCompletions)));
  }
  at_most("parallelism", spec.parallelism, kParallelismOfMany);
  at_most("maxFailedIndexes", spec.maxFailedIndexes, kFailedIndexesOfMany);
}

void check_indexed(Errors& errors, const Path& path, const batchv1::JobSpec& spec) {
  const Path failed = path.child("maxFailedIndexes");
  if (!spec.completions)
    errors.push_back(field::required(path.child("completions"), "when completion mode is Indexed"));
  if (spec.parallelism && *spec.parallelism > kMostIndexedParallelism) {
    errors.push_back(
        field::invalid_int(path.child("parallelism"), *spec.parallelism,
                           fmt::format("must be less than or equal to {} when completion mode is Indexed",
                                       kMostIndexedParallelism)));
  }
  if (spec.completions && spec.maxFailedIndexes && *spec.maxFailedIndexes > *spec.completions) {
    errors.push_back(
        field::invalid_int(failed, *spec.maxFailedIndexes, "must be less than or equal to completions"));
  }
  if (spec.maxFailedIndexes && *spec.maxFailedIndexes > kMostFailedIndexes) {
    errors.push_back(field::invalid_int(failed, *spec.maxFailedIndexes,
                                        fmt::format("must be less than or equal to {}", kMostFailedIndexes)));
  }
  if (spec.completions && *spec.completions > kManyCompletions && spec.backoffLimitPerIndex)
    check_many_indexes(errors, path, spec);
}

void check_completion_mode(Errors& errors, const Path& path, const batchv1::JobSpec& spec) {
  check_enum(errors, path.child("completionMode"), spec.completionMode, {"NonIndexed", "Indexed"});
  if (spec.completionMode == "Indexed") check_indexed(errors, path, spec);
  if (spec.completionMode && *spec.completionMode != "NonIndexed") return;
  auto refuse = [&](std::string_view name, const std::optional<int32_t>& value) {
    if (value)
      errors.push_back(field::invalid_int(path.child(name), *value, "requires indexed completion mode"));
  };
  refuse("backoffLimitPerIndex", spec.backoffLimitPerIndex);
  refuse("maxFailedIndexes", spec.maxFailedIndexes);
}

void check_policies(Errors& errors, const Path& path, const batchv1::JobSpec& spec) {
  if (spec.podFailurePolicy) check_pod_failure_policy(errors, path.child("podFailurePolicy"), spec);
  if (spec.successPolicy) {
    if (spec.completionMode != "Indexed") {
      errors.push_back(field::invalid(path.child("successPolicy"), go_json(*spec.successPolicy),
                                      "requires indexed completion mode"));
    } else {
      check_success_policy(errors, path.child("successPolicy"), spec);
    }
  }
  const Path replacement = path.child("podReplacementPolicy");
  if (spec.podFailurePolicy) {
    check_enum(errors, replacement, spec.podReplacementPolicy, {"Failed"});
  } else {
    check_enum(errors, replacement, spec.podReplacementPolicy, {"Failed", "TerminatingOrFailed"});
  }
}

// Pods that end. Defaulting has made Always of nothing.
void check_restart_policy(Errors& errors, const Path& path, const batchv1::JobSpec& spec) {
  const std::string& policy = spec.template_.spec.restartPolicy;
  if (policy.empty() || policy == "Always") {
    errors.push_back(field::required(path, R"(valid values: "OnFailure", "Never")"));
  } else if (policy != "OnFailure" && policy != "Never") {
    check_enum(errors, path, std::string_view(policy), {"OnFailure", "Never"});
  } else if (spec.podFailurePolicy && policy != "Never") {
    errors.push_back(field::invalid_string(
        path, policy, R"(only "Never" is supported when podFailurePolicy is specified)"));
  }
}

void check_has_label(Errors& errors, const api::FlatMap<std::string>& labels, std::string_view key,
                     std::string_view expected) {
  const Path path = Path("spec").child("template").child("metadata").child("labels").key(key);
  const std::string* value = labels.get(key);
  const std::string text = fmt::format("must be '{}'", expected);
  if (value == nullptr) {
    errors.push_back(field::required(path, text));
  } else if (*value != expected) {
    errors.push_back(field::invalid(path, rendered_labels(labels), text));
  }
}

bool selects(const metav1::LabelSelector& selector, const api::FlatMap<std::string>& labels,
             bool unreadable) {
  Result<api::LabelSelector> parsed = api::LabelSelector::from(selector);
  return parsed ? parsed->matches(labels) : unreadable;
}

// The labels by which a Job's Pods are known, unless it chose its selector itself.
void check_generated_selector(Errors& errors, const batchv1::Job& job, bool prefixed) {
  if (job.spec.manualSelector.value_or(false) || !job.spec.selector) return;
  const std::string &uid = job.metadata.uid, &name = job.metadata.name;
  if (uid.empty()) errors.push_back(field::required(Path("metadata").child("uid")));
  const api::FlatMap<std::string>& labels = job.spec.template_.metadata.labels;
  api::FlatMap<std::string> expected{{std::string(kOldControllerUid), uid}, {std::string(kOldJobName), name}};
  check_has_label(errors, labels, kOldControllerUid, uid);
  check_has_label(errors, labels, kOldJobName, name);
  if (prefixed) {
    check_has_label(errors, labels, kControllerUid, uid);
    check_has_label(errors, labels, kJobName, name);
    expected[kControllerUid] = uid;
    expected[kJobName] = name;
  }
  if (!selects(*job.spec.selector, expected, true)) {
    errors.push_back(field::invalid(Path("spec").child("selector"), go_json(*job.spec.selector),
                                    "`selector` not auto-generated"));
  }
}

void check_selector(Errors& errors, const Path& path, const batchv1::JobSpec& spec) {
  if (!spec.selector) {
    errors.push_back(field::required(path.child("selector")));
  } else {
    check_label_selector(errors, path.child("selector"), *spec.selector);
  }
  const api::FlatMap<std::string>& labels = spec.template_.metadata.labels;
  if (spec.selector && selects(*spec.selector, labels, true)) return;
  errors.push_back(field::invalid(path.child("template").child("metadata").child("labels"),
                                  rendered_labels(labels), "`selector` does not match template `labels`"));
}

// The name of the last Pod of an indexed Job is its host name, too.
void check_host_names(Errors& errors, const batchv1::Job& job) {
  if (job.spec.completionMode != "Indexed" || job.spec.completions.value_or(0) <= 0) return;
  const std::string last = fmt::format("{}-{}", job.metadata.name, *job.spec.completions - 1);
  if (api::is_dns1123_label(last).empty()) return;
  errors.push_back(field::invalid_string(Path("metadata").child("name"), job.metadata.name,
                                         "will not able to create pod with invalid DNS label: " + last));
}

Errors validate(const batchv1::Job& job, bool prefixed_labels) {
  Errors errors;
  check_generated_selector(errors, job, prefixed_labels);
  check_job_spec(errors, Path("spec"), job.spec);
  check_selector(errors, Path("spec"), job.spec);
  check_host_names(errors, job);
  return errors;
}

// What of `old` may change while no Pod runs by it becomes what `now` says.
void allow_changes(corev1::PodTemplateSpec& old, const corev1::PodTemplateSpec& now) {
  corev1::PodSpec& spec = old.spec;
  if (!now.spec.affinity && spec.affinity) {
    spec.affinity->nodeAffinity.reset();
    if (*spec.affinity == corev1::Affinity()) spec.affinity.reset();
  } else if (now.spec.affinity) {
    spec.affinity.ensure().nodeAffinity = now.spec.affinity->nodeAffinity;
  }
  spec.nodeSelector = now.spec.nodeSelector;
  spec.tolerations = now.spec.tolerations;
  spec.schedulingGates = now.spec.schedulingGates;
  old.metadata.annotations = now.metadata.annotations;
  old.metadata.labels = now.metadata.labels;
  auto take_resources = [](std::vector<corev1::Container>& to, const std::vector<corev1::Container>& from) {
    for (size_t i = 0; i < to.size() && i < from.size(); ++i) to[i].resources = from[i].resources;
  };
  take_resources(spec.containers, now.spec.containers);
  take_resources(spec.initContainers, now.spec.initContainers);
}

void check_template_update(Errors& errors, const batchv1::Job& job, const batchv1::Job& old) {
  corev1::PodTemplateSpec allowed = old.spec.template_;
  if (old.spec.suspend.value_or(false) && old.status.active == 0) allow_changes(allowed, job.spec.template_);
  check_immutable(errors, Path("spec").child("template"), job.spec.template_ == allowed,
                  go_json(job.spec.template_));
}

std::string rendered(const std::optional<int32_t>& number) {
  return number ? std::to_string(*number) : field::quote("null");
}
std::string rendered(const std::optional<std::string>& text) { return field::quote(text.value_or("null")); }

void check_completions_update(Errors& errors, const batchv1::JobSpec& spec, const batchv1::JobSpec& old) {
  const Path path = Path("spec").child("completions");
  if (spec.completionMode != "Indexed")
    return check_immutable(errors, path, spec.completions == old.completions, rendered(spec.completions));
  if (spec.completions == old.completions || !spec.completions || spec.completions == spec.parallelism)
    return;
  errors.push_back(
      field::invalid_int(path, *spec.completions, "can only be modified in tandem with spec.parallelism"));
}

}  // namespace

void check_job_spec(Errors& errors, const Path& path, const batchv1::JobSpec& spec) {
  check_numbers(errors, path, spec);
  if (spec.managedBy) {
    check_domain_prefixed_path(errors, path.child("managedBy"), *spec.managedBy);
    if (spec.managedBy->size() > kLongestManagedBy)
      errors.push_back(field::too_long(path.child("managedBy"), kLongestManagedBy));
  }
  check_completion_mode(errors, path, spec);
  check_policies(errors, path, spec);
  check_pod_template(errors, path.child("template"), spec.template_);
  check_restart_policy(errors, path.child("template").child("spec").child("restartPolicy"), spec);
}

Errors validate_job(const batchv1::Job& job) { return validate(job, true); }

Errors validate_job_update(const batchv1::Job& job, const batchv1::Job& old) {
  // Jobs from before there were labels with a prefix need none.
  const api::FlatMap<std::string>& labels = old.spec.template_.metadata.labels;
  Errors errors = validate(job, labels.contains(kJobName) && labels.contains(kControllerUid));
  const Path path("spec");
  const batchv1::JobSpec &now = job.spec, &before = old.spec;
  check_completions_update(errors, now, before);
  check_immutable(errors, path.child("selector"), now.selector == before.selector, go_json(now.selector));
  check_template_update(errors, job, old);
  check_immutable(errors, path.child("completionMode"), now.completionMode == before.completionMode,
                  rendered(now.completionMode));
  check_immutable(errors, path.child("podFailurePolicy"), now.podFailurePolicy == before.podFailurePolicy,
                  go_json(now.podFailurePolicy));
  check_immutable(errors, path.child("backoffLimitPerIndex"),
                  now.backoffLimitPerIndex == before.backoffLimitPerIndex,
                  rendered(now.backoffLimitPerIndex));
  check_immutable(errors, path.child("managedBy"), now.managedBy == before.managedBy,
                  rendered(now.managedBy));
  check_immutable(errors, path.child("successPolicy"), now.successPolicy == before.successPolicy,
                  go_json(now.successPolicy));
  return errors;
}

}  // namespace xebec::apiserver::validation
