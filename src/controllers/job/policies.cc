#include "controllers/job/policies.h"

#include <charconv>

#include <fmt/format.h>

namespace xebec::controllers::job {
namespace {

constexpr int64_t kFirstBackoff = 10, kMostBackoff = 600;  // seconds

int number(const corev1::Pod& pod, std::string_view key) {
  const std::string* text = pod.metadata.annotations.get(key);
  int value = 0;
  if (text != nullptr) std::from_chars(text->data(), text->data() + text->size(), value);
  return value;
}

bool matches(const batchv1::PodFailurePolicyOnExitCodesRequirement& rule, int32_t code) {
  bool listed = std::find(rule.values.begin(), rule.values.end(), code) != rule.values.end();
  if (rule.operator_ == "In") return listed;
  return rule.operator_ == "NotIn" && !listed;
}

const corev1::ContainerStatus* find_exit(const std::vector<corev1::ContainerStatus>& statuses,
                                         const batchv1::PodFailurePolicyOnExitCodesRequirement& rule) {
  for (const corev1::ContainerStatus& status : statuses) {
    if (!status.state.terminated || status.state.terminated->exitCode == 0) continue;
    bool meant = !rule.containerName || *rule.containerName == status.name;
    if (meant && matches(rule, status.state.terminated->exitCode)) return &status;
  }
  return nullptr;
}

const corev1::PodCondition* find_condition(
    const corev1::Pod& pod, const std::vector<batchv1::PodFailurePolicyOnPodConditionsPattern>& patterns) {
  for (const corev1::PodCondition& condition : pod.status.conditions) {
    for (const auto& pattern : patterns) {
      if (condition.type == pattern.type && condition.status == pattern.status) return &condition;
    }
  }
  return nullptr;
}

// What makes the rule match the Pod, in words; nothing when it does not.
std::optional<std::string> match(const batchv1::PodFailurePolicyRule& rule, const corev1::Pod& pod) {
  const metav1::ObjectMeta& meta = pod.metadata;
  if (rule.onExitCodes) {
    const corev1::ContainerStatus* status = find_exit(pod.status.containerStatuses, *rule.onExitCodes);
    if (status == nullptr) status = find_exit(pod.status.initContainerStatuses, *rule.onExitCodes);
    if (status == nullptr) return std::nullopt;
    return fmt::format("Container {} for pod {}/{} failed with exit code {}", status->name, meta.namespace_,
                       meta.name, status->state.terminated->exitCode);
  }
  const corev1::PodCondition* condition = find_condition(pod, rule.onPodConditions);
  if (condition == nullptr) return std::nullopt;
  return fmt::format("Pod {}/{} has condition {}", meta.namespace_, meta.name, condition->type);
}

Duration backoff(int failures, api::Time last, api::Time now) {
  if (failures == 0) return Duration::zero();
  int64_t wait = kFirstBackoff;
  for (int i = 1; i < failures && wait < kMostBackoff; ++i) wait *= 2;
  int64_t left = std::min(wait, kMostBackoff) - (now.seconds - last.seconds);
  return std::chrono::seconds(std::max<int64_t>(left, 0));
}

std::optional<api::Time> last_exit(const std::vector<corev1::ContainerStatus>& statuses) {
  std::optional<api::Time> last;
  for (const corev1::ContainerStatus& status : statuses) {
    if (!status.state.terminated || status.state.terminated->finishedAt.is_zero()) return std::nullopt;
    if (!last || *last < status.state.terminated->finishedAt) last = status.state.terminated->finishedAt;
  }
  return last;
}

}  // namespace

bool has_finalizer(const corev1::Pod& pod) {
  const auto& finalizers = pod.metadata.finalizers;
  return std::find(finalizers.begin(), finalizers.end(), kTrackingFinalizer) != finalizers.end();
}

const batchv1::JobCondition* true_condition(const batchv1::Job& job, std::string_view type) {
  for (const batchv1::JobCondition& condition : job.status.conditions) {
    if (condition.type == type && condition.status == "True") return &condition;
  }
  return nullptr;
}

bool is_finished(const batchv1::Job& job) {
  return true_condition(job, "Complete") != nullptr || true_condition(job, "Failed") != nullptr;
}

bool is_suspended(const batchv1::Job& job) { return job.spec.suspend.value_or(false); }

bool has_limit_per_index(const batchv1::Job& job) {
  return is_indexed(job) && job.spec.backoffLimitPerIndex.has_value();
}

bool replaces_only_failed(const batchv1::Job& job) {
  if (job.spec.podReplacementPolicy && *job.spec.podReplacementPolicy == "Failed") return true;
  return static_cast<bool>(job.spec.podFailurePolicy);
}

// A Pod that is deleted counts as failed: an orphan never gets the chance to say so.
bool pod_failed(const corev1::Pod& pod, const batchv1::Job& job) {
  if (pod.status.phase == "Failed") return true;
  if (replaces_only_failed(job)) return false;
  return pod.metadata.deletionTimestamp && pod.status.phase != "Succeeded";
}

FailureVerdict judge_failure(const batchv1::Job& job, const corev1::Pod& pod) {
  FailureVerdict verdict;
  if (!job.spec.podFailurePolicy) return verdict;
  const auto& rules = job.spec.podFailurePolicy->rules;
  for (size_t i = 0; i < rules.size(); ++i) {
    std::optional<std::string> why = match(rules[i], pod);
    if (!why) continue;
    verdict.action = rules[i].action;
    verdict.counts = verdict.action != "Ignore";
    if (verdict.action == "FailJob")
      verdict.fail_message = fmt::format("{} matching {} rule at index {}", *why, verdict.action, i);
    break;
  }
  return verdict;
}

std::optional<std::string> failure_of_job(const batchv1::Job& job, const std::vector<PodPtr>& pods) {
  if (!job.spec.podFailurePolicy) return std::nullopt;
  for (const PodPtr& pod : pods) {
    if (!pod_failed(*pod, job)) continue;
    FailureVerdict verdict = judge_failure(job, *pod);
    if (!verdict.fail_message.empty()) return verdict.fail_message;
  }
  return std::nullopt;
}

std::optional<std::string> success_by_policy(const batchv1::Job& job, const Indexes& succeeded) {
  if (!job.spec.successPolicy || succeeded.empty()) return std::nullopt;
  const auto& rules = job.spec.successPolicy->rules;
  for (size_t i = 0; i < rules.size(); ++i) {
    const batchv1::SuccessPolicyRule& rule = rules[i];
    bool met = false;
    if (rule.succeededIndexes) {
      Indexes required = Indexes::parse(*rule.succeededIndexes, job.spec.completions.value_or(0));
      int done = required.common(succeeded);
      met = done > 0 && done >= rule.succeededCount.value_or(required.total());
    } else if (rule.succeededCount) {
      met = succeeded.total() >= *rule.succeededCount;
    }
    if (met) return fmt::format("Matched rules at index {}", i);
  }
  return std::nullopt;
}

bool restarted_too_often(const batchv1::Job& job, const std::vector<PodPtr>& pods) {
  if (job.spec.template_.spec.restartPolicy != "OnFailure") return false;
  int64_t restarts = 0;
  for (const PodPtr& pod : pods) {
    if (pod->status.phase != "Running" && pod->status.phase != "Pending") continue;
    for (const auto& status : pod->status.initContainerStatuses) restarts += status.restartCount;
    for (const auto& status : pod->status.containerStatuses) restarts += status.restartCount;
  }
  int64_t limit = job.spec.backoffLimit.value_or(6);
  return limit == 0 ? restarts > 0 : restarts >= limit;
}

api::Time finished_at(const corev1::Pod& pod) {
  if (std::optional<api::Time> exit = last_exit(pod.status.containerStatuses)) return *exit;
  for (const corev1::PodCondition& condition : pod.status.conditions) {
    bool ended =
        condition.type == "Ready" && condition.status == "False" && !condition.lastTransitionTime.is_zero();
    if (ended) return condition.lastTransitionTime;
  }
  if (pod.metadata.deletionTimestamp) {
    int64_t grace = pod.metadata.deletionGracePeriodSeconds.value_or(0);
    return api::Time{pod.metadata.deletionTimestamp->seconds - grace};
  }
  return pod.metadata.creationTimestamp;
}

Duration Backoff::remaining(api::Time now) const { return backoff(failures, last_failure, now); }

Backoff after(Backoff before, const std::vector<PodPtr>& succeeded, const std::vector<PodPtr>& failed) {
  if (succeeded.empty() && failed.empty()) return before;
  api::Time last_success;
  for (const PodPtr& pod : succeeded) last_success = std::max(last_success, finished_at(*pod));
  Backoff out = before;
  if (!succeeded.empty()) out = Backoff();
  for (const PodPtr& pod : failed) {
    api::Time at = finished_at(*pod);
    if (!succeeded.empty() && at <= last_success) continue;
    ++out.failures;
    out.last_failure = std::max(out.last_failure, at);
  }
  return out;
}

int index_failures(const corev1::Pod& pod) { return number(pod, kIndexFailures); }
int index_failures_in_all(const corev1::Pod& pod) {
  return index_failures(pod) + number(pod, kIndexIgnoredFailures);
}

bool index_failed(const batchv1::Job& job, const corev1::Pod& pod) {
  if (!pod_failed(pod, job)) return false;
  FailureVerdict verdict = judge_failure(job, pod);
  if (verdict.action == "FailIndex") return true;
  return verdict.counts && index_failures(pod) >= job.spec.backoffLimitPerIndex.value_or(0);
}

Duration index_backoff(const corev1::Pod* replaced, api::Time now) {
  if (replaced == nullptr) return Duration::zero();
  return backoff(index_failures_in_all(*replaced) + 1, finished_at(*replaced), now);
}

void annotate_index_failures(const batchv1::Job& job, const corev1::Pod* replaced, metav1::ObjectMeta& meta) {
  int counted = 0, ignored = 0;
  if (replaced != nullptr) {
    bool counts = judge_failure(job, *replaced).counts;
    counted = index_failures(*replaced) + (counts ? 1 : 0);
    ignored = number(*replaced, kIndexIgnoredFailures) + (counts ? 0 : 1);
  }
  meta.annotations[kIndexFailures] = std::to_string(counted);
  if (ignored > 0) meta.annotations[kIndexIgnoredFailures] = std::to_string(ignored);
}

}  // namespace xebec::controllers::job
