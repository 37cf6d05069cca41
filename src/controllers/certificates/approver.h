// Who approves kubelets' requests for certificates.
#pragma once

#include "api/gen/corev1.h"
#include "client/workqueue.h"
#include "controllers/certificates/requests.h"
#include "controllers/controller.h"

namespace xebec::controllers {

// Client certificates of kubelets: whoever may create certificatesigningrequests/nodeclient gets one for a
// new node, whoever may create /selfnodeclient a new one for itself
// (k8s.io/kubernetes/pkg/controller/certificates/approver).
class CsrApprovingController final : public Controller {
 public:
  explicit CsrApprovingController(const ControllerContext& context);
  void start(Scope& scope) override;

 private:
  Task<Result<void>> sync(std::string name);
  Task<Result<bool>> may(const Csr& csr, std::string subresource);

  client::Env env_;
  client::Rest rest_;
  client::Informer<Csr>& requests_;
  client::WorkQueue<> queue_;
};

// Serving certificates of kubelets, which upstream leaves to others: a node gets one for its own name and the
// addresses its Node object has. Not among the controllers that run by default.
class KubeletServingApprovingController final : public Controller {
 public:
  explicit KubeletServingApprovingController(const ControllerContext& context);
  void start(Scope& scope) override;

 private:
  Task<Result<void>> sync(std::string name);

  client::Env env_;
  client::Rest rest_;
  client::Informer<Csr>& requests_;
  client::WorkQueue<> queue_;
};

// Why the node may not have a serving certificate for these names; empty when it may.
std::string serving_refusal(const Csr& csr, const pki::CertificateRequest& request, const corev1::Node* node);

}  // namespace xebec::controllers
