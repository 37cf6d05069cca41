#include "cmd/components.h"

#include "apiserver/authn/service_account/issuer.h"
#include "controllers/manager.h"
#include "scheduler/scheduler.h"

namespace xebec::cmd {
namespace {

Task<void> run_manager(Executor& executor, CancelToken token, ComponentEnv env, client::Rest rest,
                       std::function<client::Rest(std::string_view)> rest_of_account,
                       controllers::ControllerOptions options) {
  client::Env component(executor, *env.clock, *env.rng, env.logger.named("controller-manager"));
  controllers::ControllerManager manager(std::move(component), std::move(rest), std::move(rest_of_account),
                                         std::move(options));
  co_await manager.run(token);
}

Task<void> run_scheduler(Executor& executor, CancelToken token, ComponentEnv env, client::Rest rest) {
  client::Env component(executor, *env.clock, *env.rng, env.logger.named("scheduler"));
  scheduler::SchedulerOptions options;
  scheduler::Scheduler scheduler(std::move(rest), std::move(component), std::move(options),
                                 scheduler::default_profile());
  co_await scheduler.run(token);
}

}  // namespace

std::unique_ptr<Component> start_controller_manager(
    ComponentEnv env, client::Rest rest,
    std::function<client::Rest(std::string_view account)> rest_of_account,
    controllers::ControllerOptions options) {
  return std::make_unique<Component>("controllers", [=](Executor& executor, CancelToken token) {
    return run_manager(executor, std::move(token), env, rest, rest_of_account, options);
  });
}

std::unique_ptr<Component> start_scheduler(ComponentEnv env, client::Rest rest) {
  return std::make_unique<Component>("scheduler", [=](Executor& executor, CancelToken token) {
    return run_scheduler(executor, std::move(token), env, rest);
  });
}

Result<std::function<Result<std::string>(const std::string&, const std::string&, const std::string&,
                                         const std::string&)>>
legacy_token_signer(const std::string& key_pem, std::shared_ptr<const Clock> clock) {
  namespace sa = apiserver::service_account;
  TRY(pki::PrivateKey key, pki::PrivateKey::parse_pem(key_pem));
  auto issuer = std::make_shared<const sa::Issuer>(sa::IssuerOptions(), std::move(key),
                                                   std::vector<pki::PublicKey>(), *clock);
  return [issuer, clock](const std::string& ns, const std::string& account, const std::string& uid,
                         const std::string& secret) {
    sa::Claims claims;
    claims.legacy = true;
    claims.namespace_ = ns;
    claims.service_account = {account, uid};
    claims.secret = sa::ObjectReference{secret, ""};
    claims.subject = sa::username(ns, account);
    return issuer->sign(std::move(claims));
  };
}

}  // namespace xebec::cmd
