// Defaults of batch (k8s.io/kubernetes/pkg/apis/batch/*/defaults.go).
#include "api/defaults/core.h"
#include "api/defaults/groups.h"
#include "api/defaults/util.h"
#include "api/gen/batchv1.h"
#include "api/gen/batchv1beta1.h"
#include "api/gen/batchv2alpha1.h"

namespace xebec::api {
namespace {

void set_job_spec_defaults(batchv1::JobSpec& spec) {
  if (!spec.completions && !spec.parallelism) spec.completions = 1;
  default_to(spec.parallelism, 1);
  default_to(spec.backoffLimit, spec.backoffLimitPerIndex ? 2147483647 : 6);
  default_to(spec.completionMode, "NonIndexed");
  default_to(spec.suspend, false);
  default_to(spec.manualSelector, false);
  default_to(spec.podReplacementPolicy, spec.podFailurePolicy ? "Failed" : "TerminatingOrFailed");
}

void set_failure_policy_defaults(batchv1::JobSpec& spec) {
  if (!spec.podFailurePolicy) return;
  for (auto& rule : spec.podFailurePolicy->rules) {
    for (auto& pattern : rule.onPodConditions) default_to(pattern.status, "True");
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

void set_job_defaults(batchv1::Job& job) {
  corev1::set_template_defaults(job.spec.template_);
  set_job_spec_defaults(job.spec);
  set_failure_policy_defaults(job.spec);
  if (job.metadata.labels.empty()) job.metadata.labels = job.spec.template_.metadata.labels;
}

}  // namespace

void add_batch_defaults(DefaultsTable& table) {
  add_defaults<batchv1::Job>(table, [](auto& job) { set_job_defaults(job); });
  add_defaults<batchv1::CronJob, batchv1beta1::CronJob>(table, [](auto& job) {
    set_cron_job_spec_defaults(job.spec);
    set_history_defaults(job.spec);
  });
  add_defaults<batchv2alpha1::CronJob>(table, [](auto& job) { set_cron_job_spec_defaults(job.spec); });
}

}  // namespace xebec::api
