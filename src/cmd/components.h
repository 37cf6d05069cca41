// The components of a cluster as a process runs them, each on a thread of its own.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "cmd/component.h"
#include "cmd/leadership.h"
#include "controllers/controller.h"

namespace xebec::cmd {

// `rest_of_account` gives a controller's own identity, `rest` the manager's. `process` outlives them.
std::unique_ptr<Component> start_controller_manager(
    Process& process, client::Rest rest,
    std::function<client::Rest(std::string_view account)> rest_of_account,
    controllers::ControllerOptions options, LeaderElectionOptions election);
std::unique_ptr<Component> start_scheduler(Process& process, client::Rest rest,
                                           LeaderElectionOptions election);

// Within a process that is the only one of its kind nobody has to be elected.
LeaderElectionOptions no_election();

// Signs tokens for Secrets with the key of the cluster's service accounts.
Result<std::function<Result<std::string>(const std::string&, const std::string&, const std::string&,
                                         const std::string&)>>
legacy_token_signer(const std::string& key_pem, std::shared_ptr<const Clock> clock);

}  // namespace xebec::cmd
