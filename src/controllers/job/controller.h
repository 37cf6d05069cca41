// Jobs: Pods that run to their end, as often as it takes (k8s.io/kubernetes/pkg/controller/job).
//
// Every Pod carries a finalizer until it has been counted: its UID is first written to
// status.uncountedTerminatedPods, then the finalizer is taken off, then the counter goes up (KEP-2307).
#pragma once

#include <set>

#include "client/expectations.h"
#include "client/workqueue.h"
#include "controllers/controller.h"
#include "controllers/job/policies.h"

namespace xebec::controllers {

class JobController final : public Controller {
 public:
  explicit JobController(const ControllerContext& context);
  void start(Scope& scope) override;

 private:
  using JobPtr = std::shared_ptr<const batchv1::Job>;
  using Uids = std::set<std::string, std::less<>>;

  // What one sync works with.
  struct Work {
    std::string key;
    JobPtr cached;
    batchv1::Job job;          // with the status as it becomes
    std::vector<PodPtr> pods;  // all that the Job controls
    std::vector<PodPtr> active;
    int64_t ready = 0, terminating = 0;
    int64_t succeeded = 0, failed = 0;  // with those that are not counted yet
    Uids uncounted_succeeded, uncounted_failed;
    Uids removing;  // finalizers of which are taken off already, as far as the informer knows
    job::Indexes succeeded_before, succeeded_indexes;
    std::optional<job::Indexes> failed_indexes;
    std::map<int, PodPtr> delayed;  // by index: failed Pods that a successor has to learn from
    job::Backoff backoff;
    std::optional<batchv1::JobCondition> finished;
    bool settled = false;  // no expectation is open
  };

  void on_job(const JobPtr& old, const JobPtr& now);
  void on_pod(const PodPtr& old, const PodPtr& now);
  void on_pod_gone(const corev1::Pod& pod, bool finally);
  void enqueue_matching(const corev1::Pod& pod);
  JobPtr owner_of(const metav1::ObjectMeta& pod) const;
  void observe_removal(const std::string& key, const std::string& uid);
  // The informer does not show yet what was written last: its counters would make Pods twice.
  bool is_stale(const std::string& key, const batchv1::Job& cached) const;

  Task<Result<void>> sync(std::string key);
  Task<Result<void>> sync_work(Work& work);
  Task<Result<void>> sync_orphan(std::string key);
  void count(Work& work) const;
  void count_indexes(Work& work);
  void judge(Work& work);
  std::vector<PodPtr> newly(const Work& work, bool failed) const;
  batchv1::JobCondition condition(std::string_view type, std::string_view status, std::string_view reason,
                                  std::string_view message) const;
  // True when the list changed.
  bool set_condition(batchv1::JobStatus& status, batchv1::JobCondition condition) const;
  bool note_suspension(Work& work);

  // pods.cc. Each returns how many Pods are active afterwards; `failure` gets the first error.
  Task<int64_t> manage(Work& work, std::optional<Status>& failure);
  Task<int64_t> remove_pods(Work& work, std::vector<PodPtr> pods, bool with_finalizer,
                            std::optional<Status>& failure);
  Task<int64_t> create_pods(Work& work, int64_t count, std::vector<int> indexes,
                            std::optional<Status>& failure);
  Task<void> create_one(std::string key, JobPtr job, corev1::Pod pod,
                        std::shared_ptr<std::vector<Status>> failures);
  Task<void> delete_one(std::string key, JobPtr job, PodPtr pod, bool with_finalizer,
                        std::shared_ptr<std::vector<Status>> failures);
  corev1::Pod new_pod(const Work& work, int index) const;
  std::vector<PodPtr> surplus(const Work& work, int64_t at_least) const;
  std::vector<int> pending_indexes(const Work& work, int64_t count) const;

  // tracking.cc
  Task<Result<void>> track(Work& work, bool changed);
  bool may_release(const Work& work, const corev1::Pod& pod) const;
  bool count_pod(Work& work, const corev1::Pod& pod, std::vector<int>& new_indexes) const;
  bool clean_uncounted(Work& work, const Uids& with_finalizer) const;
  Task<Result<void>> write_status(Work& work);
  Task<Result<void>> take_finalizers(Work& work, std::vector<PodPtr> pods, Uids& with_finalizer);
  Task<void> take_finalizer(std::string key, PodPtr pod, std::shared_ptr<Uids> taken,
                            std::shared_ptr<std::vector<Status>> failures);
  Task<Result<void>> patch_finalizer_away(PodPtr pod);
  bool finish(Work& work) const;
  void tell_finished(const Work& work);

  client::Env env_;
  client::Rest rest_;
  client::Informer<batchv1::Job>& jobs_;
  client::Informer<corev1::Pod>& pods_;
  client::WorkQueue<> queue_;
  client::WorkQueue<> orphan_queue_;  // Pods whose finalizer nobody else will take off
  client::UidTrackingExpectations expectations_;
  std::map<std::string, Uids> removals_;  // by Job: Pods whose finalizer is gone and the informer shows still
  std::map<std::string, job::Backoff> backoffs_;
  std::map<std::string, uint64_t> written_;  // by Job: resourceVersion of its status as written last
  client::EventRecorder recorder_;
};

}  // namespace xebec::controllers
