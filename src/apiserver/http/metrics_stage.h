// Counts, times and logs requests; those that stream when their stream has ended.
#pragma once

#include "apiserver/http/request_metrics.h"
#include "apiserver/http/stage.h"
#include "base/logger.h"

namespace xebec::apiserver {

class MetricsStage final : public Stage {
 public:
  // `metrics` outlives the stage and the answers.
  MetricsStage(RequestMetrics& metrics, Logger logger, std::unique_ptr<Stage> next)
      : metrics_(metrics), logger_(std::move(logger)), next_(std::move(next)) {}
  Task<http::Response> handle(Context context, std::shared_ptr<Exchange> exchange) override;

 private:
  void log(const Context& context, const Exchange& exchange, const http::Response& response,
           Duration taken) const;

  RequestMetrics& metrics_;
  const Logger logger_;
  std::unique_ptr<Stage> next_;
};

}  // namespace xebec::apiserver
