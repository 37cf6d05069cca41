// Authentication: who makes a request. One file a mechanism; they are tried in order (upstream's union).
#pragma once

#include <memory>
#include <optional>

#include "base/context.h"
#include "http/message.h"

namespace xebec::apiserver {

class Authenticator {
 public:
  virtual ~Authenticator() = default;
  // A user; nothing when the request carries no credentials of this kind; an error when it carries bad ones
  // (the union goes on to the next mechanism and reports 401 when none knows the user). Thread-safe.
  virtual Task<Result<std::shared_ptr<const UserInfo>>> authenticate(const Context& context,
                                                                     const http::Request& request) = 0;
};

// Tries each in order; a nullptr user when no one recognised the request and none failed.
std::unique_ptr<Authenticator> make_union_authenticator(std::vector<std::unique_ptr<Authenticator>> members);

}  // namespace xebec::apiserver
