// Bootstrap tokens: Secrets kube-system/bootstrap-token-ID of type bootstrap.kubernetes.io/token, whose
// bearers are system:bootstrap:ID in the group system:bootstrappers (k8s.io/kubernetes
// plugin/pkg/auth/authenticator/token/ bootstrap).
#pragma once

#include "api/gen/corev1.h"
#include "apiserver/authn/authenticator.h"
#include "base/clock.h"
#include "security/bootstrap_token.h"

namespace xebec::apiserver {

class RegistryMap;

// Both outlive the authenticator. A text that is no bootstrap token, or one that is not good, is nobody's.
std::unique_ptr<Authenticator> make_bootstrap_token_authenticator(const RegistryMap& registries,
                                                                  const Clock& clock);

// Whose token it is; null with the reason in `why` when the secret does not make it a good one.
std::shared_ptr<const UserInfo> bootstrap_user(const corev1::Secret& secret,
                                               const bootstrap_token::Token& token, WallTime now,
                                               std::string& why);

}  // namespace xebec::apiserver
