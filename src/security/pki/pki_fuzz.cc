// PEM and DER parsers take any bytes; what they give can be read and written, and only what a CA has signed
// is anybody.
#include "security/pki/pki.h"

#include <algorithm>

#include "base/clock.h"
#include "security/pki/digest.h"
#include "security/x509_identity.h"
#include "tests/fuzz/fuzz.h"

namespace xebec::pki {
namespace {

// A root whose key nobody has.
constexpr std::string_view kRoot = R"(-----BEGIN CERTIFICATE-----
MIIBeTCCAR+gAwIBAgIUfiJiyQBpebRTACgrGVptz2gMJ/wwCgYIKoZIzj0EAwIw
ETEPMA0GA1UEAwwGbm9ib2R5MCAXDTI2MTEzMDA2MzIxNVoYDzIxMjYxMTA2MDYz
MjE1WjARMQ8wDQYDVQQDDAZub2JvZHkwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AASQ05Lkemp2mso3EnP9q+w5lc5ZYZ07EbgguHbj8aYJ5ObCoCJ3j6IPoc+J2slc
4Z4KuyvFgNFEVMeAJ9aqc4Qvo1MwUTAdBgNVHQ4EFgQUkYqtBdLuOQXOvSOk9llP
nIOuF4gwHwYDVR0jBBgwFoAUkYqtBdLuOQXOvSOk9llPnIOuF4gwDwYDVR0TAQH/
BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEA7XQdm40cte8F9cug44Lj1tarT9eg
uZb6r4x9fUL8zhcCIBIL53bTpYgU4Ni4yZI4ioEfpGU6d9ut1FPZP9destpk
-----END CERTIFICATE-----
)";

class FixedClock final : public Clock {
 public:
  WallTime now() const override { return WallTime(std::chrono::seconds(1800000000)); }
};

void look_at(const Certificate& certificate) {
  (void)certificate.subject();
  (void)certificate.issuer_common_name();
  (void)certificate.dns_names();
  (void)certificate.ip_addresses();
  (void)certificate.uris();
  (void)certificate.serial();
  (void)certificate.not_before();
  (void)certificate.not_after();
  (void)certificate.is_ca();
  (void)certificate.allows(Usage::kClient);
  (void)certificate.public_key();
  const Result<Certificate> again = Certificate::parse_der(certificate.der());
  FUZZ_CHECK(again && again->der() == certificate.der());
  FUZZ_CHECK(Certificate::parse_pem(certificate.pem()).has_value());
}

// The text is PEM, or the base64 of DER between `-----BEGIN ...` lines that are added here.
std::string framed(std::string_view what, std::string_view der) {
  std::string out = "-----BEGIN " + std::string(what) + "-----\n";
  const std::string text = base64(der);
  for (size_t at = 0; at < text.size(); at += 64) out += text.substr(at, 64) + "\n";
  return out + "-----END " + std::string(what) + "-----\n";
}

void check_identity(std::string_view der) {
  static const FixedClock clock;
  static X509Identities identities(*CertPool::parse_pem(kRoot), clock);
  const Result<std::shared_ptr<const UserInfo>> user = identities.identify({std::string(der)});
  FUZZ_CHECK(!user || *user == nullptr);
}

}  // namespace

XEBEC_FUZZ(pki) {
  fuzz::Pieces pieces(input);
  const uint8_t what = pieces.byte() % 8;
  const std::string_view bytes = pieces.rest();
  switch (what) {
    case 0:
      if (auto all = Certificate::parse_all_pem(bytes)) std::ranges::for_each(*all, look_at);
      return;
    case 1:
      if (auto certificate = Certificate::parse_der(bytes)) look_at(*certificate);
      return;
    case 2:
      check_identity(bytes);
      return;
    case 3:
      (void)PublicKey::parse_all_pem(bytes);
      return;
    case 4:
      (void)PublicKey::parse_der(bytes);
      return;
    case 5:
      (void)CertificateRequest::parse_pem(bytes);
      return;
    case 6:
      (void)CertificateRequest::parse_pem(framed("CERTIFICATE REQUEST", bytes));
      return;
    default:
      (void)PrivateKey::parse_pem(bytes);
      (void)PrivateKey::parse_pem(framed("PRIVATE KEY", bytes));
  }
}

}  // namespace xebec::pki
