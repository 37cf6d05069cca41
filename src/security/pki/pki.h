// Keys, certificates and their verification (X.509, RFC 5280), by OpenSSL 3. All values are cheap, immutable,
// thread-safe copies of shared objects. Key material comes from OpenSSL's own random source; time is passed
// in.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/executor.h"
#include "base/result.h"

typedef struct evp_pkey_st EVP_PKEY;
typedef struct x509_st X509;
typedef struct x509_store_st X509_STORE;

namespace xebec::pki {

enum class KeyKind { kEcdsaP256, kRsa, kOther };

class PublicKey {
 public:
  explicit PublicKey(std::shared_ptr<EVP_PKEY> key) : key_(std::move(key)) {}
  // PUBLIC KEY, RSA PUBLIC KEY, CERTIFICATE, or the public half of a private key.
  static Result<PublicKey> parse_pem(std::string_view pem);
  // Every key of a file that holds several blocks.
  static Result<std::vector<PublicKey>> parse_all_pem(std::string_view pem);
  static Result<PublicKey> parse_der(std::string_view spki);

  KeyKind kind() const;
  std::string der() const;  // SubjectPublicKeyInfo
  std::string pem() const;
  bool operator==(const PublicKey& other) const;
  EVP_PKEY* native() const { return key_.get(); }

 private:
  std::shared_ptr<EVP_PKEY> key_;
};

class PrivateKey {
 public:
  explicit PrivateKey(std::shared_ptr<EVP_PKEY> key) : key_(std::move(key)) {}
  static Result<PrivateKey> generate_ecdsa();  // P-256
  static Result<PrivateKey> generate_rsa(int bits = 2048);
  static Result<PrivateKey> parse_pem(std::string_view pem);  // EC, RSA or PKCS #8; not encrypted

  PublicKey public_key() const { return PublicKey(key_); }
  KeyKind kind() const { return public_key().kind(); }
  // EC PRIVATE KEY / RSA PRIVATE KEY, as client-go writes them.
  std::string pem() const;
  EVP_PKEY* native() const { return key_.get(); }

 private:
  std::shared_ptr<EVP_PKEY> key_;
};

// Extended key usages.
enum class Usage { kServer, kClient };

struct Subject {
  std::string common_name;
  std::vector<std::string> organizations;
};

class Certificate {
 public:
  explicit Certificate(std::shared_ptr<X509> certificate) : certificate_(std::move(certificate)) {}
  static Result<Certificate> parse_pem(std::string_view pem);  // the first CERTIFICATE block
  static Result<std::vector<Certificate>> parse_all_pem(std::string_view pem);
  static Result<Certificate> parse_der(std::string_view der);

  Subject subject() const;
  std::string issuer_common_name() const;
  std::vector<std::string> dns_names() const;
  std::vector<std::string> ip_addresses() const;
  std::vector<std::string> uris() const;
  std::string serial() const;  // decimal, as Go prints it
  WallTime not_before() const;
  WallTime not_after() const;
  bool is_ca() const;
  bool allows(Usage usage) const;  // by its extended key usages; true when it has none
  PublicKey public_key() const;
  std::string der() const;
  std::string pem() const;
  X509* native() const { return certificate_.get(); }

 private:
  std::shared_ptr<X509> certificate_;
};

struct KeyPair {
  std::string certificate_pem;
  std::string key_pem;
};

struct IssueSpec {
  Subject subject;
  std::vector<std::string> dns_names;
  std::vector<std::string> ip_addresses;  // text form
  std::vector<Usage> usages;
  Duration validity = std::chrono::hours(24 * 365);
};

// A parsed PKCS #10 request whose own signature was checked.
struct CertificateRequest {
  Subject subject;
  std::vector<std::string> dns_names;
  std::vector<std::string> ip_addresses;
  std::vector<std::string> email_addresses;
  std::vector<std::string> uris;
  std::string public_key_der;

  static Result<CertificateRequest> parse_pem(std::string_view pem);
};

// A CERTIFICATE REQUEST, PEM.
Result<std::string> make_certificate_request(const PrivateKey& key, const Subject& subject,
                                             std::span<const std::string> dns_names,
                                             std::span<const std::string> ip_addresses);

class CertificateAuthority {
 public:
  static Result<CertificateAuthority> create(std::string_view common_name, Duration validity, WallTime now);
  static Result<CertificateAuthority> load(std::string_view certificate_pem, std::string_view key_pem);

  // A new P-256 key and its certificate. Valid from five minutes before `now`, never longer than the CA.
  Result<KeyPair> issue(const IssueSpec& spec, WallTime now) const;
  // A certificate for somebody else's key; what is certified comes from `spec`, never from the request
  // itself.
  Result<std::string> sign(const PublicKey& key, const IssueSpec& spec, WallTime now) const;
  // Signs a request for exactly what it asks for; deciding whether it may is the caller's part.
  Result<std::string> sign(const CertificateRequest& request, std::span<const Usage> usages,
                           Duration validity, WallTime now) const;

  const Certificate& certificate() const { return certificate_; }
  const PrivateKey& key() const { return key_; }

 private:
  CertificateAuthority(Certificate certificate, PrivateKey key)
      : certificate_(std::move(certificate)), key_(std::move(key)) {}
  Certificate certificate_;
  PrivateKey key_;
};

// Trusted roots.
class CertPool {
 public:
  static Result<CertPool> parse_pem(std::string_view pem);
  // Verifies a chain (DER, leaf first, the rest as intermediates) at a time for a usage; the errors are in
  // the words of Go's crypto/x509.
  Result<void> verify(std::span<const std::string> chain_der, Usage usage, WallTime when) const;
  const std::vector<Certificate>& certificates() const { return certificates_; }

 private:
  std::vector<Certificate> certificates_;
  std::shared_ptr<X509_STORE> store_;
};

// Writes by a temporary file and rename, flushed to disk; the mode is set before the content is written.
Result<void> write_file_atomic(const std::string& path, std::string_view bytes, unsigned mode = 0600);
Result<std::string> read_file(const std::string& path);

}  // namespace xebec::pki
