// Requests without an end of their own (watches, logs, exec): they end with the server's lifecycle.
#pragma once

#include "apiserver/http/lifecycle.h"
#include "apiserver/http/stage.h"

namespace xebec::apiserver {

class LongRunningStage final : public Stage {
 public:
  // `lifecycle` outlives the stage.
  LongRunningStage(Lifecycle& lifecycle, std::unique_ptr<Stage> next)
      : lifecycle_(lifecycle), next_(std::move(next)) {}
  Task<http::Response> handle(Context context, std::shared_ptr<Exchange> exchange) override;

 private:
  Lifecycle& lifecycle_;
  std::unique_ptr<Stage> next_;
};

}  // namespace xebec::apiserver
