// What a Job's policies make of its Pods: which failures count, when the whole Job fails or has succeeded
// (k8s.io/kubernetes/pkg/controller/job: pod_failure_policy.go, success_policy.go, backoff_utils.go). Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/gen/batchv1.h"
#include "base/clock.h"
#include "controllers/job/indexes.h"
#include "controllers/pod_helpers.h"

namespace xebec::controllers::job {

inline constexpr std::string_view kTrackingFinalizer = "batch.kubernetes.io/job-tracking";
inline constexpr std::string_view kIndexFailures = "batch.kubernetes.io/job-index-failure-count";
inline constexpr std::string_view kIndexIgnoredFailures =
    "batch.kubernetes.io/job-index-ignored-failure-count";

bool has_finalizer(const corev1::Pod& pod);
bool is_finished(const batchv1::Job& job);  // Complete or Failed
bool is_suspended(const batchv1::Job& job);
bool has_limit_per_index(const batchv1::Job& job);
// A Pod is replaced only when it has ended, not when it is about to.
bool replaces_only_failed(const batchv1::Job& job);
bool pod_failed(const corev1::Pod& pod, const batchv1::Job& job);
const batchv1::JobCondition* true_condition(const batchv1::Job& job, std::string_view type);

struct FailureVerdict {
  std::string action;  // of the rule that matched; empty: none did
  bool counts = true;
  std::string fail_message;  // of action FailJob
};
FailureVerdict judge_failure(const batchv1::Job& job, const corev1::Pod& pod);
// The message with which the Job fails because of a Pod; nothing when it does not.
std::optional<std::string> failure_of_job(const batchv1::Job& job, const std::vector<PodPtr>& pods);
// "Matched rules at index 0"; nothing while no rule is met.
std::optional<std::string> success_by_policy(const batchv1::Job& job, const Indexes& succeeded);
// restartPolicy OnFailure: containers were restarted more often than the backoff limit allows.
bool restarted_too_often(const batchv1::Job& job, const std::vector<PodPtr>& pods);

// When the Pod ended, as well as can be told.
api::Time finished_at(const corev1::Pod& pod);
// Failures since the last success, and the time the next Pod has to wait: 10 s, doubled up to 10 minutes.
struct Backoff {
  int failures = 0;
  api::Time last_failure;
  Duration remaining(api::Time now) const;
};
Backoff after(Backoff before, const std::vector<PodPtr>& succeeded, const std::vector<PodPtr>& failed);

// Of one index, by the annotations of its newest Pod that failed.
int index_failures(const corev1::Pod& pod);
int index_failures_in_all(const corev1::Pod& pod);  // ignored ones too
bool index_failed(const batchv1::Job& job, const corev1::Pod& pod);
Duration index_backoff(const corev1::Pod* replaced, api::Time now);
// What the Pod that replaces it says of the index; nullptr: nothing has failed yet.
void annotate_index_failures(const batchv1::Job& job, const corev1::Pod* replaced, metav1::ObjectMeta& meta);

}  // namespace xebec::controllers::job
