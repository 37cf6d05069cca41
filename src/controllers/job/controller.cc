#include "controllers/job/controller.h"

#include <fmt/format.h>

#include "controllers/claim.h"
#include "controllers/pod_index.h"

namespace xebec::controllers {
namespace {

using namespace job;

constexpr std::string_view kAccount = "job-controller";
constexpr std::string_view kManager = "kubernetes.io/job-controller";
constexpr Duration kBatch = std::chrono::seconds(1);  // changes of Pods within it are one sync

std::optional<api::LabelSelector> selector_of(const batchv1::Job& job) {
  return controllers::selector_of(job.spec.selector ? &*job.spec.selector : nullptr);
}

bool managed_elsewhere(const batchv1::Job& job) {
  return job.spec.managedBy && *job.spec.managedBy != kManager;
}

int64_t completions(const batchv1::Job& job) { return job.spec.completions.value_or(0); }

}  // namespace

JobController::JobController(const ControllerContext& context)
    : env_(context.env),
      rest_(context.rest_as(kAccount)),
      jobs_(context.informers->get<batchv1::Job>()),
      pods_(context.informers->get<corev1::Pod>()),
      queue_(*env_.executor),
      orphan_queue_(*env_.executor),
      expectations_(*env_.executor),
      recorder_(rest_, env_, std::string(kAccount)) {
  index_by_controller(pods_);
  jobs_.on_change([this](const JobPtr& old, const JobPtr& now) { on_job(old, now); });
  pods_.on_change([this](const PodPtr& old, const PodPtr& now) { on_pod(old, now); });
}

void JobController::start(Scope& scope) {
  scope.spawn(recorder_.run(scope.token()));
  client::run_controller(
      scope, queue_, 5, [this](std::string key) { return sync(std::move(key)); }, env_.logger);
  client::run_controller(
      scope, orphan_queue_, 1, [this](std::string key) { return sync_orphan(std::move(key)); }, env_.logger);
}

JobController::JobPtr JobController::owner_of(const metav1::ObjectMeta& pod) const {
  const metav1::OwnerReference* ref = client::controller_of(pod);
  if (ref == nullptr || ref->kind != "Job") return nullptr;
  JobPtr found = jobs_.get(pod.namespace_, ref->name);
  return found && found->metadata.uid == ref->uid ? found : nullptr;
}

void JobController::on_job(const JobPtr& old, const JobPtr& now) {
  std::string key = client::key_of((now ? now : old)->metadata);
  bool replaced = old && now && old->metadata.uid != now->metadata.uid;
  if (!now || replaced) {
    expectations_.erase(key);
    removals_.erase(key);
    backoffs_.erase(key);
    written_.erase(key);
    for (const PodPtr& pod : pods_.by_index(kByController, old->metadata.uid)) {
      if (has_finalizer(*pod)) orphan_queue_.add(client::key_of(pod->metadata));
    }
  }
  if (!now) return;
  // Its own writes of the status need no hurry.
  bool same_spec = old && !replaced && old->metadata.generation == now->metadata.generation;
  queue_.add_after(key, same_spec ? kBatch : Duration::zero());
}

void JobController::observe_removal(const std::string& key, const std::string& uid) {
  auto of = removals_.find(key);
  if (of == removals_.end()) return;
  of->second.erase(uid);
  if (of->second.empty()) removals_.erase(of);
}

void JobController::on_pod_gone(const corev1::Pod& pod, bool finally) {
  JobPtr owner = owner_of(pod.metadata);
  if (!owner || is_finished(*owner)) {
    if (has_finalizer(pod)) orphan_queue_.add(client::key_of(pod.metadata));
    return;
  }
  std::string key = client::key_of(owner->metadata);
  expectations_.deletion_observed(key, client::key_of(pod.metadata));
  if (finally || !has_finalizer(pod)) observe_removal(key, pod.metadata.uid);
  queue_.add_after(key, kBatch);
}

void JobController::enqueue_matching(const corev1::Pod& pod) {
  for (const JobPtr& candidate : jobs_.list(pod.metadata.namespace_)) {
    std::optional<api::LabelSelector> selector = selector_of(*candidate);
    if (selector && selector->matches(pod.metadata.labels))
      queue_.add_after(client::key_of(candidate->metadata), kBatch);
  }
}

void JobController::on_pod(const PodPtr& old, const PodPtr& now) {
  if (!now) return on_pod_gone(*old, true);
  if (now->metadata.deletionTimestamp) return on_pod_gone(*now, false);
  const metav1::OwnerReference* ref = client::controller_of(now->metadata);
  bool released = old && has_finalizer(*old) && !has_finalizer(*now);
  if (old) {
    const metav1::OwnerReference* before = client::controller_of(old->metadata);
    JobPtr former = owner_of(old->metadata);
    if (former && (ref == nullptr || ref->uid != before->uid)) {
      std::string key = client::key_of(former->metadata);
      if (released) observe_removal(key, now->metadata.uid);
      queue_.add_after(key, kBatch);
    }
  }
  if (ref == nullptr) {
    if (has_finalizer(*now)) orphan_queue_.add(client::key_of(now->metadata));
    return enqueue_matching(*now);
  }
  JobPtr owner = owner_of(now->metadata);
  if (!owner || is_finished(*owner)) {
    if (has_finalizer(*now) && (ref->kind == "Job" || owner))
      orphan_queue_.add(client::key_of(now->metadata));
    return;
  }
  std::string key = client::key_of(owner->metadata);
  if (!old) expectations_.creation_observed(key);
  if (released) observe_removal(key, now->metadata.uid);
  queue_.add_after(key, kBatch);
}

bool JobController::is_stale(const std::string& key, const batchv1::Job& cached) const {
  auto written = written_.find(key);
  return written != written_.end() && revision(cached.metadata) < written->second;
}

// A Pod whose Job is gone or finished keeps no finalizer.
Task<Result<void>> JobController::sync_orphan(std::string key) {
  client::KeyParts parts = client::split_key(key);
  PodPtr pod = pods_.get(parts.ns, parts.name);
  if (!pod || !has_finalizer(*pod)) co_return Result<void>();
  const metav1::OwnerReference* ref = client::controller_of(pod->metadata);
  if (ref != nullptr && ref->kind != "Job") co_return Result<void>();
  JobPtr owner = owner_of(pod->metadata);
  if (owner && (managed_elsewhere(*owner) || !is_finished(*owner))) co_return Result<void>();
  if (ref != nullptr && !owner) {
    // The informer of Jobs may lag behind that of Pods.
    auto live = co_await rest_.get<batchv1::Job>(Context(), parts.ns, ref->name);
    if (!live && !live.error().is(reason::kNotFound)) co_return fail(std::move(live).error());
    if (live && live->metadata.uid == ref->uid && !is_finished(*live)) co_return Result<void>();
  }
  co_return co_await patch_finalizer_away(pod);
}

Task<Result<void>> JobController::sync(std::string key) {
  client::KeyParts parts = client::split_key(key);
  JobPtr cached = jobs_.get(parts.ns, parts.name);
  if (!cached || managed_elsewhere(*cached)) co_return Result<void>();
  if (is_stale(key, *cached)) {
    queue_.add_after(key, kBatch);
    co_return Result<void>();
  }
  if (is_finished(*cached)) {
    backoffs_.erase(key);
    written_.erase(key);
    co_return Result<void>();
  }
  const std::string mode = cached->spec.completionMode.value_or("NonIndexed");
  if (mode != "NonIndexed" && mode != "Indexed") {
    recorder_.event(*cached, client::kEventWarning, "UnknownCompletionMode",
                    "Skipped Job sync because completion mode is unknown");
    co_return Result<void>();
  }
  Work work;
  work.key = key;
  work.cached = cached;
  work.job = *cached;
  work.settled = expectations_.satisfied(key);
  std::optional<api::LabelSelector> selector = selector_of(*cached);
  std::vector<PodPtr> candidates = pods_.by_index(kByController, cached->metadata.uid);
  for (const PodPtr& orphan : pods_.by_index(kByController, "orphan/" + parts.ns))
    candidates.push_back(orphan);
  std::function<bool(const corev1::Pod&)> picks = [selector](const corev1::Pod& pod) {
    return selector && selector->matches(pod.metadata.labels);
  };
  auto claiming = claim<batchv1::Job, corev1::Pod>(rest_, cached, std::move(candidates), std::move(picks),
                                                   std::string(kTrackingFinalizer));
  CO_TRY(work.pods, co_await std::move(claiming));
  co_return co_await sync_work(work);
}

// Pods that have ended, carry their finalizer and are not counted yet; of Indexed Jobs those with an index.
std::vector<PodPtr> JobController::newly(const Work& work, bool failed) const {
  std::vector<PodPtr> out;
  const Uids& uncounted = failed ? work.uncounted_failed : work.uncounted_succeeded;
  for (const PodPtr& pod : work.pods) {
    const std::string& uid = pod->metadata.uid;
    if (!has_finalizer(*pod) || uncounted.contains(uid) || work.removing.contains(uid)) continue;
    int index = index_of(*pod);
    if (is_indexed(work.job) && (index == kNoIndex || index >= completions(work.job))) continue;
    if (failed ? pod_failed(*pod, work.job) : pod->status.phase == "Succeeded") out.push_back(pod);
  }
  return out;
}

void JobController::count(Work& work) const {
  const batchv1::JobStatus& status = work.job.status;
  for (const auto& uid : status.uncountedTerminatedPods->succeeded) work.uncounted_succeeded.insert(uid);
  for (const auto& uid : status.uncountedTerminatedPods->failed) work.uncounted_failed.insert(uid);
  if (auto removing = removals_.find(work.key); removing != removals_.end()) work.removing = removing->second;
  for (const PodPtr& pod : work.pods) {
    if (pod_active(*pod)) work.active.push_back(pod);
    if (pod_active(*pod) && pod_ready(*pod)) ++work.ready;
    if (pod_terminating(*pod)) ++work.terminating;
  }
  std::vector<PodPtr> succeeded = newly(work, false), failed = newly(work, true);
  work.succeeded =
      status.succeeded + static_cast<int64_t>(succeeded.size() + work.uncounted_succeeded.size());
  work.failed = status.failed + static_cast<int64_t>(work.uncounted_failed.size());
  for (const PodPtr& pod : failed) work.failed += judge_failure(work.job, *pod).counts;
  auto before = backoffs_.find(work.key);
  work.backoff = after(before == backoffs_.end() ? Backoff() : before->second, succeeded, failed);
}

void JobController::count_indexes(Work& work) {
  int most = static_cast<int>(completions(work.job));
  work.succeeded_before = Indexes::parse(work.job.status.completedIndexes, most);
  work.succeeded_indexes = work.succeeded_before;
  for (const PodPtr& pod : work.pods) {
    int index = index_of(*pod);
    bool done = pod->status.phase == "Succeeded" && index != kNoIndex && index < most && has_finalizer(*pod);
    if (done) work.succeeded_indexes.add(index);
  }
  work.succeeded = work.succeeded_indexes.total();
  if (!has_limit_per_index(work.job)) return;
  Indexes failed = Indexes::parse(work.job.status.failedIndexes.value_or(""), most);
  for (const PodPtr& pod : work.pods) {
    int index = index_of(*pod);
    if (index != kNoIndex && index < most && index_failed(work.job, *pod)) failed.add(index);
  }
  std::set<int> busy;
  for (const PodPtr& pod : work.active) busy.insert(index_of(*pod));
  for (const PodPtr& pod : work.pods) {
    int index = index_of(*pod);
    bool waits = has_finalizer(*pod) && !work.removing.contains(pod->metadata.uid) && index != kNoIndex &&
                 index < most && pod_failed(*pod, work.job) && !busy.contains(index) &&
                 !work.succeeded_indexes.has(index) && !failed.has(index);
    if (!waits) continue;
    PodPtr& last = work.delayed[index];
    bool newer = !last || (index_failures_in_all(*last) <= index_failures_in_all(*pod) &&
                           finished_at(*pod) >= finished_at(*last));
    if (newer) last = pod;
  }
  work.failed_indexes = std::move(failed);
}

batchv1::JobCondition JobController::condition(std::string_view type, std::string_view status,
                                               std::string_view reason, std::string_view message) const {
  batchv1::JobCondition out;
  out.type = type;
  out.status = status;
  out.reason = reason;
  out.message = message;
  out.lastProbeTime = out.lastTransitionTime = to_time(env_.clock->now());
  return out;
}

bool JobController::set_condition(batchv1::JobStatus& status, batchv1::JobCondition condition) const {
  for (batchv1::JobCondition& old : status.conditions) {
    if (old.type != condition.type) continue;
    bool same =
        old.status == condition.status && old.reason == condition.reason && old.message == condition.message;
    if (!same) old = std::move(condition);
    return !same;
  }
  if (condition.status == "False") return false;
  status.conditions.push_back(std::move(condition));
  return true;
}

// Whether the Job has failed or has succeeded by its policies: what was found once stays.
void JobController::judge(Work& work) {
  const batchv1::Job& job = work.job;
  if (const auto* met = true_condition(job, "SuccessCriteriaMet")) {
    work.finished = *met;
  } else if (const auto* target = true_condition(job, "FailureTarget")) {
    work.finished = condition("Failed", "True", target->reason, target->message);
  } else if (auto message = failure_of_job(job, work.pods)) {
    work.finished = condition("FailureTarget", "True", "PodFailurePolicy", *message);
  } else if (work.failed > job.spec.backoffLimit.value_or(6) || restarted_too_often(job, work.pods)) {
    work.finished = condition("FailureTarget", "True", "BackoffLimitExceeded",
                              "Job has reached the specified backoff limit");
  } else if (job.spec.activeDeadlineSeconds && job.status.startTime && !is_suspended(job)) {
    int64_t left =
        job.status.startTime->seconds + *job.spec.activeDeadlineSeconds - to_time(env_.clock->now()).seconds;
    if (left <= 0) {
      work.finished = condition("FailureTarget", "True", "DeadlineExceeded",
                                "Job was active longer than specified deadline");
    } else {
      queue_.add_after(work.key, std::chrono::seconds(left));
    }
  }
  if (!is_indexed(job)) return;
  count_indexes(work);
  if (work.finished) return;
  if (work.failed_indexes) {
    int failed = work.failed_indexes->total();
    if (job.spec.maxFailedIndexes && failed > *job.spec.maxFailedIndexes) {
      work.finished = condition("FailureTarget", "True", "MaxFailedIndexesExceeded",
                                "Job has exceeded the specified maximal number of failed indexes");
      return;
    }
    if (failed > 0 && failed + work.succeeded >= completions(job)) {
      work.finished = condition("FailureTarget", "True", "FailedIndexes", "Job has failed indexes");
      return;
    }
  }
  if (auto message = success_by_policy(job, work.succeeded_indexes))
    work.finished = condition("SuccessCriteriaMet", "True", "SuccessPolicy", *message);
}

bool JobController::note_suspension(Work& work) {
  batchv1::JobStatus& status = work.job.status;
  bool suspended = is_suspended(work.job);
  bool changed =
      set_condition(status, suspended ? condition("Suspended", "True", "JobSuspended", "Job suspended")
                                      : condition("Suspended", "False", "JobResumed", "Job resumed"));
  if (!changed) return false;
  if (suspended) {
    recorder_.event(work.job, client::kEventNormal, "Suspended", "Job suspended");
  } else {
    recorder_.event(work.job, client::kEventNormal, "Resumed", "Job resumed");
    // The deadline is about the time that it may be active in one go.
    status.startTime = to_time(env_.clock->now());
  }
  return true;
}

Task<Result<void>> JobController::sync_work(Work& work) {
  batchv1::Job& job = work.job;
  job.status.uncountedTerminatedPods.ensure();
  count(work);
  if (!job.status.startTime && !is_suspended(job)) job.status.startTime = to_time(env_.clock->now());
  judge(work);
  int64_t active = static_cast<int64_t>(work.active.size());
  std::optional<Status> failure;
  bool changed = false;
  if (work.finished) {
    active = co_await remove_pods(work, work.active, false, failure);
    // There may be finalizers left, or Pods that the informer does not show yet.
    if (active != 0 || !work.settled) work.finished.reset();
  } else {
    bool managed = work.settled && !job.metadata.deletionTimestamp;
    if (managed) active = co_await manage(work, failure);
    bool enough = job.spec.completions ? work.succeeded >= *job.spec.completions : work.succeeded > 0;
    if (enough && active == 0) {
      work.finished = condition("SuccessCriteriaMet", "True", "CompletionsReached",
                                "Reached expected number of succeeded pods");
    } else if (managed) {
      changed = note_suspension(work);
    }
  }
  auto active_now = static_cast<int32_t>(active), ready = static_cast<int32_t>(work.ready),
       terminating = static_cast<int32_t>(work.terminating);
  changed |= job.status.active != active_now || job.status.ready != ready ||
             job.status.terminating != terminating || job.status.startTime != work.cached->status.startTime;
  job.status.active = active_now;
  job.status.ready = ready;
  job.status.terminating = terminating;
  CO_TRY_VOID(co_await track(work, changed));
  if (failure) co_return fail(std::move(*failure));
  co_return Result<void>();
}

}  // namespace xebec::controllers
