#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "security/pki/digest.h"
#include "security/pki/names_detail.h"
#include "security/pki/pki.h"

namespace xebec::pki {
namespace {

constexpr Duration kBackdate = std::chrono::minutes(5);

std::time_t seconds(WallTime time) {
  return static_cast<std::time_t>(std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count());
}

// A positive random number of 16 bytes (RFC 5280, 4.1.2.2, asks for at most 20).
void set_serial(X509* certificate) {
  std::string bytes = random_bytes(16);
  bytes[0] = static_cast<char>(static_cast<unsigned char>(bytes[0]) & 0x7f);
  std::unique_ptr<BIGNUM, detail::Deleter<BN_free>> number(BN_bin2bn(
      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()), nullptr));
  BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate));
}

Result<void> add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  std::unique_ptr<X509_EXTENSION, detail::Deleter<X509_EXTENSION_free>> extension(
      X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  if (!extension || X509_add_ext(certificate, extension.get(), -1) != 1)
    return fail(detail::error("certificate"));
  return {};
}

std::string usage_list(std::span<const Usage> usages) {
  std::string list;
  for (Usage usage : usages) {
    if (!list.empty()) list += ",";
    list += usage == Usage::kServer ? "serverAuth" : "clientAuth";
  }
  return list;
}

struct Certified {
  Subject subject;
  detail::Names names;
  std::vector<Usage> usages;
};

Result<Certificate> build(const PublicKey& key, const Certified& what, const Certificate& issuer,
                          const PrivateKey& issuer_key, WallTime from, WallTime until) {
  detail::X509Ptr certificate(X509_new());
  X509* x = certificate.get();
  X509_set_version(x, 2);
  set_serial(x);
  ASN1_TIME_set(X509_getm_notBefore(x), seconds(from));
  ASN1_TIME_set(X509_getm_notAfter(x), seconds(until));
  detail::write_subject(X509_get_subject_name(x), what.subject);
  X509_set_issuer_name(x, X509_get_subject_name(issuer.native()));
  X509_set_pubkey(x, key.native());
  TRY_VOID(add_extension(x, issuer.native(), NID_basic_constraints, "critical,CA:FALSE"));
  bool rsa = key.kind() == KeyKind::kRsa;
  TRY_VOID(add_extension(x, issuer.native(), NID_key_usage,
                         rsa ? "critical,digitalSignature,keyEncipherment" : "critical,digitalSignature"));
  if (!what.usages.empty()) {
    TRY_VOID(add_extension(x, issuer.native(), NID_ext_key_usage, usage_list(what.usages)));
  }
  TRY_VOID(add_extension(x, issuer.native(), NID_authority_key_identifier, "keyid"));
  TRY(std::shared_ptr<GENERAL_NAMES> names, detail::write_names(what.names));
  if (sk_GENERAL_NAME_num(names.get()) > 0) {
    X509_add1_ext_i2d(x, NID_subject_alt_name, names.get(), 0, X509V3_ADD_DEFAULT);
  }
  if (X509_sign(x, issuer_key.native(), EVP_sha256()) == 0)
    return fail(detail::error("cannot sign a certificate"));
  return Certificate(detail::shared(certificate.release()));
}

}  // namespace

Result<CertificateAuthority> CertificateAuthority::create(std::string_view common_name, Duration validity,
                                                          WallTime now) {
  TRY(PrivateKey key, PrivateKey::generate_ecdsa());
  detail::X509Ptr certificate(X509_new());
  X509* x = certificate.get();
  X509_set_version(x, 2);
  set_serial(x);
  ASN1_TIME_set(X509_getm_notBefore(x), seconds(now - kBackdate));
  ASN1_TIME_set(X509_getm_notAfter(x), seconds(now + validity));
  detail::write_subject(X509_get_subject_name(x), Subject{std::string(common_name), {}});
  X509_set_issuer_name(x, X509_get_subject_name(x));
  X509_set_pubkey(x, key.native());
  TRY_VOID(add_extension(x, x, NID_basic_constraints, "critical,CA:TRUE"));
  TRY_VOID(add_extension(x, x, NID_key_usage, "critical,digitalSignature,keyEncipherment,keyCertSign"));
  TRY_VOID(add_extension(x, x, NID_subject_key_identifier, "hash"));
  if (X509_sign(x, key.native(), EVP_sha256()) == 0) return fail(detail::error("cannot sign a certificate"));
  return CertificateAuthority(Certificate(detail::shared(certificate.release())), std::move(key));
}

Result<CertificateAuthority> CertificateAuthority::load(std::string_view certificate_pem,
                                                        std::string_view key_pem) {
  TRY(Certificate certificate, Certificate::parse_pem(certificate_pem));
  TRY(PrivateKey key, PrivateKey::parse_pem(key_pem));
  if (!(certificate.public_key() == key.public_key())) {
    return fail(errors::bad_request("the CA's private key does not match its certificate"));
  }
  if (!certificate.is_ca()) return fail(errors::bad_request("the certificate is not one of a CA"));
  return CertificateAuthority(std::move(certificate), std::move(key));
}

