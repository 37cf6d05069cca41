// Answers of /healthz, /livez and /readyz: named checks, all together or one of them
// (k8s.io/apiserver/pkg/server/healthz).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/logger.h"
#include "base/result.h"
#include "http/message.h"

namespace xebec::http {

// Fails with the reason, which only the log gets to know. Must not block; called on any thread.
struct HealthCheck {
  std::string name;
  std::function<Result<void>()> check;
};

// "ok", with ?verbose a line for each check; ?exclude=NAME leaves one out. `name` is that of the path:
// "livez".
Response check_health(const std::string& name, const std::vector<HealthCheck>& checks, const Request& request,
                      const Logger& logger);
Response check_health(const HealthCheck& check);

}  // namespace xebec::http
