#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "security/pki/names_detail.h"
#include "security/pki/pki.h"

namespace xebec::pki {
namespace {

WallTime wall_time(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
  return WallTime(std::chrono::seconds(timegm(&parts)));
}

detail::Names alternative_names(X509* certificate) {
  using Owned = std::unique_ptr<GENERAL_NAMES, detail::Deleter<GENERAL_NAMES_free>>;
  Owned names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  return names ? detail::read_names(names.get()) : detail::Names();
}

}  // namespace

Result<Certificate> Certificate::parse_pem(std::string_view pem) {
  detail::Bio bio = detail::reading(pem);
  X509* certificate = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr);
  if (certificate == nullptr) return fail(detail::error("data does not contain any valid certificate"));
  return Certificate(detail::shared(certificate));
}

Result<std::vector<Certificate>> Certificate::parse_all_pem(std::string_view pem) {
  detail::Bio bio = detail::reading(pem);
  std::vector<Certificate> certificates;
  while (X509* certificate = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    certificates.emplace_back(detail::shared(certificate));
  }
  unsigned long last = ERR_peek_last_error();
  bool at_end = last == 0 || ERR_GET_REASON(last) == PEM_R_NO_START_LINE;
  if (!at_end) return fail(detail::error("invalid certificate"));
  ERR_clear_error();
  if (certificates.empty()) {
    return fail(errors::bad_request("data does not contain any valid RSA or ECDSA certificates"));
  }
  return certificates;
}

Result<Certificate> Certificate::parse_der(std::string_view der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  detail::X509Ptr certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (!certificate) return fail(detail::error("x509: malformed certificate"));
  if (at != reinterpret_cast<const unsigned char*>(der.data()) + der.size()) {
    return fail(errors::bad_request("x509: trailing data"));
  }
  return Certificate(detail::shared(certificate.release()));
}

Subject Certificate::subject() const { return detail::read_subject(X509_get_subject_name(native())); }

std::string Certificate::issuer_common_name() const {
  return detail::read_subject(X509_get_issuer_name(native())).common_name;
}

std::vector<std::string> Certificate::dns_names() const { return alternative_names(native()).dns; }
std::vector<std::string> Certificate::ip_addresses() const { return alternative_names(native()).ip; }
std::vector<std::string> Certificate::uris() const { return alternative_names(native()).uri; }

std::string Certificate::serial() const {
  std::unique_ptr<BIGNUM, detail::Deleter<BN_free>> number(
      ASN1_INTEGER_to_BN(X509_get0_serialNumber(native()), nullptr));
  char* text = BN_bn2dec(number.get());
  std::string out = text != nullptr ? text : "";
  OPENSSL_free(text);
  return out;
}

WallTime Certificate::not_before() const { return wall_time(X509_get0_notBefore(native())); }
WallTime Certificate::not_after() const { return wall_time(X509_get0_notAfter(native())); }
bool Certificate::is_ca() const { return X509_check_ca(native()) == 1; }

bool Certificate::allows(Usage usage) const {
  uint32_t flags = X509_get_extended_key_usage(native());
  if (flags == UINT32_MAX || (flags & XKU_ANYEKU) != 0) return true;
  return (flags & (usage == Usage::kServer ? XKU_SSL_SERVER : XKU_SSL_CLIENT)) != 0;
}

PublicKey Certificate::public_key() const { return PublicKey(detail::shared(X509_get_pubkey(native()))); }
std::string Certificate::der() const { return detail::der(native(), i2d_X509); }

std::string Certificate::pem() const {
  detail::Bio bio = detail::writing();
  PEM_write_bio_X509(bio.get(), native());
  return detail::written(bio);
}

}  // namespace xebec::pki
