// SSL_CTX made from options, for servers and clients. TLS 1.2 and up.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "http/client.h"
#include "http/server.h"

typedef struct ssl_st SSL;
typedef struct ssl_ctx_st SSL_CTX;

namespace xebec::http {

using TlsContext = std::shared_ptr<SSL_CTX>;

// Offers h2 and http/1.1; asks for client certificates without judging them.
Result<TlsContext> make_server_tls(const ServerTls& tls);
Result<TlsContext> make_client_tls(const ClientOptions& options);
// The certificates the peer showed, DER, leaf first.
std::vector<std::string> peer_chain(SSL* ssl);

}  // namespace xebec::http
