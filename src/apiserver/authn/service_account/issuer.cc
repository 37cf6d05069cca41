#include "apiserver/authn/service_account/issuer.h"

#include <fmt/format.h>

#include "codec/json.h"
#include "security/pki/digest.h"

namespace xebec::apiserver::service_account {
namespace {

constexpr size_t kMostRemembered = 20000;

int64_t seconds(WallTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

// How far clocks may be apart, as go-jose has it.
constexpr int64_t kLeewaySeconds = 60;

Result<void> check_times(const Claims& claims, int64_t now) {
  if (claims.expires != 0 && now - kLeewaySeconds > claims.expires)
    return fail(errors::unauthorized("service account token has expired"));
  if (claims.not_before != 0 && now + kLeewaySeconds < claims.not_before)
    return fail(errors::unauthorized("service account token is not valid yet"));
  if (claims.issued_at != 0 && now + kLeewaySeconds < claims.issued_at)
    return fail(errors::unauthorized("service account token is issued in the future"));
  return {};
}

}  // namespace

Issuer::Issuer(IssuerOptions options, pki::PrivateKey signing_key,
               std::vector<pki::PublicKey> verification_keys, const Clock& clock)
    : options_(std::move(options)),
      signing_key_(std::move(signing_key)),
      keys_(std::move(verification_keys)),
      clock_(clock) {
  keys_.insert(keys_.begin(), signing_key_.public_key());
  options_.accepted_issuers.push_back(options_.issuer);
  if (options_.api_audiences.empty()) options_.api_audiences.push_back(options_.issuer);
}

Result<std::string> Issuer::sign(Claims claims) const {
  claims.issuer = claims.legacy ? std::string(kLegacyIssuer) : options_.issuer;
  return jwt::sign(signing_key_, to_json(claims));
}

bool Issuer::issued(std::string_view token) const {
  Result<jwt::Token> parsed = jwt::parse(token);
  if (!parsed) return false;
  Result<codec::Value> claims = codec::parse_json(parsed->claims);
  if (!claims || !claims->is_map()) return false;
  const codec::Value* issuer = claims->as_map()->find("iss");
  if (issuer == nullptr) return false;
  std::string_view name = issuer->string_or();
  const auto& ours = options_.accepted_issuers;
  return name == kLegacyIssuer || std::find(ours.begin(), ours.end(), name) != ours.end();
}

Result<Claims> Issuer::verify_signature(std::string_view token) const {
  TRY(jwt::Token parsed, jwt::parse(token));
  std::optional<Status> failure;
  for (const pki::PublicKey& key : keys_) {
    if (!parsed.key_id.empty() && parsed.key_id != jwt::key_id(key) && keys_.size() > 1) continue;
    Result<void> verified = jwt::verify(parsed, key);
    if (verified) return parse_claims(parsed.claims);
    failure = std::move(verified).error();
  }
  return fail(errors::unauthorized(failure ? failure->message : "no key matches the token"));
}

Result<Claims> Issuer::verify(std::string_view token) const {
  std::string digest = pki::sha256(token);
  int64_t now = seconds(clock_.now());
  {
    std::lock_guard lock(mutex_);
    if (auto it = verified_.find(digest); it != verified_.end()) {
      TRY_VOID(check_times(it->second, now));
      return it->second;
    }
  }
  TRY(Claims claims, verify_signature(token));
  const auto& ours = options_.accepted_issuers;
  bool known = claims.legacy ? claims.issuer == kLegacyIssuer
                             : std::find(ours.begin(), ours.end(), claims.issuer) != ours.end();
  if (!known)
    return fail(errors::unauthorized(fmt::format("token has an unknown issuer \"{}\"", claims.issuer)));
  TRY_VOID(check_times(claims, now));
  std::lock_guard lock(mutex_);
  if (verified_.size() >= kMostRemembered) verified_.clear();
  verified_.emplace(std::move(digest), claims);
  return claims;
}

std::string Issuer::discovery_document(std::string_view jwks_uri) const {
  codec::ValueList algorithms;
  std::set<std::string> seen;
  for (const pki::PublicKey& key : keys_) {
    std::string name = key.kind() == pki::KeyKind::kRsa ? "RS256" : "ES256";
    if (seen.insert(name).second) algorithms.emplace_back(name);
  }
  codec::ValueList response_types;
  response_types.emplace_back("id_token");
  codec::ValueList subject_types;
  subject_types.emplace_back("public");
  codec::ValueMap map;
  map.set("issuer", options_.issuer);
  map.set("jwks_uri", jwks_uri);
  map.set("response_types_supported", std::move(response_types));
  map.set("subject_types_supported", std::move(subject_types));
  map.set("id_token_signing_alg_values_supported", std::move(algorithms));
  return codec::to_json(codec::Value(std::move(map)));
}

std::string Issuer::key_set() const { return jwt::key_set_json(keys_); }

}  // namespace xebec::apiserver::service_account
