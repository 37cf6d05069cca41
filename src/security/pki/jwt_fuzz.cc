// Tokens and key sets: any text parses or fails cleanly; what is signed comes back, and nothing else
// verifies.
#include "security/pki/jwt.h"

#include "tests/fuzz/fuzz.h"

namespace xebec::jwt {
XEBEC_FUZZ(jwt) {
  static const pki::PrivateKey key = *pki::PrivateKey::generate_ecdsa();
  static const pki::PublicKey verifier = key.public_key();
  fuzz::Pieces pieces(input);
  const uint8_t what = pieces.byte() % 8;
  const std::string_view text = pieces.rest();
  if (what == 0) {
    const Result<std::string> compact = sign(key, text);
    FUZZ_CHECK(compact.has_value());
    const Result<Token> token = parse(*compact);
    FUZZ_CHECK(token ? token->claims == text && verify(*token, verifier) : compact->size() > 60000);
  } else if (what < 4) {
    Result<std::vector<Key>> keys = parse_key_set(text);
    if (!keys) return;
    std::vector<pki::PublicKey> publics;
    for (const Key& one : *keys) publics.push_back(one.key);
    const Result<std::vector<Key>> again = parse_key_set(key_set_json(publics));
    FUZZ_CHECK(again && again->size() == keys->size());
  } else {
    const Result<Token> token = parse(text);
    if (token) FUZZ_CHECK(!verify(*token, verifier));
  }
}

}  // namespace xebec::jwt
