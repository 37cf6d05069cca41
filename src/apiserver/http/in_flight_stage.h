// Not more requests at once than the server is told to work on; the rest is asked to come again
// (k8s.io/apiserver/pkg/server/filters WithMaxInFlightLimit).
#pragma once

#include <atomic>

#include "apiserver/http/request_limits.h"
#include "apiserver/http/request_metrics.h"
#include "apiserver/http/stage.h"

namespace xebec::apiserver {

class InFlightStage final : public Stage {
 public:
  // `metrics` outlives the stage.
  InFlightStage(const RequestLimits& limits, RequestMetrics& metrics, std::unique_ptr<Stage> next);
  Task<http::Response> handle(Context context, std::shared_ptr<Exchange> exchange) override;

 private:
  struct Kind {
    bool mutating = false;
    int limit = 0;  // 0: none
    std::atomic<int> count = 0;
  };
  class Place;

  Kind reads_, writes_;
  RequestMetrics& metrics_;
  std::unique_ptr<Stage> next_;
};

}  // namespace xebec::apiserver
