// While a server ends: new requests are told to come back, on another connection
// (k8s.io/apiserver/pkg/server/filters with_retry_after.go); those that are worked on are counted.
#pragma once

#include "apiserver/http/lifecycle.h"
#include "apiserver/http/stage.h"

namespace xebec::apiserver {

class RetryAfterStage final : public Stage {
 public:
  // `lifecycle` outlives the stage.
  RetryAfterStage(Lifecycle& lifecycle, std::unique_ptr<Stage> next)
      : lifecycle_(lifecycle), next_(std::move(next)) {}
  Task<http::Response> handle(Context context, std::shared_ptr<Exchange> exchange) override;

 private:
  Lifecycle& lifecycle_;
  std::unique_ptr<Stage> next_;
};

}  // namespace xebec::apiserver
