// The components of a cluster as a process runs them, each on a thread of its own.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/logger.h"
#include "cmd/component.h"
#include "controllers/controller.h"

namespace xebec::cmd {

// How a component reaches the API as somebody.
using RestAs = std::function<client::Rest(std::shared_ptr<const UserInfo> identity, std::string user_agent)>;

// What all components of a process share. Outlives them.
struct ComponentEnv {
  std::shared_ptr<const Clock> clock;
  Rng* rng = nullptr;
  Logger logger;
};

// `rest_of_account` gives a controller's own identity, `rest` the manager's.
std::unique_ptr<Component> start_controller_manager(
    ComponentEnv env, client::Rest rest,
    std::function<client::Rest(std::string_view account)> rest_of_account,
    controllers::ControllerOptions options);
std::unique_ptr<Component> start_scheduler(ComponentEnv env, client::Rest rest);

// Signs tokens for Secrets with the key of the cluster's service accounts.
Result<std::function<Result<std::string>(const std::string&, const std::string&, const std::string&,
                                         const std::string&)>>
legacy_token_signer(const std::string& key_pem, std::shared_ptr<const Clock> clock);

}  // namespace xebec::cmd
