// A component of this process: a thread of its own that runs it, so that no component can hold up another or
// the API server; and the identities under which in-process components call the API.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "api/scheme.h"
#include "base/scope.h"
#include "client/rest.h"
#include "cmd/process.h"
#include "http/message.h"

namespace xebec::cmd {

class Component {
 public:
  using Run = std::function<Task<Result<void>>(Executor& executor, CancelToken token)>;
  // `run` is started on the component's own executor; when it fails, the process does.
  Component(const char* name, Process& process, Run run);
  // Cancels and waits for the end of run.
  ~Component();
  Executor& executor() { return executor_; }

 private:
  ThreadExecutor executor_;
  std::unique_ptr<Scope> scope_;
};

// Runs a task on another executor and comes back to the caller's.
template <class T>
Task<T> on_executor(Executor& there, Task<T> task) {
  Executor& home = *Executor::current();
  co_await there.schedule();
  T out = co_await std::move(task);
  co_await home.schedule();
  co_return out;
}

// Identities as upstream's components have them.
std::shared_ptr<const UserInfo> component_identity(std::string name, std::vector<std::string> groups = {});
std::shared_ptr<const UserInfo> service_account_identity(std::string_view name);  // in kube-system

// Clients of an API server in this process, one identity each.
class InProcessApi {
 public:
  // Everything outlives the clients.
  InProcessApi(http::Handler& handler, Executor& server, const api::Scheme& scheme)
      : handler_(handler), server_(server), scheme_(scheme) {}
  client::Rest rest(std::shared_ptr<const UserInfo> identity, std::string user_agent) const;

 private:
  http::Handler& handler_;
  Executor& server_;
  const api::Scheme& scheme_;
};

}  // namespace xebec::cmd
