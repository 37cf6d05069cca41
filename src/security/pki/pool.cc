#include <fmt/format.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "security/pki/openssl_detail.h"
#include "security/pki/pki.h"

namespace xebec::pki {
namespace {

std::string rfc3339(WallTime time) {
  std::time_t seconds =
      static_cast<std::time_t>(std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count());
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

Status explain(int code, const Certificate& leaf, WallTime when) {
  std::string text;
  switch (code) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      text = fmt::format("x509: certificate has expired or is not yet valid: current time {} is after {}",
                         rfc3339(when), rfc3339(leaf.not_after()));
      break;
    case X509_V_ERR_CERT_NOT_YET_VALID:
      text = fmt::format("x509: certificate has expired or is not yet valid: current time {} is before {}",
                         rfc3339(when), rfc3339(leaf.not_before()));
      break;
    case X509_V_ERR_INVALID_PURPOSE:
      text = "x509: certificate specifies an incompatible key usage";
      break;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
      text = "x509: certificate signed by unknown authority";
      break;
    default:
      text = fmt::format("x509: {}", X509_verify_cert_error_string(code));
  }
  return errors::unauthorized(text);
}

}  // namespace

Result<CertPool> CertPool::parse_pem(std::string_view pem) {
  CertPool pool;
  TRY(pool.certificates_, Certificate::parse_all_pem(pem));
  pool.store_ = std::shared_ptr<X509_STORE>(X509_STORE_new(), X509_STORE_free);
  for (const Certificate& certificate : pool.certificates_) {
    X509_STORE_add_cert(pool.store_.get(), certificate.native());
  }
  // As Go: a certificate of the pool ends the chain, self-signed or not.
  X509_STORE_set_flags(pool.store_.get(), X509_V_FLAG_PARTIAL_CHAIN);
  ERR_clear_error();
  return pool;
}

Result<void> CertPool::verify(std::span<const std::string> chain_der, Usage usage, WallTime when) const {
  if (chain_der.empty()) return fail(errors::unauthorized("x509: no certificate"));
  std::vector<Certificate> chain;
  for (const std::string& der : chain_der) {
    TRY(Certificate certificate, Certificate::parse_der(der));
    chain.push_back(std::move(certificate));
  }
  auto free_stack = [](STACK_OF(X509) * stack) { sk_X509_free(stack); };
  std::unique_ptr<STACK_OF(X509), decltype(free_stack)> others(sk_X509_new_null(), free_stack);
  for (size_t i = 1; i < chain.size(); ++i) sk_X509_push(others.get(), chain[i].native());
  std::unique_ptr<X509_STORE_CTX, detail::Deleter<X509_STORE_CTX_free>> context(X509_STORE_CTX_new());
  if (X509_STORE_CTX_init(context.get(), store_.get(), chain[0].native(), others.get()) != 1) {
    return fail(detail::error("x509"));
  }
  X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_time(
      parameters,
      static_cast<std::time_t>(std::chrono::floor<std::chrono::seconds>(when).time_since_epoch().count()));
  X509_VERIFY_PARAM_set_purpose(parameters,
                                usage == Usage::kServer ? X509_PURPOSE_SSL_SERVER : X509_PURPOSE_SSL_CLIENT);
  X509_VERIFY_PARAM_set_depth(parameters, 10);
  bool valid = X509_verify_cert(context.get()) == 1;
  ERR_clear_error();
  if (valid) return {};
  return fail(explain(X509_STORE_CTX_get_error(context.get()), chain[0], when));
}

}  // namespace xebec::pki
