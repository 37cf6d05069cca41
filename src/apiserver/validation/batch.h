// Validation of batch/v1 (k8s.io/kubernetes/pkg/apis/batch/validation).
#pragma once

#include "api/gen/batchv1.h"
#include "apiserver/validation/check.h"

namespace xebec::apiserver::validation {

// --- parts ---
// job_spec.cc: of a Job or of a CronJob's template, which has no selector yet.
void check_job_spec(Errors& errors, const Path& path, const batchv1::JobSpec& spec);
// job_policies.cc
void check_pod_failure_policy(Errors& errors, const Path& path, const batchv1::JobSpec& spec);
void check_success_policy(Errors& errors, const Path& path, const batchv1::JobSpec& spec);
// job_indexes.cc: texts such as "1,3-5". How many indexes there are, all less than `completions`; an error is
// in upstream's words.
Result<int64_t> count_indexes(std::string_view text, int32_t completions);
// The first index that both have; nothing when none.
std::optional<int64_t> first_common_index(std::string_view completed, std::string_view failed,
                                          int32_t completions);
bool has_condition(const batchv1::Job& job, std::string_view type);

// --- whole ---
Errors validate_job(const batchv1::Job& job);
Errors validate_job_update(const batchv1::Job& job, const batchv1::Job& old);
// job_status.cc
Errors validate_job_status_update(const batchv1::Job& job, const batchv1::Job& old);
// cron_job.cc
Errors validate_cron_job(const batchv1::CronJob& job);
Errors validate_cron_job_update(const batchv1::CronJob& job, const batchv1::CronJob& old);

}  // namespace xebec::apiserver::validation
