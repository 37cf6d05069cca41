// Bootstrap tokens, "ID.SECRET": what a new node shows before it has a certificate; and the signature of the
// ConfigMap cluster-info by one, a JWS (RFC 7515) with HS256 and the content left out
// (k8s.io/cluster-bootstrap/token/jws, util).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace xebec::bootstrap_token {

inline constexpr std::string_view kSecretType = "bootstrap.kubernetes.io/token";
inline constexpr std::string_view kSecretPrefix = "bootstrap-token-";
inline constexpr std::string_view kUserPrefix = "system:bootstrap:";
inline constexpr std::string_view kGroup = "system:bootstrappers";
inline constexpr std::string_view kSignaturePrefix = "jws-kubeconfig-";  // key in cluster-info, then the id

struct Token {
  std::string id;      // [a-z0-9]{6}
  std::string secret;  // [a-z0-9]{16}
  std::string text() const { return id + "." + secret; }
};

// Nothing for a text that is no token.
std::optional<Token> parse(std::string_view text);
Token make_random();

// "HEADER..SIGNATURE".
std::string sign(std::string_view content, const Token& token);
bool verify(std::string_view signature, std::string_view content, const Token& token);

// \Asystem:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]\z
bool is_extra_group(std::string_view group);

}  // namespace xebec::bootstrap_token
