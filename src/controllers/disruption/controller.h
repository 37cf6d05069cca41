// Keeps the status of PodDisruptionBudgets: how many of their Pods may be evicted now. Also takes back the
// condition DisruptionTarget of Pods that were to be ended and are not
// (k8s.io/kubernetes/pkg/controller/disruption).
#pragma once

#include "api/gen/policyv1.h"
#include "client/workqueue.h"
#include "controllers/controller.h"
#include "controllers/disruption/scales.h"

namespace xebec::controllers {

class DisruptionController final : public Controller {
 public:
  explicit DisruptionController(const ControllerContext& context);
  void start(Scope& scope) override;

 private:
  using BudgetPtr = std::shared_ptr<const policyv1::PodDisruptionBudget>;

  void on_pod(const PodPtr& old, const PodPtr& now);
  void enqueue_budgets_of(const PodPtr& pod);
  Task<Result<void>> sync(std::string key);
  // The status as it should be; the error is one that the budget's condition tells.
  Task<Result<policyv1::PodDisruptionBudgetStatus>> wanted_status(std::string key, BudgetPtr budget);
  Task<Result<void>> write_status(BudgetPtr budget, policyv1::PodDisruptionBudgetStatus status);
  Task<Result<void>> sync_stale(std::string key);

  client::Env env_;
  client::Rest rest_;
  client::Informer<policyv1::PodDisruptionBudget>& budgets_;
  client::Informer<corev1::Pod>& pods_;
  disruption::ScaleFinder scales_;
  client::WorkQueue<> queue_;
  client::WorkQueue<> stale_;  // Pods whose condition may have to be taken back
  client::EventRecorder recorder_;
};

}  // namespace xebec::controllers
