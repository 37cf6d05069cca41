#include "security/pki/jwt.h"

#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <simdjson.h>

#include "security/pki/digest.h"
#include "security/pki/openssl_detail.h"

namespace xebec::jwt {
namespace {

using pki::base64url;
using pki::base64url_decode;
using pki::KeyKind;
namespace detail = pki::detail;

constexpr size_t kMaxToken = 64 << 10;
constexpr size_t kCoordinate = 32;  // bytes of a P-256 number

using Bignum = std::unique_ptr<BIGNUM, detail::Deleter<BN_free>>;
using Signature = std::unique_ptr<ECDSA_SIG, detail::Deleter<ECDSA_SIG_free>>;
using DigestCtx = std::unique_ptr<EVP_MD_CTX, detail::Deleter<EVP_MD_CTX_free>>;

const EVP_MD* sha256_algorithm() {
  static const std::unique_ptr<EVP_MD, detail::Deleter<EVP_MD_free>> algorithm(
      EVP_MD_fetch(nullptr, "SHA256", nullptr));
  return algorithm.get();
}

std::string_view algorithm_of(KeyKind kind) {
  switch (kind) {
    case KeyKind::kEcdsaP256:
      return "ES256";
    case KeyKind::kRsa:
      return "RS256";
    default:
      return "";
  }
}

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// JOSE has r and s side by side, OpenSSL a DER sequence.
std::string raw_signature(std::string_view der) {
  const unsigned char* at = bytes(der);
  Signature signature(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  std::string raw(2 * kCoordinate, '\0');
  auto* out = reinterpret_cast<unsigned char*>(raw.data());
  BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), out, kCoordinate);
  BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), out + kCoordinate, kCoordinate);
  return raw;
}

std::string der_signature(std::string_view raw) {
  if (raw.size() != 2 * kCoordinate) return {};
  Signature signature(ECDSA_SIG_new());
  ECDSA_SIG_set0(signature.get(), BN_bin2bn(bytes(raw), kCoordinate, nullptr),
                 BN_bin2bn(bytes(raw) + kCoordinate, kCoordinate, nullptr));
  return detail::der(signature.get(), i2d_ECDSA_SIG);
}

std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string number_of(const pki::PublicKey& key, const char* name) {
  BIGNUM* raw = nullptr;
  if (EVP_PKEY_get_bn_param(key.native(), name, &raw) != 1) return {};
  Bignum number(raw);
  std::string out(static_cast<size_t>(BN_num_bytes(number.get())), '\0');
  BN_bn2bin(number.get(), reinterpret_cast<unsigned char*>(out.data()));
  return out;
}

std::string padded(std::string number) {
  if (number.size() < kCoordinate) number.insert(0, kCoordinate - number.size(), '\0');
  return number;
}

std::string member(const simdjson::dom::element& object, std::string_view name) {
  std::string_view value;
  if (object[name].get_string().get(value) != simdjson::SUCCESS) return {};
  return std::string(value);
}

Result<pki::PublicKey> from_parameters(const char* type, OSSL_PARAM_BLD* builder) {
  std::unique_ptr<OSSL_PARAM, detail::Deleter<OSSL_PARAM_free>> parameters(OSSL_PARAM_BLD_to_param(builder));
  detail::PkeyCtx context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1) {
    return fail(detail::error("invalid JWK"));
  }
  return pki::PublicKey(detail::shared(key));
}

using Builder = std::unique_ptr<OSSL_PARAM_BLD, detail::Deleter<OSSL_PARAM_BLD_free>>;

Result<pki::PublicKey> ec_key(const simdjson::dom::element& jwk) {
  TRY(std::string x, base64url_decode(member(jwk, "x")));
  TRY(std::string y, base64url_decode(member(jwk, "y")));
  std::string point = "\x04" + padded(std::move(x)) + padded(std::move(y));
  Builder builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
  return from_parameters("EC", builder.get());
}

Result<pki::PublicKey> rsa_key(const simdjson::dom::element& jwk) {
  TRY(std::string n_bytes, base64url_decode(member(jwk, "n")));
  TRY(std::string e_bytes, base64url_decode(member(jwk, "e")));
  Bignum n(BN_bin2bn(bytes(n_bytes), static_cast<int>(n_bytes.size()), nullptr));
  Bignum e(BN_bin2bn(bytes(e_bytes), static_cast<int>(e_bytes.size()), nullptr));
  Builder builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get());
  return from_parameters("RSA", builder.get());
}

Status malformed() {
  return errors::unauthorized("square/go-jose: compact JWS format must have three parts");
}

}  // namespace

Result<Token> parse(std::string_view compact) {
  if (compact.size() > kMaxToken) return fail(errors::unauthorized("token is too long"));
  size_t first = compact.find('.');
  size_t second = first == std::string_view::npos ? first : compact.find('.', first + 1);
  if (second == std::string_view::npos || compact.find('.', second + 1) != std::string_view::npos) {
    return fail(malformed());
  }
  Token token;
  token.signing_input = compact.substr(0, second);
  TRY(token.header, base64url_decode(compact.substr(0, first)));
  TRY(token.claims, base64url_decode(compact.substr(first + 1, second - first - 1)));
  TRY(token.signature, base64url_decode(compact.substr(second + 1)));
  simdjson::dom::parser parser;
  simdjson::dom::element header;
  simdjson::dom::object object;
  if (parser.parse(token.header).get(header) != simdjson::SUCCESS ||
      header.get_object().get(object) != simdjson::SUCCESS) {
    return fail(errors::unauthorized("the token's header is not a JSON object"));
  }
  // Extensions that must be understood are not (RFC 7515, 4.1.11).
  simdjson::dom::element critical;
  if (header["crit"].get(critical) == simdjson::SUCCESS) {
    return fail(errors::unauthorized("unsupported critical header in the token"));
  }
  token.algorithm = member(header, "alg");
  token.key_id = member(header, "kid");
  return token;
}

