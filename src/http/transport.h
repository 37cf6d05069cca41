// Transport: a TCP connection, with TLS or without, as bytes. Non-blocking calls for those who batch
// (HTTP/2), coroutines for the rest. Everything on the executor it was made for. OpenSSL works on the socket
// itself: no copy between the two, and no callback machinery around either.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/asio_executor.h"
#include "http/message.h"

typedef struct ssl_st SSL;
typedef struct ssl_ctx_st SSL_CTX;

namespace xebec::http {

class Transport final : public ByteStream {
 public:
  static constexpr ssize_t kWouldBlock = -1;
  static constexpr ssize_t kBroken = -2;

  // Takes over a connected socket.
  Transport(AsioExecutor& executor, int fd);
  ~Transport() override;

  Task<Result<void>> accept_tls(SSL_CTX* context);
  // `host` is verified and, when a name, sent as SNI. Empty: any certificate will do.
  Task<Result<void>> connect_tls(SSL_CTX* context, std::string host, bool verify, std::string alpn);
  std::string alpn() const;
  SSL* ssl() const;

  // Bytes read, 0 at the end, kWouldBlock or kBroken. Wait for readable() only after kWouldBlock.
  ssize_t try_read(std::span<char> into);
  // Bytes taken (at least one), kWouldBlock or kBroken. After kWouldBlock the next call starts with the same
  // bytes.
  ssize_t try_write(std::string_view bytes);
  // False when closed or interrupted.
  Task<bool> readable();
  Task<bool> writable();
  // Ends a wait in readable(); the connection stays as it is.
  void interrupt_read();

  Task<Result<size_t>> read(std::span<char> into) override;
  Task<Result<void>> write(std::string_view bytes) override;
  Task<Result<void>> shutdown_write() override;
  void close() override;
  bool closed() const;
  // Why it broke, for messages.
  const std::string& error() const;
  AsioExecutor& executor() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Connects to host:port (a name or an address), trying each address.
Task<Result<std::unique_ptr<Transport>>> connect_tcp(AsioExecutor& executor, std::string host,
                                                     std::string port, CancelToken cancel);

// A listening socket.
class Listener {
 public:
  static Result<std::unique_ptr<Listener>> bind(AsioExecutor& executor, const std::string& address,
                                                uint16_t port);
  ~Listener();

  struct Accepted {
    int fd = -1;
    std::string peer;  // "127.0.0.1:40000"
  };
  // On the listener's executor. An error after close(), or a passing one (code 503).
  Task<Result<Accepted>> accept();
  void close();
  bool closed() const;
  uint16_t port() const;

 private:
  struct Impl;
  explicit Listener(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace xebec::http
