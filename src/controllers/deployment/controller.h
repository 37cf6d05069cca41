// Deployments: a ReplicaSet for every template, and the way from one to the next
// (k8s.io/kubernetes/pkg/controller/deployment).
#pragma once

#include "client/workqueue.h"
#include "controllers/controller.h"
#include "controllers/deployment/revisions.h"
#include "controllers/pod_helpers.h"

namespace xebec::controllers {

class DeploymentController final : public Controller {
 public:
  explicit DeploymentController(const ControllerContext& context);
  void start(Scope& scope) override;

 private:
  using DeploymentPtr = std::shared_ptr<const appsv1::Deployment>;
  using SetPtr = deployment::SetPtr;
  using Sets = std::vector<SetPtr>;

  // What a sync works with; sets are replaced as they are written.
  struct Work {
    std::string key;
    appsv1::Deployment deployment;
    Sets sets;  // all claimed ones
  };

  void on_set(const SetPtr& old, const SetPtr& now);
  void on_pod_gone(const corev1::Pod& pod);
  void enqueue_owner(const metav1::ObjectMeta& set);
  DeploymentPtr owner_of(const metav1::ObjectMeta& set) const;

  Task<Result<void>> sync(std::string key);
  Task<Result<void>> sync_work(Work& work);
  Task<Result<void>> refuse_selecting_all(appsv1::Deployment deployment);
  Task<Result<SetPtr>> ensure_new_set(Work& work, bool create);
  Task<Result<SetPtr>> adopt_new_set(Work& work, SetPtr found, int64_t revision);
  Task<Result<SetPtr>> create_new_set(Work& work, int64_t revision);
  Task<Result<void>> record_revision(Work& work, int64_t revision, bool found_new);

  // rollback.cc
  Task<Result<void>> roll_back(Work& work);

  // strategies.cc
  Task<Result<void>> roll(Work& work);
  Task<Result<void>> recreate(Work& work);
  Task<Result<bool>> grow_new(Work& work, SetPtr new_set);
  Task<Result<bool>> shrink_old(Work& work, SetPtr new_set, const Sets& old);
  Task<Result<int64_t>> clean_unhealthy(Work& work, Sets old, int64_t most);
  int64_t new_set_replicas(const appsv1::Deployment& deployment, const Sets& all,
                           const SetPtr& new_set) const;
  bool old_pods_running(const Work& work, const SetPtr& new_set) const;

  // scaling.cc
  Task<Result<void>> sync_paused_or_scaled(Work& work);
  Task<Result<void>> scale_proportionally(Work& work, SetPtr new_set);
  bool is_scaling_event(const Work& work) const;
  Task<Result<SetPtr>> scale(Work& work, SetPtr set, int64_t replicas);
  Task<Result<void>> clean_up_history(Work& work, const Sets& old);

  // status.cc
  Task<Result<void>> sync_status(Work& work, SetPtr new_set, bool with_progress);
  Task<Result<void>> write_status(Work& work, appsv1::DeploymentStatus status);
  Task<Result<void>> pause_condition(Work& work);

  client::Env env_;
  client::Rest rest_;
  client::Informer<appsv1::Deployment>& deployments_;
  client::Informer<appsv1::ReplicaSet>& sets_;
  client::Informer<corev1::Pod>& pods_;
  client::WorkQueue<> queue_;
  client::EventRecorder recorder_;
};

}  // namespace xebec::controllers
