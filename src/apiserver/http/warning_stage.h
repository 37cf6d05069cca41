// Puts the warnings that came up behind it into Warning headers: 299 - "text"
// (k8s.io/apiserver/pkg/endpoints/filters WithWarningRecorder). Long texts are cut when all together are too
// much.
#pragma once

#include "apiserver/http/stage.h"

namespace xebec::apiserver {

class WarningStage final : public Stage {
 public:
  explicit WarningStage(std::unique_ptr<Stage> next) : next_(std::move(next)) {}
  Task<http::Response> handle(Context context, std::shared_ptr<Exchange> exchange) override;

 private:
  std::unique_ptr<Stage> next_;
};

// The value of one Warning header.
std::string warning_header(std::string_view text);

}  // namespace xebec::apiserver
