// Finds out who makes the request; 401 when nobody known does. An identity that came with the context
// (in-process clients) is taken as it is (k8s.io/apiserver/pkg/endpoints/filters WithAuthentication).
#pragma once

#include "apiserver/authn/authenticator.h"
#include "apiserver/http/access_metrics.h"
#include "apiserver/http/stage.h"
#include "base/logger.h"

namespace xebec::apiserver {

class AuthenticationStage final : public Stage {
 public:
  // `metrics` outlives the stage.
  AuthenticationStage(std::shared_ptr<Authenticator> authenticator, AccessMetrics& metrics, Logger logger,
                      std::unique_ptr<Stage> next)
      : authenticator_(std::move(authenticator)),
        metrics_(metrics),
        logger_(std::move(logger)),
        next_(std::move(next)) {}
  Task<http::Response> handle(Context context, std::shared_ptr<Exchange> exchange) override;

 private:
  std::shared_ptr<Authenticator> authenticator_;
  AccessMetrics& metrics_;
  Logger logger_;
  std::unique_ptr<Stage> next_;
};

}  // namespace xebec::apiserver
