// What every namespace has from its first moment: the service account `default` and the ConfigMap
// kube-root-ca.crt (k8s.io/kubernetes/pkg/controller/serviceaccount and certificates/rootcacertpublisher).
#pragma once

#include "api/gen/corev1.h"
#include "client/workqueue.h"
#include "controllers/controller.h"

namespace xebec::controllers {

// Creates `default` in every active namespace, again when it is deleted.
class ServiceAccountController final : public Controller {
 public:
  explicit ServiceAccountController(const ControllerContext& context);
  void start(Scope& scope) override;

 private:
  Task<Result<void>> sync(std::string ns);

  client::Env env_;
  client::Rest rest_;
  client::Informer<corev1::Namespace>& namespaces_;
  client::Informer<corev1::ServiceAccount>& accounts_;
  client::WorkQueue<> queue_;
};

// Keeps kube-root-ca.crt in every active namespace equal to the cluster's CA.
class RootCaPublisher final : public Controller {
 public:
  explicit RootCaPublisher(const ControllerContext& context);
  void start(Scope& scope) override;

 private:
  Task<Result<void>> sync(std::string ns);

  client::Env env_;
  client::Rest rest_;
  std::string ca_pem_;
  client::Informer<corev1::Namespace>& namespaces_;
  client::Informer<corev1::ConfigMap>& config_maps_;
  client::WorkQueue<> queue_;
};

}  // namespace xebec::controllers
