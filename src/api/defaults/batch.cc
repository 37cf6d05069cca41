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

}  // namespace

void set_defaults(Job& job) {
  corev1::set_template_defaults(job.spec.template_);
  set_job_spec_defaults(job.spec);
  set_failure_policy_defaults(job.spec);
  if (job.metadata.labels.empty()) job.metadata.labels = job.spec.template_.metadata.labels;
}

void set_defaults(CronJob& job) {
  // The Job's own defaults come when there is a Job.
  corev1::set_template_defaults(job.spec.jobTemplate.spec.template_);
  set_failure_policy_defaults(job.spec.jobTemplate.spec);
  default_to(job.spec.concurrencyPolicy, "Allow");
  default_to(job.spec.suspend, false);
  default_to(job.spec.successfulJobsHistoryLimit, 3);
  default_to(job.spec.failedJobsHistoryLimit, 1);
}

}  // namespace xebec::batchv1
