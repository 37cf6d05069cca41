// Context: what travels with a request through every layer: cancellation, deadline, identity, trace.
// Copied freely; everything in it is immutable or thread-safe.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/cancel.h"
#include "base/executor.h"

namespace xebec {

// Who makes a request, as authentication found out (user.Info upstream).
struct UserInfo {
  std::string name;
  std::string uid;
  std::vector<std::string> groups;
  std::map<std::string, std::vector<std::string>> extra;
};

struct Context {
  CancelToken cancel;
  std::optional<MonotonicTime> deadline;
  std::shared_ptr<const UserInfo> user;
  std::string trace_id;  // W3C trace id in lower-case hex, or empty
};

}  // namespace xebec
