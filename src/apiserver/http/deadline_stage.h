// The time a request may take: what it asks for, at most what the server allows
// (k8s.io/apiserver/pkg/endpoints/filters WithRequestDeadline). What is not done by then is cancelled, and
// answered by 504.
#pragma once

#include "apiserver/http/request_metrics.h"
#include "apiserver/http/stage.h"

namespace xebec::apiserver {

class DeadlineStage final : public Stage {
 public:
  // `metrics` outlives the stage.
  DeadlineStage(Duration longest, RequestMetrics& metrics, std::unique_ptr<Stage> next)
      : longest_(longest), metrics_(metrics), next_(std::move(next)) {}
  Task<http::Response> handle(Context context, std::shared_ptr<Exchange> exchange) override;

 private:
  const Duration longest_;
  RequestMetrics& metrics_;
  std::unique_ptr<Stage> next_;
};

}  // namespace xebec::apiserver
