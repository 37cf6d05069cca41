// /healthz, /livez and /readyz: named checks, each also at its own path
// (k8s.io/apiserver/pkg/server/healthz).
#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "apiserver/http/router.h"
#include "base/logger.h"
#include "base/result.h"
#include "http/health.h"

namespace xebec::apiserver {

using HealthCheck = http::HealthCheck;

// What has to be done after the start; upstream's names for it.
inline constexpr std::string_view kStartHooks[] = {"rbac/bootstrap-roles",
                                                   "scheduling/bootstrap-system-priority-classes",
                                                   "start-system-namespaces-controller",
                                                   "start-service-ip-repair-controllers",
                                                   "bootstrap-controller",
                                                   "start-cluster-authentication-info-controller"};

// Which parts of the start are done; each part is a check `poststarthook/NAME`. Thread-safe.
class StartHooks {
 public:
  void expect(std::string name);
  void done(std::string_view name);
  Result<void> check(std::string_view name) const;
  std::vector<std::string> names() const;

 private:
  mutable std::mutex mutex_;
  std::vector<std::pair<std::string, bool>> hooks_;
};

// Registers `path` ("/livez") and a path for every check.
void add_health_endpoint(Router& router, std::string path, std::vector<HealthCheck> checks, Logger logger);

}  // namespace xebec::apiserver
