// Who sends a request to the kubelet: by client certificate, or by bearer token, which the API server reviews
// (k8s.io/kubernetes/cmd/kubelet/app/auth.go). Anonymous requests are refused.
#pragma once

#include <memory>
#include <optional>

#include "client/rest.h"
#include "kubelet/server/expiring_cache.h"
#include "security/x509_identity.h"

namespace xebec::kubelet {

// Thread-safe.
class ServerAuthenticator {
 public:
  // Without roots no certificate counts. `clock` outlives this.
  ServerAuthenticator(std::optional<pki::CertPool> roots, client::Rest rest, const Clock& clock);
  ~ServerAuthenticator();

  // Unauthorized for whoever cannot be identified.
  Task<Result<std::shared_ptr<const UserInfo>>> authenticate(Context context, const http::Request& request);

 private:
  using User = std::shared_ptr<const UserInfo>;
  Task<Result<User>> review(Context context, std::string token);

  std::unique_ptr<pki::X509Identities> certificates_;
  client::Rest rest_;
  const Clock& clock_;
  ExpiringCache<User> tokens_;  // by digest; null: not a good one
};

}  // namespace xebec::kubelet
