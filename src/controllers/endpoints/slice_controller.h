// EndpointSlices: of every Service with a selector, and mirrors of Endpoints that people or programs write
// themselves (k8s.io/kubernetes/pkg/controller/endpointslice and endpointslicemirroring).
#pragma once

#include "api/gen/discoveryv1.h"
#include "client/workqueue.h"
#include "controllers/controller.h"
#include "controllers/endpoints/service_pods.h"

namespace xebec::controllers {

using SlicePtr = std::shared_ptr<const discoveryv1::EndpointSlice>;

// The slices that should be there, given those that are: endpoints stay in their slice where they can, so
// that one changed Pod changes one slice. Slices of one set of ports hold at most 100 endpoints.
struct SlicePlan {
  std::vector<discoveryv1::EndpointSlice> create, update;
  std::vector<SlicePtr> remove;
};
struct SliceGroup {
  std::vector<discoveryv1::EndpointPort> ports;
  std::vector<discoveryv1::Endpoint> endpoints;
};
SlicePlan plan_slices(std::vector<SliceGroup> groups, const std::vector<SlicePtr>& existing,
                      const discoveryv1::EndpointSlice& pattern);
// Carries a plan out.
Task<Result<void>> apply_plan(client::Rest rest, SlicePlan plan);

class EndpointSliceController final : public Controller {
 public:
  explicit EndpointSliceController(const ControllerContext& context);
  void start(Scope& scope) override;

 private:
  using ServicePtr = std::shared_ptr<const corev1::Service>;
  Task<Result<void>> sync(std::string key);
  std::vector<SliceGroup> groups_of(const corev1::Service& service) const;

  client::Env env_;
  client::Rest rest_;
  client::Informer<corev1::Service>& services_;
  client::Informer<corev1::Pod>& pods_;
  client::Informer<corev1::Node>& nodes_;
  client::Informer<discoveryv1::EndpointSlice>& slices_;
  client::WorkQueue<> queue_;
};

class EndpointSliceMirroringController final : public Controller {
 public:
  explicit EndpointSliceMirroringController(const ControllerContext& context);
  void start(Scope& scope) override;

 private:
  Task<Result<void>> sync(std::string key);
  bool should_mirror(const corev1::Endpoints& endpoints) const;

  client::Env env_;
  client::Rest rest_;
  client::Informer<corev1::Service>& services_;
  client::Informer<corev1::Endpoints>& endpoints_;
  client::Informer<discoveryv1::EndpointSlice>& slices_;
  client::WorkQueue<> queue_;
};

}  // namespace xebec::controllers
