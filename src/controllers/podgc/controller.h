// Removes Pods that nobody else will: of nodes that are gone or out of service, terminating ones that never
// had a node, and finished ones beyond the threshold (k8s.io/kubernetes/pkg/controller/podgc).
#pragma once

#include "api/gen/corev1.h"
#include "controllers/controller.h"
#include "controllers/pod_helpers.h"

namespace xebec::controllers {

class PodGcController final : public Controller {
 public:
  explicit PodGcController(const ControllerContext& context);
  void start(Scope& scope) override;

 private:
  Task<void> loop(CancelToken token);
  Task<void> collect();
  Task<void> collect_finished(const std::vector<PodPtr>& pods);
  Task<void> collect_out_of_service(const std::vector<PodPtr>& pods);
  Task<void> collect_orphans(const std::vector<PodPtr>& pods);
  Task<void> collect_unscheduled(const std::vector<PodPtr>& pods);
  // Without grace. Before that a Pod that has not finished fails, with the condition `message` when there is
  // one.
  Task<void> force_delete(PodPtr pod, std::string why, std::string message);

  client::Env env_;
  client::Rest rest_;
  const ControllerOptions& options_;
  client::Informer<corev1::Pod>& pods_;
  client::Informer<corev1::Node>& nodes_;
  std::map<std::string, MonotonicTime> missing_since_;  // nodes that Pods name and that do not exist
};

}  // namespace xebec::controllers
