// libFuzzer: PEM, DER and token parsers take any bytes.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "security/pki/jwt.h"
#include "security/pki/pki.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace xebec;
  if (size == 0) return 0;
  std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  switch (data[0] % 6) {
    case 0:
      (void)jwt::parse(text);
      break;
    case 1:
      (void)jwt::parse_key_set(text);
      break;
    case 2:
      (void)pki::Certificate::parse_all_pem(text);
      break;
    case 3:
      (void)pki::PublicKey::parse_all_pem(text);
      break;
    case 4:
      (void)pki::CertificateRequest::parse_pem(text);
      break;
    default:
      if (auto certificate = pki::Certificate::parse_der(text)) {
        (void)certificate->subject();
        (void)certificate->dns_names();
        (void)certificate->ip_addresses();
        (void)certificate->serial();
      }
  }
  return 0;
}
