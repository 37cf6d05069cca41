// Deletes Pods from nodes with NoExecute taints when their tolerations run out
// (k8s.io/kubernetes/pkg/controller/tainteviction).
#pragma once

#include "api/gen/corev1.h"
#include "client/workqueue.h"
#include "controllers/controller.h"
#include "controllers/pod_helpers.h"

namespace xebec::controllers {

class TaintEvictionController final : public Controller {
 public:
  explicit TaintEvictionController(const ControllerContext& context);
  void start(Scope& scope) override;

 private:
  Task<Result<void>> sync(std::string key);
  Task<Result<void>> evict(PodPtr pod);
  // Forgets that the Pod was to go, and tells.
  void cancel(const std::string& key, const PodPtr& pod);

  client::Env env_;
  client::Rest rest_;
  client::Informer<corev1::Node>& nodes_;
  client::Informer<corev1::Pod>& pods_;
  client::WorkQueue<> queue_;
  struct Stay {
    std::string uid;
    MonotonicTime since{};
  };
  std::map<std::string, Stay> stays_;  // key of a Pod that is to go -> when its stay on a tainted node began
  client::EventRecorder recorder_;
};

// Seconds that a Pod with these tolerations may stay on a node with these taints: 0 now, nothing: for ever.
// Of each taint the first toleration that bears it counts.
std::optional<int64_t> allowed_stay(const std::vector<corev1::Toleration>& tolerations,
                                    const std::vector<corev1::Taint>& taints);

}  // namespace xebec::controllers
