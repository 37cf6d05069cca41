// Gives every request that is not long-running a deadline: ?timeout=, at most a minute; its context is
// cancelled then (k8s.io/apiserver/pkg/endpoints/filters WithRequestDeadline).
#pragma once

#include "apiserver/http/stage.h"

namespace xebec::apiserver {

class DeadlineStage final : public Stage {
 public:
  explicit DeadlineStage(std::unique_ptr<Stage> next) : next_(std::move(next)) {}
  Task<http::Response> handle(Context context, std::shared_ptr<Exchange> exchange) override;

 private:
  std::unique_ptr<Stage> next_;
};

}  // namespace xebec::apiserver
