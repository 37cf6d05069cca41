// Who sends a request to a component: by client certificate, or by bearer token, which the API server reviews
// (k8s.io/apiserver/pkg/authentication/authenticatorfactory, delegating.go).
#pragma once

#include <memory>
#include <optional>

#include "client/rest.h"
#include "delegation/expiring_cache.h"
#include "security/x509_identity.h"

namespace xebec::delegation {

// Thread-safe.
class Authenticator {
 public:
  // Without roots no certificate counts, without `rest` no token. `clock` outlives this.
  Authenticator(std::optional<pki::CertPool> roots, std::optional<client::Rest> rest, const Clock& clock);
  ~Authenticator();

  using User = std::shared_ptr<const UserInfo>;
  // Null for whoever shows no credentials, Unauthorized for bad ones.
  Task<Result<User>> identify(Context context, const http::Request& request);
  // Unauthorized for whoever cannot be identified.
  Task<Result<User>> authenticate(Context context, const http::Request& request);

 private:
  Task<Result<User>> review(Context context, std::string token);

  std::unique_ptr<pki::X509Identities> certificates_;
  std::optional<client::Rest> rest_;
  const Clock& clock_;
  ExpiringCache<User> tokens_;  // by digest; null: not a good one
};

}  // namespace xebec::delegation
