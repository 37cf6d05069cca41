#include "cmd/component.h"

#include "base/sync.h"
#include "client/in_process.h"

namespace xebec::cmd {
namespace {

Task<bool> cancel_and_join(Scope& scope) {
  scope.cancel();
  co_await scope.join();
  co_return true;
}

Task<void> report_failure(Task<Result<void>> run, Process& process) {
  Result<void> done = co_await std::move(run);
  if (!done) process.fail(std::move(done).error());
}

}  // namespace

Component::Component(const char* name, Process& process, Run run)
    : executor_(name), scope_(std::make_unique<Scope>(executor_)) {
  scope_->spawn(report_failure(run(executor_, scope_->token()), process));
}

Component::~Component() { block_on(on_executor(executor_, cancel_and_join(*scope_))); }

std::shared_ptr<const UserInfo> component_identity(std::string name, std::vector<std::string> groups) {
  UserInfo user;
  user.name = std::move(name);
  user.groups = std::move(groups);
  user.groups.emplace_back("system:authenticated");
  return std::make_shared<const UserInfo>(std::move(user));
}

std::shared_ptr<const UserInfo> service_account_identity(std::string_view name) {
  return component_identity("system:serviceaccount:kube-system:" + std::string(name),
                            {"system:serviceaccounts", "system:serviceaccounts:kube-system"});
}

client::Rest InProcessApi::rest(std::shared_ptr<const UserInfo> identity, std::string user_agent) const {
  // The handler is the owner's; the shared pointer only looks like one.
  std::shared_ptr<http::Handler> handler(std::shared_ptr<void>(), &handler_);
  client::Rest::Config config;
  config.user_agent = std::move(user_agent);
  return client::Rest(
      std::make_shared<client::InProcessClient>(std::move(handler), server_, std::move(identity)), scheme_,
      config);
}

}  // namespace xebec::cmd
