#include "apiserver/authn/service_account/claims.h"

#include <fmt/format.h>

#include <algorithm>

#include "codec/json.h"
#include "codec/value.h"

namespace xebec::apiserver::service_account {
namespace {

using codec::Value;
using codec::ValueList;
using codec::ValueMap;

constexpr std::string_view kLegacyNamespace = "kubernetes.io/serviceaccount/namespace";
constexpr std::string_view kLegacySecret = "kubernetes.io/serviceaccount/secret.name";
constexpr std::string_view kLegacyName = "kubernetes.io/serviceaccount/service-account.name";
constexpr std::string_view kLegacyUid = "kubernetes.io/serviceaccount/service-account.uid";

Value reference_value(const ObjectReference& ref) {
  ValueMap map;
  map.set("name", ref.name);
  map.set("uid", ref.uid);
  return map;
}

Value legacy_value(const Claims& claims) {
  ValueMap map;
  map.set("iss", claims.issuer);
  map.set("sub", claims.subject);
  map.set(kLegacyNamespace, claims.namespace_);
  if (claims.secret) map.set(kLegacySecret, claims.secret->name);
  map.set(kLegacyName, claims.service_account.name);
  map.set(kLegacyUid, claims.service_account.uid);
  return map;
}

Value bound_value(const Claims& claims) {
  ValueMap kubernetes;
  kubernetes.set("namespace", claims.namespace_);
  if (claims.node) kubernetes.set("node", reference_value(*claims.node));
  if (claims.pod) kubernetes.set("pod", reference_value(*claims.pod));
  if (claims.secret) kubernetes.set("secret", reference_value(*claims.secret));
  kubernetes.set("serviceaccount", reference_value(claims.service_account));
  if (claims.warn_after != 0) kubernetes.set("warnafter", claims.warn_after);

  ValueList audiences;
  for (const std::string& audience : claims.audiences) audiences.emplace_back(audience);
  ValueMap map;
  map.set("aud", std::move(audiences));
  map.set("exp", claims.expires);
  map.set("iat", claims.issued_at);
  map.set("iss", claims.issuer);
  map.set("jti", claims.id);
  map.set("kubernetes.io", std::move(kubernetes));
  map.set("nbf", claims.not_before);
  map.set("sub", claims.subject);
  return map;
}

std::string text(const ValueMap& map, std::string_view key) {
  const Value* value = map.find(key);
  return value == nullptr ? std::string() : std::string(value->string_or());
}

// Seconds. What no int64 holds is as far away as one can say.
int64_t number(const ValueMap& map, std::string_view key) {
  constexpr double kLimit = 9.2e18;
  const Value* value = map.find(key);
  if (value == nullptr) return 0;
  if (const int64_t* whole = value->as_int()) return *whole;
  return static_cast<int64_t>(std::clamp(value->number_or(0), -kLimit, kLimit));
}

std::optional<ObjectReference> reference(const ValueMap& map, std::string_view key) {
  const Value* value = map.find(key);
  if (value == nullptr || !value->is_map()) return std::nullopt;
  return ObjectReference{text(*value->as_map(), "name"), text(*value->as_map(), "uid")};
}

std::vector<std::string> audiences_of(const ValueMap& map) {
  std::vector<std::string> out;
  const Value* value = map.find("aud");
  if (value == nullptr) return out;
  if (const std::string* one = value->as_string()) out.push_back(*one);
  if (const ValueList* list = value->as_list()) {
    for (const Value& item : *list) out.emplace_back(item.string_or());
  }
  return out;
}

void read_bound(const ValueMap& kubernetes, Claims& claims) {
  claims.namespace_ = text(kubernetes, "namespace");
  claims.service_account = reference(kubernetes, "serviceaccount").value_or(ObjectReference{});
  claims.pod = reference(kubernetes, "pod");
  claims.secret = reference(kubernetes, "secret");
  claims.node = reference(kubernetes, "node");
  claims.warn_after = number(kubernetes, "warnafter");
}

void read_legacy(const ValueMap& map, Claims& claims) {
  claims.legacy = true;
  claims.namespace_ = text(map, kLegacyNamespace);
  claims.service_account = {text(map, kLegacyName), text(map, kLegacyUid)};
  if (std::string secret = text(map, kLegacySecret); !secret.empty())
    claims.secret = ObjectReference{secret, ""};
}

}  // namespace

std::string username(std::string_view namespace_, std::string_view name) {
  return fmt::format("{}{}:{}", kUserPrefix, namespace_, name);
}

std::string to_json(const Claims& claims) {
  return codec::to_json(claims.legacy ? legacy_value(claims) : bound_value(claims));
}

Result<Claims> parse_claims(std::string_view json) {
  TRY(Value value, codec::parse_json(json));
  const ValueMap* map = value.as_map();
  if (map == nullptr) return fail(errors::unauthorized("token claims are no JSON object"));
  Claims claims;
  claims.issuer = text(*map, "iss");
  claims.subject = text(*map, "sub");
  claims.id = text(*map, "jti");
  claims.audiences = audiences_of(*map);
  claims.issued_at = number(*map, "iat");
  claims.not_before = number(*map, "nbf");
  claims.expires = number(*map, "exp");
  const Value* kubernetes = map->find("kubernetes.io");
  if (kubernetes != nullptr && kubernetes->is_map()) {
    read_bound(*kubernetes->as_map(), claims);
  } else {
    read_legacy(*map, claims);
  }
  if (claims.subject != username(claims.namespace_, claims.service_account.name)) {
    return fail(errors::unauthorized("sub claim is invalid"));
  }
  return claims;
}

}  // namespace xebec::apiserver::service_account
