// Server: HTTP/2 and HTTP/1.1 over TLS (chosen by ALPN), or HTTP/1.1 over plain TCP, in front of a Handler.
// Sources: RFC 9110, 9112, 9113; limits as kube-apiserver's secure serving (k8s.io/apiserver/pkg/server).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/logger.h"
#include "base/result.h"
#include "base/task.h"
#include "http/asio_executor.h"
#include "http/message.h"

namespace xebec::http {

struct ServerTls {
  std::string certificate_pem;  // leaf first, then intermediates
  std::string key_pem;
  // Client certificates are asked for, and never required: their chain goes to Connection::peer_chain
  // unverified.
  bool request_client_certificate = true;
  // CA certificates whose subjects are named to clients as acceptable; may be empty.
  std::string client_ca_pem;
};

struct ServerLimits {
  size_t max_header_bytes = 1 << 20;
  size_t max_body_bytes = 3 << 20;  // beyond it 413 with a metav1 Status
  size_t max_connections = 20000;
  uint32_t max_concurrent_streams = 250;
  // A stream's pieces are asked for until this much is waiting to be written.
  size_t write_ahead_bytes = 64 << 10;
  Duration handshake_timeout = std::chrono::seconds(10);
  Duration header_timeout = std::chrono::seconds(32);  // from a request's first byte to the end of its header
  Duration body_timeout = std::chrono::seconds(60);    // from the end of the header to the end of the body
  Duration idle_timeout = std::chrono::seconds(90);    // no request in progress
  Duration stalled_timeout =
      std::chrono::seconds(60);             // the client takes none of what is ready to be written
  Duration tick = std::chrono::seconds(1);  // how often the timeouts above are looked at
};

struct ServerOptions {
  std::string address = "127.0.0.1";  // an IP address; "::" or "0.0.0.0" for all
  uint16_t port = 0;                  // 0: any free port
  std::optional<ServerTls> tls;       // absent: plain HTTP/1.1
  ServerLimits limits;
  std::shared_ptr<const Clock> clock;  // for Date; absent: no such header
  Logger logger;
};

class Server {
 public:
  // Binds and starts to accept. `handler` and `pool` outlive the server.
  static Result<std::unique_ptr<Server>> listen(IoPool& pool, ServerOptions options, Handler& handler);
  // As shutdown(0), waiting for it: not on a thread of the pool.
  ~Server();

  uint16_t port() const;
  // New connections use the new certificate. Thread-safe.
  Result<void> reload(const ServerTls& tls);
  size_t connections() const;

  // Accepts no more, lets requests in progress finish for `grace`, then cancels their contexts, waits a
  // moment and closes what is left. Once.
  Task<void> shutdown(Duration grace);

 private:
  struct Core;
  explicit Server(std::shared_ptr<Core> core);
  std::shared_ptr<Core> core_;
};

}  // namespace xebec::http
