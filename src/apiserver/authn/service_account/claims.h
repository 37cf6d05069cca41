// What a service account's token says (KEP-1205 bound tokens, and the older Secret-based ones), and making
// and reading it. Verifying signatures and looking objects up is done elsewhere.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace xebec::apiserver::service_account {

struct ObjectReference {
  std::string name, uid;
};

struct Claims {
  std::string issuer;
  std::string subject;  // system:serviceaccount:NAMESPACE:NAME
  std::string id;       // jti; empty for legacy tokens
  std::vector<std::string> audiences;
  int64_t issued_at = 0, not_before = 0, expires = 0;  // Unix seconds; expires 0: never (legacy tokens)
  int64_t warn_after = 0;                              // 0: no extended token
  std::string namespace_;
  ObjectReference service_account;
  std::optional<ObjectReference> pod, secret, node;
  bool legacy = false;
};

inline constexpr std::string_view kLegacyIssuer = "kubernetes/serviceaccount";
inline constexpr std::string_view kUserPrefix = "system:serviceaccount:";

std::string username(std::string_view namespace_, std::string_view name);
std::string to_json(const Claims& claims);
// Unauthorized when the text is no claims of a service account.
Result<Claims> parse_claims(std::string_view json);

}  // namespace xebec::apiserver::service_account
