// Secrets of type kubernetes.io/service-account-token: filled with a token, deleted with their account; and,
// as before Kubernetes 1.24 (gate LegacyServiceAccountTokenNoAutoGeneration=false), one made for every
// account (k8s.io/kubernetes/pkg/controller/serviceaccount/tokens_controller.go).
#pragma once

#include "api/gen/corev1.h"
#include "client/controller_ref.h"
#include "client/workqueue.h"
#include "controllers/controller.h"

namespace xebec::controllers {

class TokensController final : public Controller {
 public:
  explicit TokensController(const ControllerContext& context);
  void start(Scope& scope) override;

 private:
  using AccountPtr = std::shared_ptr<const corev1::ServiceAccount>;
  using SecretPtr = std::shared_ptr<const corev1::Secret>;

  Task<Result<void>> sync_account(std::string key);
  Task<Result<void>> sync_secret(std::string key);
  Task<Result<void>> drop_reference(client::KeyParts secret);
  Task<Result<void>> generate(AccountPtr account);
  Task<Result<bool>> names_token(const corev1::ServiceAccount& live);
  Task<Result<void>> refer(corev1::ServiceAccount account, std::string secret);
  Task<Result<void>> delete_tokens(std::string ns, std::string account);
  Result<void> fill(corev1::Secret& secret, const corev1::ServiceAccount& account, bool& changed) const;
  bool has_token(const corev1::ServiceAccount& account) const;

  client::Env env_;
  client::Rest rest_;
  const ControllerOptions& options_;
  client::Informer<corev1::ServiceAccount>& accounts_;
  client::Informer<corev1::Secret>& secrets_;
  client::WorkQueue<> account_queue_;
  client::WorkQueue<> secret_queue_;
  std::map<std::string, std::string> gone_;  // key of a Secret that is gone -> its account, which may name it
};

}  // namespace xebec::controllers
