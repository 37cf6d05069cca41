// Signs approved certificate signing requests of the four signers of kubernetes.io with the cluster's CA, and
// deletes old requests (k8s.io/kubernetes/pkg/controller/certificates/signer, cleaner).
#pragma once

#include <optional>

#include "client/workqueue.h"
#include "controllers/certificates/requests.h"
#include "controllers/controller.h"

namespace xebec::controllers {

class CsrSigningController final : public Controller {
 public:
  explicit CsrSigningController(const ControllerContext& context);
  void start(Scope& scope) override;

 private:
  Task<Result<void>> sync(std::string name);
  Result<std::string> sign(const Csr& csr) const;

  client::Env env_;
  client::Rest rest_;
  const ControllerOptions& options_;
  std::optional<pki::CertificateAuthority> ca_;
  client::Informer<Csr>& requests_;
  client::WorkQueue<> queue_;
};

class CsrCleanerController final : public Controller {
 public:
  explicit CsrCleanerController(const ControllerContext& context);
  void start(Scope& scope) override;

 private:
  Task<void> clean_often(CancelToken token);

  client::Env env_;
  client::Rest rest_;
  client::Informer<Csr>& requests_;
};

// Whether a request has been kept long enough.
bool is_old(const Csr& csr, WallTime now);

}  // namespace xebec::controllers
