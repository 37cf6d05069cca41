// How many Pods a Job has: creations with slow start and back-off, deletions of what is too much.
#include <fmt/format.h>

#include "controllers/job/controller.h"
#include "controllers/pod_index.h"

namespace xebec::controllers {
namespace {

using namespace job;

constexpr int64_t kMostAtOnce = 500;    // creations or deletions in one sync
constexpr size_t kMostOfName = 63 - 5;  // of generateName
constexpr std::string_view kIndexVariable = "JOB_COMPLETION_INDEX";

bool namespace_terminating(const Status& error) {
  return std::any_of(error.details.causes.begin(), error.details.causes.end(),
                     [](const StatusCause& cause) { return cause.reason == "NamespaceTerminating"; });
}

void add_index_variable(std::vector<corev1::Container>& containers) {
  for (corev1::Container& container : containers) {
    bool there = std::any_of(container.env.begin(), container.env.end(),
                             [](const corev1::EnvVar& variable) { return variable.name == kIndexVariable; });
    if (there) continue;
    corev1::EnvVar& variable = container.env.emplace_back();
    variable.name = kIndexVariable;
    variable.valueFrom.ensure().fieldRef.ensure().fieldPath = fmt::format("metadata.labels['{}']", kIndexKey);
  }
}

}  // namespace

corev1::Pod JobController::new_pod(const Work& work, int index) const {
  const batchv1::Job& job = work.job;
  corev1::Pod pod = pod_from_template(job.spec.template_, job.metadata, client::new_controller_ref(job));
  if (!has_finalizer(pod)) pod.metadata.finalizers.emplace_back(kTrackingFinalizer);
  if (index == kNoIndex) return pod;
  std::string suffix = fmt::format("-{}-", index);
  std::string name = job.metadata.name;
  if (name.size() + suffix.size() > kMostOfName) name.resize(kMostOfName - suffix.size());
  pod.metadata.generateName = name + suffix;
  pod.metadata.annotations[kIndexKey] = std::to_string(index);
  pod.metadata.labels[kIndexKey] = std::to_string(index);
  pod.spec.hostname = fmt::format("{}-{}", job.metadata.name, index);
  add_index_variable(pod.spec.initContainers);
  add_index_variable(pod.spec.containers);
  if (has_limit_per_index(job)) {
    auto replaced = work.delayed.find(index);
    annotate_index_failures(job, replaced == work.delayed.end() ? nullptr : replaced->second.get(),
                            pod.metadata);
  }
  return pod;
}

// Of Indexed Jobs first those without a good index and all but one of each index; then the least far ones.
std::vector<PodPtr> JobController::surplus(const Work& work, int64_t at_least) const {
  std::vector<PodPtr> out, left = work.active;
  sort_for_deletion(left, {}, env_.clock->now());
  if (is_indexed(work.job)) {
    std::map<int, int> of_index;
    for (const PodPtr& pod : left) ++of_index[index_of(*pod)];
    std::erase_if(left, [&](const PodPtr& pod) {
      int index = index_of(*pod);
      bool bad = index == kNoIndex || index >= work.job.spec.completions.value_or(0);
      bool extra = bad || of_index[index]-- > 1;
      if (extra) out.push_back(pod);
      return extra;
    });
  }
  for (const PodPtr& pod : left) {
    if (static_cast<int64_t>(out.size()) >= at_least) break;
    out.push_back(pod);
  }
  if (static_cast<int64_t>(out.size()) > kMostAtOnce) out.resize(kMostAtOnce);
  return out;
}

std::vector<int> JobController::pending_indexes(const Work& work, int64_t count) const {
  std::set<int> taken;
  for (const PodPtr& pod : work.active) taken.insert(index_of(*pod));
  if (replaces_only_failed(work.job)) {
    for (const PodPtr& pod : work.pods) {
      if (pod_terminating(*pod)) taken.insert(index_of(*pod));
    }
  }
  std::vector<int> out;
  for (int index = 0; index < work.job.spec.completions.value_or(0); ++index) {
    if (static_cast<int64_t>(out.size()) == count) break;
    bool done = work.succeeded_indexes.has(index) || (work.failed_indexes && work.failed_indexes->has(index));
    if (!done && !taken.contains(index)) out.push_back(index);
  }
  return out;
}

Task<int64_t> JobController::manage(Work& work, std::optional<Status>& failure) {
  const batchv1::Job& job = work.job;
  auto active = static_cast<int64_t>(work.active.size());
  int64_t parallelism = job.spec.parallelism.value_or(1);
  int64_t wanted = parallelism;
  if (job.spec.completions) {
    wanted = std::clamp<int64_t>(*job.spec.completions - work.succeeded, 0, parallelism);
  } else if (work.succeeded > 0) {
    wanted = active;  // one has found out that the work is done: the others may end theirs
  }
  if (is_suspended(job)) wanted = 0;
  std::vector<PodPtr> too_many = surplus(work, std::max<int64_t>(active - wanted, 0));
  // Either deletions or creations in one sync, and deletions come first.
  if (!too_many.empty()) co_return co_await remove_pods(work, std::move(too_many), true, failure);
  int64_t missing = wanted - active;
  if (replaces_only_failed(job)) missing -= work.terminating;
  if (missing <= 0) co_return active;
  missing = std::min(missing, kMostAtOnce);
  api::Time now = to_time(env_.clock->now());
  Duration wait = has_limit_per_index(job) ? Duration::zero() : work.backoff.remaining(now);
  std::vector<int> indexes;
  if (is_indexed(job)) {
    indexes = pending_indexes(work, missing);
    std::optional<Duration> shortest;
    if (has_limit_per_index(job)) {
      std::erase_if(indexes, [&](int index) {
        auto replaced = work.delayed.find(index);
        Duration left = index_backoff(replaced == work.delayed.end() ? nullptr : replaced->second.get(), now);
        if (left > Duration::zero()) shortest = std::min(shortest.value_or(left), left);
        return left > Duration::zero();
      });
    }
    missing = static_cast<int64_t>(indexes.size());
    if (missing == 0) wait = shortest.value_or(Duration::zero());
  }
  if (wait > Duration::zero()) {
    queue_.add_after(work.key, wait);
    co_return active;
  }
  if (missing == 0) co_return active;
  co_return co_await create_pods(work, missing, std::move(indexes), failure);
}

Task<void> JobController::create_one(std::string key, JobPtr job, corev1::Pod pod,
                                     std::shared_ptr<std::vector<Status>> failures) {
  auto created = co_await rest_.create(Context(), pod);
  if (created) {
    recorder_.event(*job, client::kEventNormal, "SuccessfulCreate",
                    fmt::format("Created pod: {}", created->metadata.name));
    co_return;
  }
  expectations_.creation_observed(key);
  if (namespace_terminating(created.error())) co_return;
  recorder_.event(*job, client::kEventWarning, "FailedCreate",
                  fmt::format("Error creating: {}", created.error().message));
  failures->push_back(std::move(created).error());
}

// Batches of 1, 2, 4, ...: when all creations fail for one reason, only a few are tried.
Task<int64_t> JobController::create_pods(Work& work, int64_t count, std::vector<int> indexes,
                                         std::optional<Status>& failure) {
  expectations_.expect_creations(work.key, static_cast<int>(count));
  auto failures = std::make_shared<std::vector<Status>>();
  int64_t made = 0, left = count;
  for (int64_t batch = 1; left > 0 && failures->empty(); batch = std::min(2 * batch, left)) {
    Scope scope(*env_.executor);
    for (int64_t i = 0; i < batch; ++i, ++made, --left) {
      int index = indexes.empty() ? kNoIndex : indexes[static_cast<size_t>(made)];
      corev1::Pod pod = new_pod(work, index);
      scope.spawn(create_one(work.key, work.cached, std::move(pod), failures));
    }
    co_await scope.join();
  }
  // What was not tried will not be seen.
  for (; left > 0; --left) expectations_.creation_observed(work.key);
  if (!failures->empty()) failure = failures->front();
  co_return static_cast<int64_t>(work.active.size()) + made - static_cast<int64_t>(failures->size());
}

Task<void> JobController::delete_one(std::string key, JobPtr job, PodPtr pod, bool with_finalizer,
                                     std::shared_ptr<std::vector<Status>> failures) {
  Result<void> done;
  if (with_finalizer && has_finalizer(*pod)) done = co_await patch_finalizer_away(pod);
  if (done) {
    client::DeleteOptions options;
    options.uid = pod->metadata.uid;
    done = co_await rest_.delete_<corev1::Pod>(Context(), pod->metadata.namespace_, pod->metadata.name,
                                               std::move(options));
  }
  if (done) {
    recorder_.event(*job, client::kEventNormal, "SuccessfulDelete",
                    fmt::format("Deleted pod: {}", pod->metadata.name));
    co_return;
  }
  expectations_.deletion_observed(key, client::key_of(pod->metadata));
  if (done.error().is(reason::kNotFound) || done.error().is(reason::kConflict)) co_return;
  recorder_.event(*job, client::kEventWarning, "FailedDelete",
                  fmt::format("Error deleting: {}", done.error().message));
  failures->push_back(std::move(done).error());
}

// Pods that are given up lose their finalizer with it: they are not counted. Those of a Job that ends keep
// it, until track() has counted them.
Task<int64_t> JobController::remove_pods(Work& work, std::vector<PodPtr> pods, bool with_finalizer,
                                         std::optional<Status>& failure) {
  if (with_finalizer) {
    std::set<std::string, std::less<>> ids;
    for (const PodPtr& pod : pods) ids.insert(client::key_of(pod->metadata));
    expectations_.expect_deletions(work.key, std::move(ids));
  }
  auto failures = std::make_shared<std::vector<Status>>();
  Scope scope(*env_.executor);
  for (const PodPtr& pod : pods) {
    if (pod_ready(*pod)) --work.ready;
    scope.spawn(delete_one(work.key, work.cached, pod, with_finalizer, failures));
  }
  co_await scope.join();
  if (!failures->empty()) failure = failures->front();
  int64_t removed = static_cast<int64_t>(pods.size() - failures->size());
  work.terminating += removed;
  co_return static_cast<int64_t>(work.active.size()) - removed;
}

}  // namespace xebec::controllers
