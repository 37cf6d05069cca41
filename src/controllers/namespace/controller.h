// Deletes everything in a namespace that is being deleted, then the namespace
// (k8s.io/kubernetes/pkg/controller/namespace).
#pragma once

#include "api/gen/corev1.h"
#include "client/workqueue.h"
#include "controllers/controller.h"

namespace xebec::controllers {

class NamespaceController final : public Controller {
 public:
  explicit NamespaceController(const ControllerContext& context);
  void start(Scope& scope) override;

 private:
  struct Remaining;

  Task<Result<void>> sync(std::string name);
  Task<Result<Remaining>> delete_content(const corev1::Namespace& ns);
  Task<Result<void>> delete_resources(const client::Discovery& discovery, const corev1::Namespace& ns,
                                      bool pods, Remaining& remaining);
  Task<Result<void>> delete_resource(const client::DiscoveredResource& resource, const corev1::Namespace& ns,
                                     Remaining& remaining);
  Task<Result<void>> report(corev1::Namespace ns, const Remaining& remaining);
  Task<Result<void>> finalize(corev1::Namespace ns);

  client::Env env_;
  client::Rest rest_;
  client::Informer<corev1::Namespace>& namespaces_;
  client::WorkQueue<> queue_;
  std::map<std::string, int> rounds_;  // passes over a namespace so far, of those that left something
};

}  // namespace xebec::controllers
