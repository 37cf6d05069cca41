#include "api/defaults/batch.h"

#include "api/defaults/core.h"
#include "api/defaults/util.h"

namespace xebec::batchv1 {
namespace {

using api::default_to;

void set_job_spec_defaults(JobSpec& spec) {
  if (!spec.completions && !spec.parallelism) spec.completions = 1;
  default_to(spec.parallelism, 1);
  default_to(spec.backoffLimit, spec.backoffLimitPerIndex ? 2147483647 : 6);
  default_to(spec.completionMode, "NonIndexed");
  default_to(spec.suspend, false);
  default_to(spec.manualSelector, false);
  default_to(spec.podReplacementPolicy, spec.podFailurePolicy ? "Failed" : "TerminatingOrFailed");
}

void set_failure_policy_defaults(JobSpec& spec) {
  if (!spec.podFailurePolicy) return;
  for (PodFailurePolicyRule& rule : spec.podFailurePolicy->rules) {
    for (PodFailurePolicyOnPodConditionsPattern& pattern : rule.onPodConditions)
      default_to(pattern.status, "True");
  }
}

// Of all versions. The Job's own defaults come when there is a Job.
template <typename Spec>
void set_cron_job_spec_defaults(Spec& spec) {
  corev1::set_template_defaults(spec.jobTemplate.spec.template_);
  set_failure_policy_defaults(spec.jobTemplate.spec);
  default_to(spec.concurrencyPolicy, "Allow");
  default_to(spec.suspend, false);
}

// v2alpha1 keeps every Job.
template <typename Spec>
void set_history_defaults(Spec& spec) {
  default_to(spec.successfulJobsHistoryLimit, 3);
  default_to(spec.failedJobsHistoryLimit, 1);
}

}  // namespace

void set_defaults(Job& job) {
  corev1::set_template_defaults(job.spec.template_);
  set_job_spec_defaults(job.spec);
  set_failure_policy_defaults(job.spec);
  if (job.metadata.labels.empty()) job.metadata.labels = job.spec.template_.metadata.labels;
}

void set_defaults(CronJob& job) {
  set_cron_job_spec_defaults(job.spec);
  set_history_defaults(job.spec);
}

}  // namespace xebec::batchv1

namespace xebec::batchv1beta1 {

void set_defaults(CronJob& job) {
  batchv1::set_cron_job_spec_defaults(job.spec);
  batchv1::set_history_defaults(job.spec);
}

}  // namespace xebec::batchv1beta1

namespace xebec::batchv2alpha1 {

void set_defaults(CronJob& job) { batchv1::set_cron_job_spec_defaults(job.spec); }

}  // namespace xebec::batchv2alpha1
