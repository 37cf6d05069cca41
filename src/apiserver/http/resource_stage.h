// The end of the chain for resources: finds out which one is meant and which verb, and calls its handler.
#pragma once

#include <set>
#include <unordered_map>

#include "apiserver/http/resource_call.h"

namespace xebec::apiserver {

class ResourceStage final : public Stage {
 public:
  // Resources that `served` refuses do not exist.
  ResourceStage(ResourceDependencies dependencies, std::function<bool(const api::Resource&)> served);
  Task<http::Response> handle(Context context, std::shared_ptr<Exchange> exchange) override;

 private:
  Result<ResourceCall> resolve(const std::shared_ptr<Exchange>& exchange) const;

  const ResourceDependencies deps_;
  const std::function<bool(const api::Resource&)> served_;
  std::set<std::pair<std::string_view, std::string_view>, std::less<>> group_versions_;  // something of them
  std::unordered_map<const void*, std::string> warnings_;  // of deprecation, by Resource or Subresource
};

}  // namespace xebec::apiserver
