// The end of the chain for resources: finds out which one is meant and which verb, and calls its handler.
#pragma once

#include "apiserver/http/resource_call.h"

namespace xebec::apiserver {

class ResourceStage final : public Stage {
 public:
  // Resources that `served` refuses do not exist.
  ResourceStage(ResourceDependencies dependencies, std::function<bool(const api::Resource&)> served)
      : deps_(std::move(dependencies)), served_(std::move(served)) {}
  Task<http::Response> handle(Context context, std::shared_ptr<Exchange> exchange) override;

 private:
  Result<ResourceCall> resolve(const std::shared_ptr<Exchange>& exchange) const;

  const ResourceDependencies deps_;
  const std::function<bool(const api::Resource&)> served_;
};

}  // namespace xebec::apiserver
