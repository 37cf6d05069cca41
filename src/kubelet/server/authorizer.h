// Whether a user may do what a request asks: the API server reviews it, answers are kept for a while
// (k8s.io/apiserver/plugin/pkg/authorizer/webhook; kubelet's defaults for the times).
#pragma once

#include <string>

#include "client/rest.h"
#include "delegation/authorizer.h"
#include "kubelet/server/attributes.h"

namespace xebec::kubelet {

// Thread-safe.
class ServerAuthorizer {
 public:
  // `clock` outlives this.
  ServerAuthorizer(std::string node_name, client::Rest rest, const Clock& clock);

  // Forbidden, or InternalError when the API server could not be asked; in the kubelet's words.
  Task<Result<void>> authorize(Context context, std::shared_ptr<const UserInfo> user,
                               NodeAttributes attributes);

 private:
  Task<Result<bool>> allowed(Context context, std::shared_ptr<const UserInfo> user, std::string verb,
                             std::string subresource);

  const std::string node_name_;
  delegation::Authorizer reviews_;
};

}  // namespace xebec::kubelet
