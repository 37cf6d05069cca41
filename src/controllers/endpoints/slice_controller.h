// EndpointSlices of every Service with a selector (k8s.io/kubernetes/pkg/controller/endpointslice).
#pragma once

#include "client/workqueue.h"
#include "controllers/controller.h"
#include "controllers/endpoints/service_pods.h"
#include "controllers/endpoints/slice_writer.h"

namespace xebec::controllers {

class EndpointSliceController final : public Controller {
 public:
  explicit EndpointSliceController(const ControllerContext& context);
  void start(Scope& scope) override;

 private:
  using ServicePtr = std::shared_ptr<const corev1::Service>;
  Task<Result<void>> sync(std::string key);
  // What the Pods amount to in one family. `missing` gets the names of nodes that Pods are on and nobody
  // knows.
  std::vector<SliceGroup> groups_of(const corev1::Service& service, std::string_view family,
                                    std::vector<std::string>& missing) const;
  discoveryv1::Endpoint endpoint_of(const corev1::Service& service, const ServiceEndpoint& from) const;

  client::Env env_;
  client::Rest rest_;
  const ControllerOptions& options_;
  client::Informer<corev1::Service>& services_;
  client::Informer<corev1::Pod>& pods_;
  client::Informer<corev1::Node>& nodes_;
  client::Informer<discoveryv1::EndpointSlice>& slices_;
  client::WorkQueue<> queue_;
  SliceWriter writer_;
  client::EventRecorder recorder_;
};

}  // namespace xebec::controllers
