// Fills ClusterRoles that aggregate others by label
// (k8s.io/kubernetes/pkg/controller/clusterroleaggregation).
#pragma once

#include "api/gen/rbacv1.h"
#include "client/workqueue.h"
#include "controllers/controller.h"

namespace xebec::controllers {

class ClusterRoleAggregationController final : public Controller {
 public:
  explicit ClusterRoleAggregationController(const ControllerContext& context);
  void start(Scope& scope) override;

 private:
  Task<Result<void>> sync(std::string name);

  client::Env env_;
  client::Rest rest_;
  client::Informer<rbacv1::ClusterRole>& roles_;
  client::WorkQueue<> queue_;
};

}  // namespace xebec::controllers