Result<std::string> CertificateAuthority::sign(const PublicKey& key, const IssueSpec& spec,
                                               WallTime now) const {
  Certified what{spec.subject, {}, spec.usages};
  what.names.dns = spec.dns_names;
  what.names.ip = spec.ip_addresses;
  WallTime until = std::min(now + spec.validity, certificate_.not_after());
  TRY(Certificate certificate, build(key, what, certificate_, key_, now - kBackdate, until));
  return certificate.pem();
}

Result<KeyPair> CertificateAuthority::issue(const IssueSpec& spec, WallTime now) const {
  TRY(PrivateKey key, PrivateKey::generate_ecdsa());
  TRY(std::string certificate, sign(key.public_key(), spec, now));
  return KeyPair{std::move(certificate), key.pem()};
}

Result<std::string> CertificateAuthority::sign(const CertificateRequest& request,
                                               std::span<const Usage> usages, Duration validity,
                                               WallTime now) const {
  TRY(PublicKey key, PublicKey::parse_der(request.public_key_der));
  Certified what{request.subject, {}, {usages.begin(), usages.end()}};
  what.names.dns = request.dns_names;
  what.names.ip = request.ip_addresses;
  what.names.email = request.email_addresses;
  what.names.uri = request.uris;
  WallTime until = std::min(now + validity, certificate_.not_after());
  TRY(Certificate certificate, build(key, what, certificate_, key_, now - kBackdate, until));
  return certificate.pem();
}

// --- requests ---

using RequestPtr = std::unique_ptr<X509_REQ, detail::Deleter<X509_REQ_free>>;

Result<std::string> make_certificate_request(const PrivateKey& key, const Subject& subject,
                                             std::span<const std::string> dns_names,
                                             std::span<const std::string> ip_addresses) {
  RequestPtr request(X509_REQ_new());
  X509_REQ_set_version(request.get(), 0);
  detail::write_subject(X509_REQ_get_subject_name(request.get()), subject);
  X509_REQ_set_pubkey(request.get(), key.native());
  detail::Names wanted;
  wanted.dns.assign(dns_names.begin(), dns_names.end());
  wanted.ip.assign(ip_addresses.begin(), ip_addresses.end());
  TRY(std::shared_ptr<GENERAL_NAMES> names, detail::write_names(wanted));
  if (sk_GENERAL_NAME_num(names.get()) > 0) {
    STACK_OF(X509_EXTENSION)* extensions = nullptr;
    X509V3_add1_i2d(&extensions, NID_subject_alt_name, names.get(), 0, X509V3_ADD_DEFAULT);
    X509_REQ_add_extensions(request.get(), extensions);
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
  }
  if (X509_REQ_sign(request.get(), key.native(), EVP_sha256()) == 0) {
    return fail(detail::error("cannot sign a certificate request"));
  }
  detail::Bio bio = detail::writing();
  PEM_write_bio_X509_REQ(bio.get(), request.get());
  return detail::written(bio);
}

Result<CertificateRequest> CertificateRequest::parse_pem(std::string_view pem) {
  // As upstream's ParseCSR: the first block must be a request.
  detail::Bio bio = detail::reading(pem);
  RequestPtr request(PEM_read_bio_X509_REQ(bio.get(), nullptr, nullptr, nullptr));
  if (!request) {
    ERR_clear_error();
    return fail(errors::bad_request("PEM block type must be CERTIFICATE REQUEST"));
  }
  EVP_PKEY* key = X509_REQ_get0_pubkey(request.get());
  if (key == nullptr || X509_REQ_verify(request.get(), key) != 1) {
    return fail(detail::error("the certificate request's signature is invalid"));
  }
  CertificateRequest out;
  out.subject = detail::read_subject(X509_REQ_get_subject_name(request.get()));
  out.public_key_der = detail::der(key, i2d_PUBKEY);
  if (STACK_OF(X509_EXTENSION)* extensions = X509_REQ_get_extensions(request.get())) {
    auto* names =
        static_cast<GENERAL_NAMES*>(X509V3_get_d2i(extensions, NID_subject_alt_name, nullptr, nullptr));
    if (names != nullptr) {
      detail::Names read = detail::read_names(names);
      GENERAL_NAMES_free(names);
      out.dns_names = std::move(read.dns);
      out.ip_addresses = std::move(read.ip);
      out.email_addresses = std::move(read.email);
      out.uris = std::move(read.uri);
    }
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
  }
  ERR_clear_error();
  return out;
}

}  // namespace xebec::pki
