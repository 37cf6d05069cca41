// Signed JSON web tokens and key sets (RFC 7515, 7517, 7518, 7519): ES256 and RS256. Claims stay JSON text:
// what they mean is the caller's part. Key ids are as kube-apiserver's: base64url of the SHA-256 of the
// public key's DER.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "security/pki/pki.h"

namespace xebec::jwt {

// A token taken apart; nothing about it is verified.
struct Token {
  std::string algorithm;      // "ES256", "RS256", ...
  std::string key_id;         // may be empty
  std::string header;         // JSON
  std::string claims;         // JSON
  std::string signing_input;  // what the signature covers
  std::string signature;      // raw
};

Result<Token> parse(std::string_view compact);
// ES256 for a P-256 key, RS256 for an RSA key. An empty key id means key_id(key).
Result<std::string> sign(const pki::PrivateKey& key, std::string_view claims_json, std::string_view kid = {});
// The algorithm must be the one of the key's kind (never "none", never another).
Result<void> verify(const Token& token, const pki::PublicKey& key);

std::string key_id(const pki::PublicKey& key);

struct Key {
  std::string id;
  std::string algorithm;  // may be empty
  pki::PublicKey key;
};
// {"keys":[...]} with use, kty, kid, alg and the parameters of each key.
std::string key_set_json(std::span<const pki::PublicKey> keys);
// Keys of other kinds or uses are skipped.
Result<std::vector<Key>> parse_key_set(std::string_view json);

}  // namespace xebec::jwt
