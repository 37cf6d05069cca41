// ComponentHandler: what a component that is no API server and no kubelet serves: /healthz, /livez, /readyz
// and /metrics. Who asks is told by client certificate or by token, whether they may by the API server, for
// all but the paths that everybody may see (k8s.io/apiserver's delegated authentication and authorization).
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/logger.h"
#include "base/metrics.h"
#include "delegation/authenticator.h"
#include "delegation/authorizer.h"
#include "http/health.h"
#include "http/message.h"

namespace xebec::cmd {

struct ComponentHandlerOptions {
  std::vector<std::string> always_allow_paths = {"/healthz", "/readyz", "/livez"};  // "/debug/*": all below
  std::vector<http::HealthCheck> checks;                                            // of every health path
};

class ComponentHandler final : public http::Handler {
 public:
  // Without an authorizer only system:masters may see what not everybody may. `metrics` outlives this.
  ComponentHandler(ComponentHandlerOptions options, std::shared_ptr<delegation::Authenticator> authenticator,
                   std::unique_ptr<delegation::Authorizer> authorizer, Metrics& metrics, Logger logger);
  // Takes the place of the one before; thread-safe.
  void set_authenticator(std::shared_ptr<delegation::Authenticator> authenticator);

  Task<http::Response> handle(Context context, http::Request request) override;

 private:
  bool everybody_may(const std::string& path) const;
  Task<Result<void>> admit(Context context, const http::Request& request);
  http::Response serve(const http::Request& request) const;

  const ComponentHandlerOptions options_;
  std::mutex mutex_;
  std::shared_ptr<delegation::Authenticator> authenticator_;
  std::unique_ptr<delegation::Authorizer> authorizer_;
  Metrics& metrics_;
  Logger logger_;
};

}  // namespace xebec::cmd
