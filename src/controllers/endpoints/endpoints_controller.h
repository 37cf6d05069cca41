// The Endpoints object of every Service with a selector (k8s.io/kubernetes/pkg/controller/endpoint).
#pragma once

#include "client/workqueue.h"
#include "controllers/controller.h"
#include "controllers/endpoints/service_pods.h"

namespace xebec::controllers {

class EndpointsController final : public Controller {
 public:
  explicit EndpointsController(const ControllerContext& context);
  void start(Scope& scope) override;

 private:
  using ServicePtr = std::shared_ptr<const corev1::Service>;
  Task<Result<void>> sync(std::string key);
  std::vector<corev1::EndpointSubset> subsets_of(const corev1::Service& service) const;

  client::Env env_;
  client::Rest rest_;
  client::Informer<corev1::Service>& services_;
  client::Informer<corev1::Pod>& pods_;
  client::Informer<corev1::Endpoints>& endpoints_;
  client::WorkQueue<> queue_;
};

}  // namespace xebec::controllers
