// What a Job's status may become. Others than the Job controller may write it (spec.managedBy), hence rules
// about what clients rely on; a rule holds where what it is about changes, so that an old status that breaks
// it does not stop all else.
#include <fmt/format.h>

#include "apiserver/validation/batch.h"

namespace xebec::apiserver::validation {
namespace {

// The conditions a status is judged by.
struct Outcome {
  explicit Outcome(const batchv1::Job& job)
      : complete(has_condition(job, "Complete")),
        failed(has_condition(job, "Failed")),
        failing(has_condition(job, "FailureTarget")),
        succeeding(has_condition(job, "SuccessCriteriaMet")) {}
  bool finished() const { return complete || failed; }
  bool complete, failed, failing, succeeding;
};

struct Change {
  const batchv1::Job& job;
  const batchv1::Job& old;
  Outcome now{job}, before{old};
};

const Path kStatus("status");

void refuse_conditions(Errors& errors, bool wrong, std::string_view text) {
  if (wrong) errors.push_back(field::invalid(kStatus.child("conditions"), "", text));
}

void check_counts(Errors& errors, const batchv1::JobStatus& status) {
  check_non_negative(errors, kStatus.child("active"), status.active);
  check_non_negative(errors, kStatus.child("succeeded"), status.succeeded);
  check_non_negative(errors, kStatus.child("failed"), status.failed);
  if (status.ready) check_non_negative(errors, kStatus.child("ready"), *status.ready);
  if (status.terminating) check_non_negative(errors, kStatus.child("terminating"), *status.terminating);
  if (!status.uncountedTerminatedPods) return;
  std::set<std::string> seen;
  auto check = [&](std::string_view name, const std::vector<std::string>& uids) {
    for (size_t i = 0; i < uids.size(); ++i) {
      const Path at = kStatus.child("uncountedTerminatedPods").child(name).index(i);
      if (uids[i].empty()) {
        errors.push_back(field::invalid_string(at, "", "must not be empty"));
      } else if (!seen.insert(uids[i]).second) {
        errors.push_back(field::duplicate(at, uids[i]));
      }
    }
  };
  check("succeeded", status.uncountedTerminatedPods->succeeded);
  check("failed", status.uncountedTerminatedPods->failed);
}

std::string rendered(const std::optional<api::Time>& time) {
  return field::quote(time ? time->str() : "null");
}

void check_completion_time(Errors& errors, const Change& change) {
  const batchv1::JobStatus &status = change.job.status, &old = change.old.status;
  const Path path = kStatus.child("completionTime");
  const bool moved = status.completionTime != old.completionTime;
  if (change.now.complete != change.before.complete || moved) {
    if (status.completionTime && !change.now.complete) {
      errors.push_back(field::invalid(path, rendered(status.completionTime),
                                      "cannot set completionTime when there is no Complete=True condition"));
    }
    if (!status.completionTime && change.now.complete)
      errors.push_back(field::required(path, "completionTime is required for Complete jobs"));
  }
  if ((moved || status.startTime != old.startTime) && status.startTime && status.completionTime &&
      *status.completionTime < *status.startTime) {
    errors.push_back(field::invalid(path, rendered(status.completionTime),
                                    "completionTime cannot be set before startTime"));
  }
}

void check_finished(Errors& errors, const Change& change) {
  const batchv1::JobStatus &status = change.job.status, &old = change.old.status;
  if (!change.now.finished()) return;
  const bool just = !change.before.finished();
  if ((just || status.active != old.active) && status.active > 0) {
    errors.push_back(
        field::invalid_int(kStatus.child("active"), status.active, "active>0 is invalid for finished job"));
  }
  if ((just || status.startTime != old.startTime) && !status.startTime)
    errors.push_back(field::required(kStatus.child("startTime"), "startTime is required for finished job"));
  const auto& uncounted = status.uncountedTerminatedPods;
  if ((just || uncounted != old.uncountedTerminatedPods) && uncounted &&
      uncounted->failed.size() + uncounted->succeeded.size() > 0) {
    errors.push_back(field::invalid(kStatus.child("uncountedTerminatedPods"), go_json(*uncounted),
                                    "uncountedTerminatedPods needs to be empty for finished job"));
  }
}

void check_indexes(Errors& errors, const Change& change) {
  const batchv1::JobStatus &status = change.job.status, &old = change.old.status;
  const batchv1::JobSpec& spec = change.job.spec;
  const Path completed = kStatus.child("completedIndexes"), failed = kStatus.child("failedIndexes");
  const bool completed_moved = status.completedIndexes != old.completedIndexes;
  const bool failed_moved = status.failedIndexes != old.failedIndexes;
  auto check_text = [&](const Path& path, const std::string& text, std::string_view name) {
    Result<int64_t> counted = count_indexes(text, *spec.completions);
    if (counted) return;
    errors.push_back(field::invalid_string(
        path, text, fmt::format("error parsing {}: {}", name, counted.error().message)));
  };
  if (completed_moved && spec.completions) check_text(completed, status.completedIndexes, "completedIndexes");
  if (failed_moved && spec.completions && spec.backoffLimitPerIndex && status.failedIndexes)
    check_text(failed, *status.failedIndexes, "failedIndexes");
  if (completed_moved && !status.completedIndexes.empty() && spec.completionMode != "Indexed") {
    errors.push_back(
        field::invalid_string(completed, status.completedIndexes,
                              "cannot set non-empty completedIndexes when non-indexed completion mode"));
  }
  if (!status.failedIndexes) return;
  if (failed_moved && !spec.backoffLimitPerIndex) {
    errors.push_back(
        field::invalid_string(failed, *status.failedIndexes,
                              "cannot set non-null failedIndexes when backoffLimitPerIndex is null"));
  }
  if (!(failed_moved || completed_moved) || !spec.completions) return;
  if (auto common = first_common_index(status.completedIndexes, *status.failedIndexes, *spec.completions)) {
    errors.push_back(field::invalid_string(
        failed, *status.failedIndexes,
        fmt::format("failedIndexes and completedIndexes overlap at index: {}", *common)));
  }
}

// Conditions that exclude or demand each other.
void check_first_conditions(Errors& errors, const Change& change) {
  const Outcome &now = change.now, &before = change.before;
  const bool complete_moved = now.complete != before.complete;
  refuse_conditions(errors, (complete_moved || now.failed != before.failed) && now.complete && now.failed,
                    "cannot set Complete=True and Failed=true conditions");
  refuse_conditions(errors, (complete_moved || now.failing != before.failing) && now.complete && now.failing,
                    "cannot set Complete=True and FailureTarget=true conditions");
}

void check_demanded_conditions(Errors& errors, const Change& change) {
  const Outcome &now = change.now, &before = change.before;
  const bool failing_moved = now.failed != before.failed || now.failing != before.failing;
  const bool succeeding_moved = now.complete != before.complete || now.succeeding != before.succeeding;
  refuse_conditions(errors, failing_moved && now.failed && !now.failing,
                    "cannot set Failed=True condition without the FailureTarget=true condition");
  refuse_conditions(errors, succeeding_moved && now.complete && !now.succeeding,
                    "cannot set Complete=True condition without the SuccessCriteriaMet=true condition");
}

void check_success(Errors& errors, const Change& change) {
  const Outcome& now = change.now;
  refuse_conditions(errors, now.succeeding && now.failed,
                    "cannot set SuccessCriteriaMet=True and Failed=true conditions");
  refuse_conditions(errors, now.succeeding && now.failing,
                    "cannot set SuccessCriteriaMet=True and FailureTarget=true conditions");
  refuse_conditions(errors, change.job.spec.successPolicy && !now.succeeding && now.complete,
                    "cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True");
}

// Pods that still end, or are ready without being active.
void check_last_counts(Errors& errors, const Change& change) {
  const batchv1::JobStatus &status = change.job.status, &old = change.old.status;
  const bool finished_moved = change.now.finished() != change.before.finished();
  if ((finished_moved || status.terminating != old.terminating) && change.now.finished() &&
      status.terminating.value_or(0) > 0) {
    errors.push_back(field::invalid_int(kStatus.child("terminating"), *status.terminating,
                                        "terminating>0 is invalid for finished job"));
  }
  if ((status.ready != old.ready || status.active != old.active) &&
      status.ready.value_or(0) > status.active) {
    errors.push_back(
        field::invalid_int(kStatus.child("ready"), *status.ready, "cannot set more ready pods than active"));
  }
}

// What cannot be taken back.
void check_transitions(Errors& errors, const Change& change) {
  const batchv1::JobStatus &status = change.job.status, &old = change.old.status;
  const batchv1::JobSpec& spec = change.job.spec;
  const Outcome &now = change.now, &before = change.before;
  auto keeps = [&](bool was, bool is, std::string_view type) {
    refuse_conditions(errors, was && !is, fmt::format("cannot disable the terminal {}=True condition", type));
  };
  keeps(before.failed, now.failed, "Failed");
  keeps(before.complete, now.complete, "Complete");
  keeps(before.failing, now.failing, "FailureTarget");
  if (status.failed < old.failed) {
    errors.push_back(
        field::invalid_int(kStatus.child("failed"), status.failed, "cannot decrease the failed counter"));
  }
  // Jobs of as many Pods as completions can be scaled down.
  const bool elastic = spec.completionMode == "Indexed" && spec.completions == spec.parallelism;
  if (!elastic && status.succeeded < old.succeeded) {
    errors.push_back(field::invalid_int(kStatus.child("succeeded"), status.succeeded,
                                        "cannot decrease the succeeded counter"));
  }
  if (status.completionTime && old.completionTime && status.completionTime != old.completionTime) {
    errors.push_back(field::invalid(kStatus.child("completionTime"), rendered(status.completionTime),
                                    "completionTime cannot be mutated"));
  }
  if (old.startTime && old.startTime != status.startTime && !spec.suspend.value_or(false)) {
    errors.push_back(
        field::required(kStatus.child("startTime"), "startTime cannot be removed for unsuspended job"));
  }
  refuse_conditions(errors, before.succeeding && !now.succeeding,
                    "cannot disable the SuccessCriteriaMet=True condition");
  refuse_conditions(errors, before.complete && !before.succeeding && now.succeeding,
                    "cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions");
}

}  // namespace

bool has_condition(const batchv1::Job& job, std::string_view type) {
  for (const batchv1::JobCondition& condition : job.status.conditions)
    if (condition.type == type && condition.status == "True") return true;
  return false;
}

Errors validate_job_status_update(const batchv1::Job& job, const batchv1::Job& old) {
  Errors errors;
  const Change change{job, old};
  check_counts(errors, job.status);
  check_first_conditions(errors, change);
  check_completion_time(errors, change);
  check_demanded_conditions(errors, change);
  check_finished(errors, change);
  check_indexes(errors, change);
  check_last_counts(errors, change);
  check_success(errors, change);
  check_transitions(errors, change);
  return errors;
}

}  // namespace xebec::apiserver::validation
