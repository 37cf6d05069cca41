// ReplicaSets: as many Pods as the set says (k8s.io/kubernetes/pkg/controller/replicaset).
#pragma once

#include "api/gen/appsv1.h"
#include "client/expectations.h"
#include "client/workqueue.h"
#include "controllers/controller.h"
#include "controllers/pod_helpers.h"

namespace xebec::controllers {

class ReplicaSetController final : public Controller {
 public:
  explicit ReplicaSetController(const ControllerContext& context);
  void start(Scope& scope) override;

 private:
  using SetPtr = std::shared_ptr<const appsv1::ReplicaSet>;

  void on_pod(const PodPtr& old, const PodPtr& now);
  void enqueue_owner(const metav1::ObjectMeta& pod, bool gone);
  void enqueue_matching(const corev1::Pod& pod);
  SetPtr owner_of(const metav1::ObjectMeta& pod) const;

  Task<Result<void>> sync(std::string key);
  Task<Result<void>> manage(std::string key, SetPtr set, const std::vector<PodPtr>& active);
  Task<Result<void>> create_pods(std::string key, SetPtr set, int64_t count);
  Task<Result<void>> delete_pods(std::string key, SetPtr set, std::vector<PodPtr> active, int64_t count);
  Task<void> create_one(std::string key, SetPtr set, std::shared_ptr<std::vector<Status>> failures);
  Task<void> delete_one(std::string key, SetPtr set, PodPtr pod,
                        std::shared_ptr<std::vector<Status>> failures);
  // `terminating`: Pods of the set that are being deleted and not finished yet.
  appsv1::ReplicaSetStatus new_status(const appsv1::ReplicaSet& set, const std::vector<PodPtr>& active,
                                      int32_t terminating, const std::optional<Status>& failure) const;
  Task<Result<void>> write_status(SetPtr set, appsv1::ReplicaSetStatus status);
  std::map<std::string, int> related_pods_on_nodes(const appsv1::ReplicaSet& set) const;

  client::Env env_;
  client::Rest rest_;
  client::Informer<appsv1::ReplicaSet>& sets_;
  client::Informer<corev1::Pod>& pods_;
  client::WorkQueue<> queue_;
  client::UidTrackingExpectations expectations_;
  client::EventRecorder recorder_;
};

}  // namespace xebec::controllers
