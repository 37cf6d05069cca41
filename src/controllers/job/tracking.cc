// Counting Pods that have ended, each exactly once, whatever fails in between (KEP-2307).
#include "controllers/job/controller.h"

namespace xebec::controllers {
namespace {

using namespace job;

constexpr size_t kMostUncounted = 500;  // UIDs in the status, and finalizers taken off in one sync

std::string finalizer_patch(const std::string& uid) {
  return R"({"metadata":{"uid":")" + uid + R"(","$deleteFromPrimitiveList/finalizers":[")" +
         std::string(kTrackingFinalizer) + R"("]}})";
}

// Those that lost their finalizer are counted.
template <class Uids>
int32_t drop_counted(std::vector<std::string>& uncounted, const Uids& with_finalizer) {
  return static_cast<int32_t>(
      std::erase_if(uncounted, [&](const std::string& uid) { return !with_finalizer.contains(uid); }));
}

}  // namespace

// A finalizer may go when the Job does or has ended, and when its Pod has: unless a successor has to learn
// from it first how often its index has failed.
bool JobController::may_release(const Work& work, const corev1::Pod& pod) const {
  if (work.job.metadata.deletionTimestamp || work.finished || pod.status.phase == "Succeeded") return true;
  if (!pod_failed(pod, work.job)) return false;
  if (!has_limit_per_index(work.job)) return true;
  auto delayed = work.delayed.find(index_of(pod));
  return delayed == work.delayed.end() || delayed->second->metadata.uid != pod.metadata.uid;
}

// Puts the Pod among the uncounted ones, or its index among the new ones. True when the status changed.
bool JobController::count_pod(Work& work, const corev1::Pod& pod, std::vector<int>& new_indexes) const {
  auto& uncounted = *work.job.status.uncountedTerminatedPods;
  const std::string& uid = pod.metadata.uid;
  int index = index_of(pod);
  bool indexed = is_indexed(work.job);
  bool good_index = index != kNoIndex && index < work.job.spec.completions.value_or(0);
  if (pod.status.phase == "Succeeded" && !work.uncounted_failed.contains(uid)) {
    if (indexed && good_index && !work.succeeded_before.has(index)) {
      new_indexes.push_back(index);
      return true;
    }
    if (indexed || work.uncounted_succeeded.contains(uid)) return false;
    uncounted.succeeded.push_back(uid);
    return true;
  }
  // Whatever still runs when the Job has failed counts as failed.
  bool failed_job =
      work.finished && work.finished->type != "SuccessCriteriaMet" && work.finished->type != "Complete";
  if (!pod_failed(pod, work.job) && !failed_job) return false;
  bool counts =
      !work.uncounted_failed.contains(uid) && (!indexed || good_index) && judge_failure(work.job, pod).counts;
  if (counts) uncounted.failed.push_back(uid);
  return counts;
}

bool JobController::clean_uncounted(Work& work, const Uids& with_finalizer) const {
  batchv1::JobStatus& status = work.job.status;
  int32_t succeeded = drop_counted(status.uncountedTerminatedPods->succeeded, with_finalizer);
  int32_t failed = drop_counted(status.uncountedTerminatedPods->failed, with_finalizer);
  status.succeeded += succeeded;
  status.failed += failed;
  return succeeded + failed > 0;
}

Task<Result<void>> JobController::write_status(Work& work) {
  auto written = co_await rest_.update_status(Context(), work.job);
  if (!written) co_return fail(std::move(written).error());
  work.job = std::move(*written);
  written_[work.key] = revision(work.job.metadata);
  work.job.status.uncountedTerminatedPods.ensure();
  co_return Result<void>();
}

