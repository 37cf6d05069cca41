#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/encoder.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "security/pki/openssl_detail.h"
#include "security/pki/pki.h"

namespace xebec::pki {
namespace {

using detail::Bio;

// The next key of a PEM text, whatever its block; null at the end. Other blocks are skipped.
std::shared_ptr<EVP_PKEY> next_public_key(const Bio& bio) {
  char* name = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long length = 0;
  std::shared_ptr<EVP_PKEY> key;
  while (!key && PEM_read_bio(bio.get(), &name, &header, &data, &length) == 1) {
    std::string_view block(name);
    const unsigned char* at = data;
    if (block == "PUBLIC KEY") {
      key = detail::shared(d2i_PUBKEY(nullptr, &at, length));
    } else if (block == "RSA PUBLIC KEY") {
      key = detail::shared(d2i_PublicKey(EVP_PKEY_RSA, nullptr, &at, length));
    } else if (block == "CERTIFICATE") {
      detail::X509Ptr certificate(d2i_X509(nullptr, &at, length));
      if (certificate) key = detail::shared(X509_get_pubkey(certificate.get()));
    } else if (block.ends_with("PRIVATE KEY")) {
      key = detail::shared(d2i_AutoPrivateKey(nullptr, &at, length));
    }
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_clear_free(data, static_cast<size_t>(length));
  }
  ERR_clear_error();
  return key;
}

}  // namespace

Result<std::vector<PublicKey>> PublicKey::parse_all_pem(std::string_view pem) {
  Bio bio = detail::reading(pem);
  std::vector<PublicKey> keys;
  while (std::shared_ptr<EVP_PKEY> key = next_public_key(bio)) keys.emplace_back(std::move(key));
  if (keys.empty())
    return fail(errors::bad_request("data does not contain any valid RSA or ECDSA public keys"));
  return keys;
}

Result<PublicKey> PublicKey::parse_pem(std::string_view pem) {
  TRY(std::vector<PublicKey> keys, parse_all_pem(pem));
  return keys.front();
}

Result<PublicKey> PublicKey::parse_der(std::string_view spki) {
  const auto* at = reinterpret_cast<const unsigned char*>(spki.data());
  EVP_PKEY* key = d2i_PUBKEY(nullptr, &at, static_cast<long>(spki.size()));
  if (key == nullptr) return fail(detail::error("failed to parse public key"));
  return PublicKey(detail::shared(key));
}

KeyKind PublicKey::kind() const {
  if (EVP_PKEY_is_a(native(), "RSA") == 1) return KeyKind::kRsa;
  if (EVP_PKEY_is_a(native(), "EC") != 1) return KeyKind::kOther;
  char group[32] = {};
  size_t length = 0;
  if (EVP_PKEY_get_group_name(native(), group, sizeof group, &length) != 1) return KeyKind::kOther;
  return std::string_view(group, length) == "prime256v1" ? KeyKind::kEcdsaP256 : KeyKind::kOther;
}

std::string PublicKey::der() const { return detail::der(native(), i2d_PUBKEY); }

std::string PublicKey::pem() const {
  Bio bio = detail::writing();
  PEM_write_bio_PUBKEY(bio.get(), native());
  return detail::written(bio);
}

bool PublicKey::operator==(const PublicKey& other) const {
  return EVP_PKEY_eq(native(), other.native()) == 1;
}

Result<PrivateKey> PrivateKey::generate_ecdsa() {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  if (key == nullptr) return fail(detail::error("cannot generate an ECDSA key"));
  return PrivateKey(detail::shared(key));
}

Result<PrivateKey> PrivateKey::generate_rsa(int bits) {
  EVP_PKEY* key = EVP_RSA_gen(static_cast<unsigned>(bits));
  if (key == nullptr) return fail(detail::error("cannot generate an RSA key"));
  return PrivateKey(detail::shared(key));
}

Result<PrivateKey> PrivateKey::parse_pem(std::string_view pem) {
  Bio bio = detail::reading(pem);
  // An encrypted key must fail, not ask on the terminal.
  auto no_password = [](char*, int, int, void*) { return -1; };
  EVP_PKEY* key = PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr);
  if (key == nullptr) return fail(detail::error("data does not contain a valid private key"));
  return PrivateKey(detail::shared(key));
}

std::string PrivateKey::pem() const {
  Bio bio = detail::writing();
  if (kind() == KeyKind::kOther) {
    PEM_write_bio_PrivateKey(bio.get(), native(), nullptr, nullptr, 0, nullptr, nullptr);
  } else {
    PEM_write_bio_PrivateKey_traditional(bio.get(), native(), nullptr, nullptr, 0, nullptr, nullptr);
  }
  return detail::written(bio);
}

}  // namespace xebec::pki
