// May the user do this? 403 in upstream's words if not (k8s.io/apiserver/pkg/endpoints/filters
// WithAuthorization).
#pragma once

#include "apiserver/authz/authorizer.h"
#include "apiserver/http/access_metrics.h"
#include "apiserver/http/stage.h"

namespace xebec::apiserver {

class AuthorizationStage final : public Stage {
 public:
  // `metrics` outlives the stage.
  AuthorizationStage(std::shared_ptr<Authorizer> authorizer, AccessMetrics& metrics,
                     std::unique_ptr<Stage> next)
      : authorizer_(std::move(authorizer)), metrics_(metrics), next_(std::move(next)) {}
  Task<http::Response> handle(Context context, std::shared_ptr<Exchange> exchange) override;

 private:
  std::shared_ptr<Authorizer> authorizer_;
  AccessMetrics& metrics_;
  std::unique_ptr<Stage> next_;
};

AuthorizationAttributes attributes_of(const RequestInfo& info, std::shared_ptr<const UserInfo> user);
// The 403 for a refused attempt.
Status forbidden_status(const AuthorizationAttributes& attributes, std::string_view reason);

}  // namespace xebec::apiserver