Task<Result<void>> JobController::track(Work& work, bool changed) {
  batchv1::JobStatus& status = work.job.status;
  Uids with_finalizer;
  for (const PodPtr& pod : work.pods) {
    if (has_finalizer(*pod) && !work.removing.contains(pod->metadata.uid))
      with_finalizer.insert(pod->metadata.uid);
  }
  changed |= clean_uncounted(work, with_finalizer);
  if (is_indexed(work.job)) {
    std::stable_sort(work.pods.begin(), work.pods.end(),
                     [](const PodPtr& a, const PodPtr& b) { return index_of(*a) < index_of(*b); });
  }
  std::vector<PodPtr> release;
  std::vector<int> new_indexes;
  bool full = false;
  for (const PodPtr& pod : work.pods) {
    if (!with_finalizer.contains(pod->metadata.uid) || !may_release(work, *pod)) continue;
    release.push_back(pod);
    changed |= count_pod(work, *pod, new_indexes);
    const auto& uncounted = *status.uncountedTerminatedPods;
    full = new_indexes.size() + uncounted.succeeded.size() + uncounted.failed.size() >= kMostUncounted;
    if (full) break;
  }
  if (is_indexed(work.job)) {
    // Only what is released in this round: else an index would count whose Pod still has to be looked at.
    Indexes counted = work.succeeded_before;
    for (int index : new_indexes) counted.add(index);
    status.succeeded = counted.total();
    changed |= status.completedIndexes != counted.str();
    status.completedIndexes = counted.str();
    std::optional<std::string> failed;
    if (work.failed_indexes) failed = work.failed_indexes->str();
    changed |= status.failedIndexes != failed;
    status.failedIndexes = failed;
  }
  // What the Job will end with is told before the finalizers go, the end itself after.
  if (work.finished &&
      (work.finished->type == "FailureTarget" || work.finished->type == "SuccessCriteriaMet")) {
    bool success = work.finished->type == "SuccessCriteriaMet";
    if (true_condition(work.job, work.finished->type) == nullptr) {
      status.conditions.push_back(*work.finished);
      changed = true;
    }
    work.finished =
        condition(success ? "Complete" : "Failed", "True", work.finished->reason, work.finished->message);
  }
  if (changed) {
    CO_TRY_VOID(co_await write_status(work));
    backoffs_[work.key] = work.backoff;
  }
  Result<void> taken = co_await take_finalizers(work, std::move(release), with_finalizer);
  bool more = clean_uncounted(work, with_finalizer);
  bool ended = taken && !full && finish(work);
  if (more || ended) {
    CO_TRY_VOID(co_await write_status(work));
  }
  if (ended) tell_finished(work);
  co_return taken;
}

Task<Result<void>> JobController::patch_finalizer_away(PodPtr pod) {
  std::string patch = finalizer_patch(pod->metadata.uid);
  auto patched = co_await rest_.patch<corev1::Pod>(Context(), pod->metadata.namespace_, pod->metadata.name,
                                                   client::PatchType::kStrategic, std::move(patch));
  // A conflict says that another Pod has the name by now.
  bool gone = !patched && (patched.error().is(reason::kNotFound) || patched.error().is(reason::kConflict));
  if (!patched && !gone) co_return fail(std::move(patched).error());
  co_return Result<void>();
}

Task<void> JobController::take_finalizer(std::string key, PodPtr pod, std::shared_ptr<Uids> taken,
                                         std::shared_ptr<std::vector<Status>> failures) {
  Result<void> patched = co_await patch_finalizer_away(pod);
  if (patched) {
    taken->insert(pod->metadata.uid);
    co_return;
  }
  observe_removal(key, pod->metadata.uid);
  failures->push_back(std::move(patched).error());
}

Task<Result<void>> JobController::take_finalizers(Work& work, std::vector<PodPtr> pods,
                                                  Uids& with_finalizer) {
  if (pods.empty()) co_return Result<void>();
  for (const PodPtr& pod : pods) removals_[work.key].insert(pod->metadata.uid);
  auto taken = std::make_shared<Uids>();
  auto failures = std::make_shared<std::vector<Status>>();
  Scope scope(*env_.executor);
  for (const PodPtr& pod : pods) scope.spawn(take_finalizer(work.key, pod, taken, failures));
  co_await scope.join();
  for (const std::string& uid : *taken) {
    with_finalizer.erase(uid);
    // Nothing will be seen of a Pod that the informer has lost already.
    bool known = std::any_of(pods.begin(), pods.end(), [&](const PodPtr& pod) {
      PodPtr now = pods_.get(pod->metadata.namespace_, pod->metadata.name);
      return pod->metadata.uid == uid && now && now->metadata.uid == uid && has_finalizer(*now);
    });
    if (!known) observe_removal(work.key, uid);
  }
  if (!failures->empty()) co_return fail(failures->front());
  co_return Result<void>();
}

// The terminal condition, when everything is counted and no Pod is still on its way out.
bool JobController::finish(Work& work) const {
  if (!work.finished || work.terminating > 0) return false;
  batchv1::JobStatus& status = work.job.status;
  const auto& uncounted = *status.uncountedTerminatedPods;
  if (!uncounted.succeeded.empty() || !uncounted.failed.empty()) return false;
  set_condition(status, *work.finished);
  if (work.finished->type == "Complete") status.completionTime = work.finished->lastTransitionTime;
  return true;
}

void JobController::tell_finished(const Work& work) {
  if (work.finished->type != "Complete") {
    recorder_.event(work.job, client::kEventWarning, work.finished->reason, work.finished->message);
    return;
  }
  if (work.job.spec.completions && work.job.status.succeeded > *work.job.spec.completions) {
    recorder_.event(work.job, client::kEventWarning, "TooManySucceededPods",
                    "Too many succeeded pods running after completion count reached");
  }
  recorder_.event(work.job, client::kEventNormal, "Completed", "Job completed");
}

}  // namespace xebec::controllers
