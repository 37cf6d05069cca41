// EndpointSlices that mirror Endpoints which people or programs write themselves, for Services without a
// selector (k8s.io/kubernetes/pkg/controller/endpointslicemirroring).
#pragma once

#include "client/controller_ref.h"
#include "client/workqueue.h"
#include "controllers/controller.h"
#include "controllers/endpoints/slice_writer.h"

namespace xebec::controllers {

class EndpointSliceMirroringController final : public Controller {
 public:
  explicit EndpointSliceMirroringController(const ControllerContext& context);
  void start(Scope& scope) override;

 private:
  Task<Result<void>> sync(std::string key);
  SlicePlan plan(const client::KeyParts& name, const corev1::Endpoints& endpoints,
                 const std::vector<SlicePtr>& existing);

  client::Env env_;
  client::Rest rest_;
  const ControllerOptions& options_;
  client::Informer<corev1::Service>& services_;
  client::Informer<corev1::Endpoints>& endpoints_;
  client::Informer<discoveryv1::EndpointSlice>& slices_;
  client::WorkQueue<> queue_;
  SliceWriter writer_;
  client::EventRecorder recorder_;
};

}  // namespace xebec::controllers