Result<std::string> sign(const pki::PrivateKey& key, std::string_view claims_json, std::string_view kid) {
  std::string_view algorithm = algorithm_of(key.kind());
  if (algorithm.empty()) return fail(errors::bad_request("tokens are signed by RSA or P-256 keys only"));
  std::string id = kid.empty() ? key_id(key.public_key()) : std::string(kid);
  std::string header = fmt::format("{{\"alg\":\"{}\",\"kid\":{}}}", algorithm, json_string(id));
  std::string token = base64url(header) + "." + base64url(claims_json);
  DigestCtx context(EVP_MD_CTX_new());
  size_t length = 0;
  bool ready = EVP_DigestSignInit(context.get(), nullptr, sha256_algorithm(), nullptr, key.native()) == 1 &&
               EVP_DigestSign(context.get(), nullptr, &length, bytes(token), token.size()) == 1;
  if (!ready) return fail(detail::error("cannot sign a token"));
  std::string signature(length, '\0');
  auto* out = reinterpret_cast<unsigned char*>(signature.data());
  if (EVP_DigestSign(context.get(), out, &length, bytes(token), token.size()) != 1) {
    return fail(detail::error("cannot sign a token"));
  }
  signature.resize(length);
  if (key.kind() == KeyKind::kEcdsaP256) signature = raw_signature(signature);
  return token + "." + base64url(signature);
}

Result<void> verify(const Token& token, const pki::PublicKey& key) {
  KeyKind kind = key.kind();
  if (algorithm_of(kind).empty() || token.algorithm != algorithm_of(kind)) {
    return fail(errors::unauthorized("the token's algorithm does not fit the key"));
  }
  std::string signature = kind == KeyKind::kEcdsaP256 ? der_signature(token.signature) : token.signature;
  DigestCtx context(EVP_MD_CTX_new());
  bool valid = EVP_DigestVerifyInit(context.get(), nullptr, sha256_algorithm(), nullptr, key.native()) == 1 &&
               EVP_DigestVerify(context.get(), bytes(signature), signature.size(), bytes(token.signing_input),
                                token.signing_input.size()) == 1;
  ERR_clear_error();
  if (!valid) return fail(errors::unauthorized("invalid signature"));
  return {};
}

std::string key_id(const pki::PublicKey& key) { return base64url(pki::sha256(key.der())); }

std::string key_set_json(std::span<const pki::PublicKey> keys) {
  std::string out = "{\"keys\":[";
  bool first = true;
  for (const pki::PublicKey& key : keys) {
    std::string parameters;
    if (key.kind() == KeyKind::kEcdsaP256) {
      parameters = fmt::format(
          "\"kty\":\"EC\",\"kid\":\"{}\",\"crv\":\"P-256\",\"alg\":\"ES256\",\"x\":\"{}\",\"y\":\"{}\"",
          key_id(key), base64url(padded(number_of(key, OSSL_PKEY_PARAM_EC_PUB_X))),
          base64url(padded(number_of(key, OSSL_PKEY_PARAM_EC_PUB_Y))));
    } else if (key.kind() == KeyKind::kRsa) {
      parameters = fmt::format("\"kty\":\"RSA\",\"kid\":\"{}\",\"alg\":\"RS256\",\"n\":\"{}\",\"e\":\"{}\"",
                               key_id(key), base64url(number_of(key, OSSL_PKEY_PARAM_RSA_N)),
                               base64url(number_of(key, OSSL_PKEY_PARAM_RSA_E)));
    } else {
      continue;
    }
    out += fmt::format("{}{{\"use\":\"sig\",{}}}", first ? "" : ",", parameters);
    first = false;
  }
  return out + "]}";
}

Result<std::vector<Key>> parse_key_set(std::string_view json) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  simdjson::dom::array list;
  simdjson::padded_string padded_json(json);
  if (parser.parse(padded_json).get(root) != simdjson::SUCCESS ||
      root["keys"].get_array().get(list) != simdjson::SUCCESS) {
    return fail(errors::bad_request("not a JSON web key set"));
  }
  std::vector<Key> keys;
  for (simdjson::dom::element jwk : list) {
    std::string use = member(jwk, "use");
    if (!use.empty() && use != "sig") continue;
    std::string type = member(jwk, "kty");
    std::optional<Result<pki::PublicKey>> key;
    if (type == "EC" && member(jwk, "crv") == "P-256") key = ec_key(jwk);
    if (type == "RSA") key = rsa_key(jwk);
    if (!key) continue;
    if (!*key) return fail(key->error());
    keys.push_back(Key{member(jwk, "kid"), member(jwk, "alg"), std::move(**key)});
  }
  return keys;
}

}  // namespace xebec::jwt
