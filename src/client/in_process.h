// InProcessClient: an http::Client that calls an http::Handler of the same process, under a fixed identity.
//
// Each request runs as a task on the server's executor; the caller goes on on its own executor when the
// answer (or the next piece of a streamed one) is there. So server code never runs on a component's executor
// nor the reverse. context.user is the identity; the handler must take it as authenticated. The handler's
// context is cancelled when the caller's is, and when a streamed response is dropped. Thread-safe. Upgrades
// are refused (501).
#pragma once

#include <memory>

#include "base/context.h"
#include "base/executor.h"
#include "http/message.h"

namespace xebec::client {

class InProcessClient final : public http::Client {
 public:
  // `server` outlives this client and every response it gave. A handler that is not owned by its pointer must
  // outlive the work that dropped responses leave on `server`.
  InProcessClient(std::shared_ptr<http::Handler> handler, Executor& server,
                  std::shared_ptr<const UserInfo> identity);

  Task<Result<http::Response>> send(Context context, http::Request request) override;
  Task<Result<std::unique_ptr<http::ByteStream>>> upgrade(Context context, http::Request request,
                                                          http::Headers& answered) override;

 private:
  std::shared_ptr<http::Handler> handler_;
  Executor& server_;
  std::shared_ptr<const UserInfo> identity_;
};

}  // namespace xebec::client
