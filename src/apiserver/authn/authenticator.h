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

// Tries each in order: bad credentials of one kind do not hide good ones of another. When none knew the user:
// the first error, or a nullptr user if nobody failed. With `fail_on_error` the first error ends it.
std::unique_ptr<Authenticator> make_union_authenticator(std::vector<std::unique_ptr<Authenticator>> members,
                                                        bool fail_on_error = false);

}  // namespace xebec::apiserver
