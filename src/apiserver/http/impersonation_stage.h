// Impersonate-User, -Group, -Uid and -Extra-*: acting as somebody else, for those who may
// (k8s.io/apiserver/pkg/endpoints/filters WithImpersonation).
#pragma once

#include "apiserver/authz/authorizer.h"
#include "apiserver/http/stage.h"

namespace xebec::apiserver {

class ImpersonationStage final : public Stage {
 public:
  ImpersonationStage(std::shared_ptr<Authorizer> authorizer, std::unique_ptr<Stage> next)
      : authorizer_(std::move(authorizer)), next_(std::move(next)) {}
  Task<http::Response> handle(Context context, std::shared_ptr<Exchange> exchange) override;

 private:
  std::shared_ptr<Authorizer> authorizer_;
  std::unique_ptr<Stage> next_;
};

}  // namespace xebec::apiserver
