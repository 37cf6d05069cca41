// The authorizers that need no policy, and the modes of --authorization-mode
// (k8s.io/apiserver/pkg/authorization/authorizerfactory, k8s.io/kubernetes/pkg/kubeapiserver/options).
#pragma once

#include <span>

#include "apiserver/authz/authorizer.h"
#include "base/result.h"

namespace xebec::apiserver {

// system:masters may do everything, whatever the policy says or has not been read yet.
std::unique_ptr<Authorizer> make_privileged_group_authorizer();
std::unique_ptr<Authorizer> make_always_allow_authorizer();
std::unique_ptr<Authorizer> make_always_deny_authorizer();

// At least one, known, built and given once.
Result<void> check_authorization_modes(std::span<const std::string> modes);

}  // namespace xebec::apiserver
