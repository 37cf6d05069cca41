// The chain every request goes through. A Stage looks at the request, answers it or passes it on to the next
// one; the last is the router. server.cc puts them together, in the order of upstream's
// DefaultBuildHandlerChain.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "apiserver/request_info.h"
#include "base/context.h"
#include "base/task.h"
#include "http/message.h"

namespace xebec::apiserver {

// One request on its way. Stages run one after the other, so nothing here needs a lock; a streaming response
// that outlives the chain copies what it needs.
struct Exchange {
  http::Request request;
  RequestInfo info;
  std::vector<std::string> warnings;  // become Warning headers
  bool known_resource = false;        // the path names a resource that is served
  std::string kind;                   // of that resource
  std::string removed_in;             // the release without this version of it; empty for most
  std::string audit_id;               // the client's, or one made for it
};

class Stage {
 public:
  virtual ~Stage() = default;
  // Thread-safe.
  virtual Task<http::Response> handle(Context context, std::shared_ptr<Exchange> exchange) = 0;
};

// Watches, logs, exec and the like: no deadline, and they are not counted as requests in flight.
bool is_long_running(const RequestInfo& info);

}  // namespace xebec::apiserver
