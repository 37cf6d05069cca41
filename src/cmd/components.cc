#include "cmd/components.h"

#include "apiserver/authn/service_account/issuer.h"
#include "controllers/manager.h"
#include "scheduler/scheduler.h"

namespace xebec::cmd {
namespace {

using RestOfAccount = std::function<client::Rest(std::string_view account)>;

client::Env env_of(Process& process, Executor& executor, std::string_view name) {
  client::Env env(executor, *process.clock(), process.rng(), process.logger().named(name));
  env.metrics = &process.metrics();
  return env;
}

Task<void> manage(client::Env env, client::Rest rest, RestOfAccount rest_of_account,
                  controllers::ControllerOptions options, CancelToken token) {
  controllers::ControllerManager manager(std::move(env), std::move(rest), std::move(rest_of_account),
                                         std::move(options));
  co_await manager.run(std::move(token));
}

Task<void> schedule(client::Env env, client::Rest rest, CancelToken token) {
  scheduler::SchedulerOptions options;
  scheduler::Scheduler scheduler(std::move(rest), std::move(env), std::move(options),
                                 scheduler::default_profile());
  co_await scheduler.run(std::move(token));
}

}  // namespace

std::unique_ptr<Component> start_controller_manager(Process& process, client::Rest rest,
                                                    RestOfAccount rest_of_account,
                                                    controllers::ControllerOptions options,
                                                    LeaderElectionOptions election) {
  return std::make_unique<Component>(
      "controllers", process, [=, &process](Executor& executor, CancelToken token) {
        client::Env env = env_of(process, executor, "controller-manager");
        auto work = [=](CancelToken leading) {
          return manage(env, rest, rest_of_account, options, std::move(leading));
        };
        return lead(env, rest, election, std::move(work), std::move(token));
      });
}

std::unique_ptr<Component> start_scheduler(Process& process, client::Rest rest,
                                           LeaderElectionOptions election) {
  return std::make_unique<Component>(
      "scheduler", process, [=, &process](Executor& executor, CancelToken token) {
        client::Env env = env_of(process, executor, "scheduler");
        auto work = [=](CancelToken leading) { return schedule(env, rest, std::move(leading)); };
        return lead(env, rest, election, std::move(work), std::move(token));
      });
}

LeaderElectionOptions no_election() {
  LeaderElectionOptions out;
  out.elect = false;
  return out;
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
