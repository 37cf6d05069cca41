// Bootstrap tokens (k8s.io/kubernetes/pkg/controller/bootstrap). Neither controller runs by default.
#pragma once

#include <map>
#include <string>

#include "api/gen/corev1.h"
#include "client/workqueue.h"
#include "controllers/controller.h"

namespace xebec::controllers {

// Signs kube-public/cluster-info with every token that may, so that who knows a token can trust it.
class BootstrapSignerController final : public Controller {
 public:
  explicit BootstrapSignerController(const ControllerContext& context);
  void start(Scope& scope) override;

 private:
  Task<Result<void>> sync(std::string key);
  std::map<std::string, std::string> tokens() const;  // secrets by id

  client::Env env_;
  client::Rest rest_;
  client::Informer<corev1::Secret>& secrets_;
  client::Informer<corev1::ConfigMap>& maps_;
  client::WorkQueue<> queue_;
};

// Deletes tokens that have expired.
class TokenCleanerController final : public Controller {
 public:
  explicit TokenCleanerController(const ControllerContext& context);
  void start(Scope& scope) override;

 private:
  Task<Result<void>> sync(std::string key);

  client::Env env_;
  client::Rest rest_;
  client::Informer<corev1::Secret>& secrets_;
  client::WorkQueue<> queue_;
};

}  // namespace xebec::controllers
