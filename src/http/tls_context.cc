#include "http/tls_context.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

namespace xebec::http {
namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using X509Ptr = std::unique_ptr<X509, decltype(&X509_free)>;

Bio memory_bio(const std::string& text) {
  return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free};
}

Status openssl_error(std::string_view what) {
  unsigned long code = ERR_get_error();
  const char* reason = code != 0 ? ERR_reason_error_string(code) : nullptr;
  ERR_clear_error();
  return errors::bad_request(fmt::format("{}: {}", what, reason != nullptr ? reason : "invalid data"));
}

// Every certificate of a PEM text.
std::vector<X509Ptr> read_certificates(const std::string& pem) {
  std::vector<X509Ptr> certificates;
  Bio bio = memory_bio(pem);
  while (X509* certificate = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    certificates.emplace_back(certificate, X509_free);
  }
  ERR_clear_error();  // the end of the text counts as an error
  return certificates;
}

Result<void> use_key_pair(SSL_CTX* context, const std::string& certificate_pem, const std::string& key_pem) {
  std::vector<X509Ptr> chain = read_certificates(certificate_pem);
  if (chain.empty())
    return fail(errors::bad_request("tls: failed to find any PEM data in certificate input"));
  Bio key_bio = memory_bio(key_pem);
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      PEM_read_bio_PrivateKey(key_bio.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
  if (!key) return fail(openssl_error("tls: failed to parse private key"));
  if (SSL_CTX_use_certificate(context, chain[0].get()) != 1) return fail(openssl_error("tls: certificate"));
  for (size_t i = 1; i < chain.size(); ++i) {
    if (SSL_CTX_add1_chain_cert(context, chain[i].get()) != 1)
      return fail(openssl_error("tls: certificate chain"));
  }
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_check_private_key(context) != 1) {
    ERR_clear_error();
    return fail(errors::bad_request("tls: private key does not match public key"));
  }
  return {};
}

TlsContext new_context(const SSL_METHOD* method) {
  TlsContext context(SSL_CTX_new(method), SSL_CTX_free);
  if (!context) return context;
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(),
                      SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                      SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
  // One read for a record's header and body.
  SSL_CTX_set_read_ahead(context.get(), 1);
  // TLS 1.2: what Go offers and Kubernetes allows; forward secrecy and AEAD only.
  SSL_CTX_set_cipher_list(context.get(), "ECDHE+AESGCM:ECDHE+CHACHA20");
  return context;
}

// AES-128 before AES-256: it costs less, and is not what anybody breaks.
void prefer_cheap_ciphers(SSL_CTX* context) {
  SSL_CTX_set_ciphersuites(context,
                           "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256");
}

int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_length, const unsigned char* offered,
                    unsigned length, void*) {
  static constexpr unsigned char kSpoken[] = "\x02h2\x08http/1.1";
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_length, kSpoken, sizeof kSpoken - 1, offered, length) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_NOACK;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

// Who the client is, the authenticators decide. A session ticket remembers only the leaf, so who came with
// intermediates gets no ticket and shows them again.
int accept_any_client(X509_STORE_CTX* verification, void*) {
  auto* ssl =
      static_cast<SSL*>(X509_STORE_CTX_get_ex_data(verification, SSL_get_ex_data_X509_STORE_CTX_idx()));
  if (sk_X509_num(X509_STORE_CTX_get0_untrusted(verification)) > 1) SSL_set_num_tickets(ssl, 0);
  X509_STORE_CTX_set_error(verification, X509_V_OK);
  return 1;
}

std::string der(X509* certificate) {
  std::string bytes(static_cast<size_t>(std::max(0, i2d_X509(certificate, nullptr))), '\0');
  auto* out = reinterpret_cast<unsigned char*>(bytes.data());
  i2d_X509(certificate, &out);
  return bytes;
}

}  // namespace

Result<TlsContext> make_server_tls(const ServerTls& tls) {
  TlsContext context = new_context(TLS_server_method());
  if (!context) return fail(errors::internal("tls: out of memory"));
  TRY_VOID(use_key_pair(context.get(), tls.certificate_pem, tls.key_pem));
  prefer_cheap_ciphers(context.get());
  SSL_CTX_set_options(context.get(), SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set1_groups_list(context.get(), "X25519:P-256:P-384");
  SSL_CTX_set_alpn_select_cb(context.get(), choose_protocol, nullptr);
  static constexpr unsigned char kSessionId[] = "xebec";
  SSL_CTX_set_session_id_context(context.get(), kSessionId, sizeof kSessionId - 1);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);  // tickets only
  if (tls.request_client_certificate) {
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_cert_verify_callback(context.get(), accept_any_client, nullptr);
    for (const X509Ptr& ca : read_certificates(tls.client_ca_pem))
      SSL_CTX_add_client_CA(context.get(), ca.get());
  }
  return context;
}

Result<TlsContext> make_client_tls(const ClientOptions& options) {
  TlsContext context = new_context(TLS_client_method());
  if (!context) return fail(errors::internal("tls: out of memory"));
  prefer_cheap_ciphers(context.get());
  if (options.certificate_pem.empty() != options.key_pem.empty()) {
    return fail(errors::bad_request("a client certificate needs its key, and a key its certificate"));
  }
  if (!options.certificate_pem.empty()) {
    TRY_VOID(use_key_pair(context.get(), options.certificate_pem, options.key_pem));
  }
  if (options.ca_pem.empty()) {
    SSL_CTX_set_default_verify_paths(context.get());
  } else {
    std::vector<X509Ptr> roots = read_certificates(options.ca_pem);
    if (roots.empty())
      return fail(errors::bad_request("unable to load root certificates: no certificate in the CA data"));
    X509_STORE* store = SSL_CTX_get_cert_store(context.get());
    for (const X509Ptr& root : roots) X509_STORE_add_cert(store, root.get());
    ERR_clear_error();
    // As Go: a trusted certificate ends the chain, self-signed or not.
    X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
  }
  return context;
}

std::vector<std::string> peer_chain(SSL* ssl) {
  std::vector<std::string> chain;
  if (ssl == nullptr) return chain;
  X509Ptr leaf(SSL_get1_peer_certificate(ssl), X509_free);
  if (!leaf) return chain;
  chain.push_back(der(leaf.get()));
  STACK_OF(X509)* others = SSL_get_peer_cert_chain(ssl);
  for (int i = 0; i < sk_X509_num(others); ++i) {
    std::string bytes = der(sk_X509_value(others, i));
    if (bytes != chain[0]) chain.push_back(std::move(bytes));
  }
  return chain;
}

}  // namespace xebec::http
