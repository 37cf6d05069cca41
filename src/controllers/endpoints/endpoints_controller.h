// The Endpoints object of every Service with a selector (k8s.io/kubernetes/pkg/controller/endpoint).
#pragma once

#include "client/controller_ref.h"
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
  Task<Result<void>> remove(client::KeyParts name);

  client::Env env_;
  client::Rest rest_;
  client::Informer<corev1::Service>& services_;
  client::Informer<corev1::Pod>& pods_;
  client::Informer<corev1::Endpoints>& endpoints_;
  client::WorkQueue<> queue_;
  client::EventRecorder recorder_;
};

// Keeps `most` addresses in all, ready ones first, in proportion to the size of the subsets. True when some
// had to go.
bool truncate_endpoints(std::vector<corev1::EndpointSubset>& subsets, size_t most);

}  // namespace xebec::controllers
