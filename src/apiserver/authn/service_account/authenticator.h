// Bearer tokens of service accounts: signature, audience, and that the account and whatever the token is
// bound to still exist (k8s.io/kubernetes/pkg/serviceaccount).
#pragma once

#include "apiserver/authn/authenticator.h"
#include "apiserver/authn/service_account/issuer.h"

namespace xebec::apiserver {
class RegistryMap;
}

namespace xebec::apiserver::service_account {

struct Authenticated {
  std::shared_ptr<const UserInfo> user;
  std::vector<std::string> audiences;  // those asked for that the token is good for
};

// Checks tokens, for requests and for TokenReview. Thread-safe; `registries` and `issuer` outlive it.
class TokenChecker {
 public:
  TokenChecker(const Issuer& issuer, const RegistryMap& registries)
      : issuer_(issuer), registries_(registries) {}
  // Unauthorized with a reason. Nothing when the token is not one of a service account.
  Task<Result<std::optional<Authenticated>>> check(Context context, std::string token,
                                                   std::vector<std::string> audiences) const;

 private:
  Task<Result<void>> check_objects(Context context, const Claims& claims) const;

  const Issuer& issuer_;
  const RegistryMap& registries_;
};

// `Authorization: Bearer TOKEN`, or the subprotocol base64url.bearer.authorization.k8s.io.TOKEN of a
// WebSocket.
std::unique_ptr<Authenticator> make_bearer_authenticator(std::shared_ptr<const TokenChecker> checker,
                                                         std::vector<std::string> api_audiences);

}  // namespace xebec::apiserver::service_account
