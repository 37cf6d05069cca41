#include "controllers/manager.h"

#include "controllers/selection.h"

namespace xebec::controllers {

ControllerManager::ControllerManager(client::Env env, client::Rest rest,
                                     std::function<client::Rest(std::string_view account)> rest_as,
                                     ControllerOptions options)
    : env_(std::move(env)), options_(std::move(options)), informers_(std::move(rest), env_) {
  for (const Registration& registration : registrations()) {
    if (!is_enabled(options_.controllers, registration)) continue;
    client::Env env_of_controller = env_;
    env_of_controller.logger = env_.logger.named(registration.name);
    ControllerContext context(std::move(env_of_controller), informers_, rest_as, options_);
    controllers_.push_back(registration.make(context));
  }
}

ControllerManager::~ControllerManager() = default;

Task<void> ControllerManager::run(CancelToken token) {
  Scope scope(*env_.executor, token);
  informers_.start(scope);
  bool synced = co_await informers_.wait_synced(token);
  if (synced) {
    for (const auto& controller : controllers_) controller->start(scope);
  }
  // Children end when the token is cancelled.
  co_await scope.join();
}

}  // namespace xebec::controllers
