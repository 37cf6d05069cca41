// Counts and times requests: apiserver_request_total, apiserver_request_duration_seconds,
// apiserver_current_inflight_requests, apiserver_longrunning_requests.
#pragma once

#include "apiserver/http/stage.h"
#include "base/metrics.h"

namespace xebec::apiserver {

class MetricsStage final : public Stage {
 public:
  MetricsStage(Metrics& metrics, std::unique_ptr<Stage> next);
  Task<http::Response> handle(Context context, std::shared_ptr<Exchange> exchange) override;

 private:
  MetricFamily<Counter>& total_;
  MetricFamily<Histogram>& duration_;
  MetricFamily<Gauge>& in_flight_;
  std::unique_ptr<Stage> next_;
};

}  // namespace xebec::apiserver
