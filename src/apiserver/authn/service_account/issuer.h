// Signs service account tokens and checks their signatures. Keys are fixed at start; immutable and
// thread-safe.
#pragma once

#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "apiserver/authn/service_account/claims.h"
#include "base/clock.h"
#include "security/pki/jwt.h"

namespace xebec::apiserver::service_account {

struct IssuerOptions {
  std::string issuer = "https://kubernetes.default.svc.cluster.local";  // iss of new tokens
  std::vector<std::string> accepted_issuers;  // of tokens made before the issuer changed
  std::vector<std::string> api_audiences;     // empty: the issuer. Tokens for none of them are refused here
};

class Issuer {
 public:
  // The first key signs; all verify. `clock` outlives the issuer.
  Issuer(IssuerOptions options, pki::PrivateKey signing_key, std::vector<pki::PublicKey> verification_keys,
         const Clock& clock);

  const std::string& issuer() const { return options_.issuer; }
  const std::vector<std::string>& api_audiences() const { return options_.api_audiences; }
  WallTime now() const { return clock_.now(); }

  // A compact JWS of the claims; `issuer` is filled in unless the claims are legacy.
  Result<std::string> sign(Claims claims) const;
  // Signature, issuer and validity in time. Unauthorized with a reason. Whether the objects it names still
  // exist, and whom it is for, is for the caller to check. Verified signatures are remembered.
  Result<Claims> verify(std::string_view token) const;
  // True when the token's issuer is one of ours: another authenticator's token must not fail here.
  bool issued(std::string_view token) const;

  std::string discovery_document(std::string_view jwks_uri) const;  // /.well-known/openid-configuration
  std::string key_set() const;                                      // /openid/v1/jwks

 private:
  Result<Claims> verify_signature(std::string_view token) const;

  IssuerOptions options_;
  pki::PrivateKey signing_key_;
  std::vector<pki::PublicKey> keys_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  mutable std::unordered_map<std::string, Claims> verified_;  // by SHA-256 of the token
};

}  // namespace xebec::apiserver::service_account
