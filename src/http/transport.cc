#include "http/transport.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <boost/asio/ip/tcp.hpp>

#include "base/sync.h"
#include "http/asio_detail.h"

namespace xebec::http {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

// One wait for readiness. The handler that Asio keeps and the coroutine share it; whoever lets go first, the
// other finds out.
struct Wait {
  std::coroutine_handle<> waiter;
  bool ready = false;
};

std::string tls_error(SSL* ssl) {
  long verified = SSL_get_verify_result(ssl);
  if (verified != X509_V_OK) {
    ERR_clear_error();
    return fmt::format("tls: failed to verify certificate: {}", X509_verify_cert_error_string(verified));
  }
  unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "EOF";
  const char* reason = ERR_reason_error_string(code);
  return fmt::format("tls: {}", reason != nullptr ? reason : "unknown error");
}

}  // namespace

struct Transport::Impl {
  explicit Impl(AsioExecutor& executor) : executor(executor), socket(executor.impl().context) {}

  AsioExecutor& executor;
  tcp::socket socket;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl{nullptr, SSL_free};
  bool read_wants_write = false;
  bool write_wants_read = false;
  bool closed = false;
  bool handshaken = false;
  std::string error;
  std::shared_ptr<Wait> read_wait;  // of the coroutine in readable()

  struct WaitFor {
    Impl& impl;
    tcp::socket::wait_type type;
    std::shared_ptr<Wait> wait;

    WaitFor(Impl& impl, tcp::socket::wait_type type, std::shared_ptr<Wait> wait)
        : impl(impl), type(type), wait(std::move(wait)) {}
    WaitFor(const WaitFor&) = delete;
    ~WaitFor() { wait->waiter = nullptr; }
    bool await_ready() const noexcept { return impl.closed; }
    void await_suspend(std::coroutine_handle<> h) {
      wait->waiter = h;
      impl.socket.async_wait(type, [wait = wait](const error_code& failed) {
        wait->ready = !failed;
        if (auto waiter = std::exchange(wait->waiter, nullptr)) waiter.resume();
      });
    }
    bool await_resume() const noexcept { return wait->ready; }
  };

  ssize_t broken(std::string why) {
    if (error.empty()) error = std::move(why);
    return kBroken;
  }

  ssize_t tls_failed(int result, bool& crossed) {
    switch (SSL_get_error(ssl.get(), result)) {
      case SSL_ERROR_WANT_READ:
      case SSL_ERROR_WANT_WRITE:
        crossed = true;
        return kWouldBlock;
      case SSL_ERROR_ZERO_RETURN:
        return 0;
      case SSL_ERROR_SYSCALL:
        ERR_clear_error();
        return broken(errno != 0 ? std::string(strerror(errno)) : "EOF");
      default:
        return broken(tls_error(ssl.get()));
    }
  }
};

Transport::Transport(AsioExecutor& executor, int fd) : impl_(std::make_unique<Impl>(executor)) {
  error_code failed;
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length);
  impl_->socket.assign(address.ss_family == AF_INET6 ? tcp::v6() : tcp::v4(), fd, failed);
  if (!failed) impl_->socket.native_non_blocking(true, failed);
  // Unix sockets have no such delay, nor the option.
  error_code ignored;
  if (!failed) impl_->socket.set_option(tcp::no_delay(true), ignored);
  if (failed) {
    impl_->error = failed.message();
    close();
  }
}

Transport::~Transport() { close(); }

AsioExecutor& Transport::executor() const { return impl_->executor; }
const std::string& Transport::error() const { return impl_->error; }
bool Transport::closed() const { return impl_->closed; }
SSL* Transport::ssl() const { return impl_->ssl.get(); }

namespace {

// OpenSSL's own socket BIO raises SIGPIPE when the peer is gone; this one does not.
int bio_fd(BIO* bio) { return static_cast<int>(reinterpret_cast<intptr_t>(BIO_get_data(bio))); }

int bio_result(BIO* bio, ssize_t count, int retry) {
  BIO_clear_retry_flags(bio);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_flags(bio, retry | BIO_FLAGS_SHOULD_RETRY);
  return static_cast<int>(count);
}

int bio_read(BIO* bio, char* into, int size) {
  ssize_t count = ::recv(bio_fd(bio), into, static_cast<size_t>(size), 0);
  if (count == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  return bio_result(bio, count, BIO_FLAGS_READ);
}

int bio_write(BIO* bio, const char* bytes, int size) {
  return bio_result(bio, ::send(bio_fd(bio), bytes, static_cast<size_t>(size), MSG_NOSIGNAL),
                    BIO_FLAGS_WRITE);
}

long bio_control(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

const BIO_METHOD* socket_method() {
  static const std::unique_ptr<BIO_METHOD, decltype(&BIO_meth_free)> method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket without SIGPIPE");
    BIO_meth_set_read(made, bio_read);
    BIO_meth_set_write(made, bio_write);
    BIO_meth_set_ctrl(made, bio_control);
    return std::unique_ptr<BIO_METHOD, decltype(&BIO_meth_free)>(made, BIO_meth_free);
  }();
  return method.get();
}

SSL* make_ssl(SSL_CTX* context, int fd) {
  SSL* ssl = SSL_new(context);
  BIO* bio = BIO_new(socket_method());
  if (ssl == nullptr || bio == nullptr) {
    SSL_free(ssl);
    BIO_free(bio);
    return nullptr;
  }
  // A descriptor in the place of a pointer that nobody follows.
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<intptr_t>(fd)));  // NOLINT(performance-no-int-to-ptr)
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl, bio, bio);
  return ssl;
}

}  // namespace

// Runs the handshake of either side.
static Task<Result<void>> handshake(Transport& transport, SSL* ssl) {
  for (;;) {
    if (transport.closed()) co_return fail(errors::service_unavailable("connection closed"));
    ERR_clear_error();
    errno = 0;
    int result = SSL_do_handshake(ssl);
    if (result == 1) co_return Result<void>();
    int why = SSL_get_error(ssl, result);
    bool ready = false;
    if (why == SSL_ERROR_WANT_READ) {
      ready = co_await transport.readable();
    } else if (why == SSL_ERROR_WANT_WRITE) {
      ready = co_await transport.writable();
    } else {
      bool system = why == SSL_ERROR_SYSCALL && errno != 0;
      std::string text = system ? strerror(errno) : tls_error(ssl);
      co_return fail(errors::service_unavailable(text));
    }
    if (!ready) co_return fail(errors::service_unavailable("connection closed during the TLS handshake"));
  }
}

Task<Result<void>> Transport::accept_tls(SSL_CTX* context) {
  impl_->ssl.reset(make_ssl(context, impl_->socket.native_handle()));
  if (!impl_->ssl) co_return fail(errors::internal("out of memory"));
  SSL_set_accept_state(ssl());
  Result<void> done = co_await handshake(*this, ssl());
  impl_->handshaken = done.has_value();
  co_return done;
}

Task<Result<void>> Transport::connect_tls(SSL_CTX* context, std::string host, bool verify, std::string alpn) {
  impl_->ssl.reset(make_ssl(context, impl_->socket.native_handle()));
  if (!impl_->ssl) co_return fail(errors::internal("out of memory"));
  SSL_set_connect_state(ssl());
  error_code not_an_address;
  boost::asio::ip::make_address(host, not_an_address);
  if (not_an_address) SSL_set_tlsext_host_name(ssl(), host.c_str());
  if (verify) {
    SSL_set_verify(ssl(), SSL_VERIFY_PEER, nullptr);
    if (not_an_address) {
      SSL_set1_host(ssl(), host.c_str());
    } else {
      X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl()), host.c_str());
    }
  } else {
    SSL_set_verify(ssl(), SSL_VERIFY_NONE, nullptr);
  }
  SSL_set_alpn_protos(ssl(), reinterpret_cast<const unsigned char*>(alpn.data()),
                      static_cast<unsigned>(alpn.size()));
  Result<void> done = co_await handshake(*this, ssl());
  impl_->handshaken = done.has_value();
  co_return done;
}

std::string Transport::alpn() const {
  if (!impl_->ssl) return {};
  const unsigned char* name = nullptr;
  unsigned length = 0;
  SSL_get0_alpn_selected(ssl(), &name, &length);
  return {reinterpret_cast<const char*>(name), length};
}

ssize_t Transport::try_read(std::span<char> into) {
  if (impl_->closed) return kBroken;
  errno = 0;
  if (impl_->ssl) {
    ERR_clear_error();
    int count = SSL_read(ssl(), into.data(), static_cast<int>(std::min<size_t>(into.size(), 1 << 30)));
    if (count > 0) return count;
    bool blocked = false;
    ssize_t result = impl_->tls_failed(count, blocked);
    impl_->read_wants_write = blocked && SSL_want_write(ssl());
    return result;
  }
  ssize_t count = ::recv(impl_->socket.native_handle(), into.data(), into.size(), 0);
  if (count >= 0) return count;
  if (errno == EAGAIN || errno == EINTR) return kWouldBlock;
  return impl_->broken(strerror(errno));
}

ssize_t Transport::try_write(std::string_view bytes) {
  if (impl_->closed) return kBroken;
  errno = 0;
  if (impl_->ssl) {
    ERR_clear_error();
    int count = SSL_write(ssl(), bytes.data(), static_cast<int>(std::min<size_t>(bytes.size(), 1 << 30)));
    if (count > 0) return count;
    bool blocked = false;
    ssize_t result = impl_->tls_failed(count, blocked);
    impl_->write_wants_read = blocked && SSL_want_read(ssl());
    return result == 0 ? impl_->broken("connection closed by the peer") : result;
  }
  ssize_t count = ::send(impl_->socket.native_handle(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (count > 0) return count;
  if (errno == EAGAIN || errno == EINTR) return kWouldBlock;
  return impl_->broken(strerror(errno));
}

Task<bool> Transport::readable() {
  auto type = impl_->read_wants_write ? tcp::socket::wait_write : tcp::socket::wait_read;
  auto wait = std::make_shared<Wait>();
  impl_->read_wait = wait;
  Impl::WaitFor ready(*impl_, type, wait);
  co_return co_await ready;
}

Task<bool> Transport::writable() {
  auto type = impl_->write_wants_read ? tcp::socket::wait_read : tcp::socket::wait_write;
  Impl::WaitFor ready(*impl_, type, std::make_shared<Wait>());
  co_return co_await ready;
}

void Transport::interrupt_read() {
  std::shared_ptr<Wait> wait = std::exchange(impl_->read_wait, nullptr);
  if (!wait || !wait->waiter) return;
  impl_->executor.post([wait] {
    if (auto waiter = std::exchange(wait->waiter, nullptr)) waiter.resume();
  });
}

Task<Result<size_t>> Transport::read(std::span<char> into) {
  for (;;) {
    ssize_t count = try_read(into);
    if (count >= 0) co_return static_cast<size_t>(count);
    if (count == kBroken)
      co_return fail(errors::service_unavailable(error().empty() ? "connection closed" : error()));
    bool ready = co_await readable();
    if (!ready) co_return fail(errors::service_unavailable("connection closed"));
  }
}

Task<Result<void>> Transport::write(std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t count = try_write(bytes);
    if (count > 0) {
      bytes.remove_prefix(static_cast<size_t>(count));
      continue;
    }
    if (count == kBroken)
      co_return fail(errors::service_unavailable(error().empty() ? "connection closed" : error()));
    bool ready = co_await writable();
    if (!ready) co_return fail(errors::service_unavailable("connection closed"));
  }
  co_return Result<void>();
}

Task<Result<void>> Transport::shutdown_write() {
  if (impl_->closed) co_return fail(errors::service_unavailable("connection closed"));
  if (impl_->ssl) {
    ERR_clear_error();
    SSL_shutdown(ssl());
    ERR_clear_error();
  }
  error_code ignored;
  impl_->socket.shutdown(tcp::socket::shutdown_send, ignored);
  co_return Result<void>();
}

void Transport::close() {
  if (impl_->closed) return;
  impl_->closed = true;
  if (impl_->ssl && impl_->handshaken && impl_->error.empty()) {
    ERR_clear_error();
    SSL_shutdown(ssl());
    ERR_clear_error();
  }
  error_code ignored;
  impl_->socket.close(ignored);
}

// --- connecting ---

namespace {

// Awaits one Asio operation that completes with (error, value).
template <class T>
using Outcome = OneShot<Result<T>>;

struct Connecting {
  explicit Connecting(AsioExecutor& executor)
      : resolver(executor.impl().context), socket(executor.impl().context) {}
  tcp::resolver resolver;
  tcp::socket socket;
};

Status connect_error(const std::string& host, const std::string& port, const std::string& why) {
  return errors::service_unavailable(fmt::format("dial tcp {}:{}: {}", host, port, why));
}

}  // namespace

Task<Result<std::unique_ptr<Transport>>> connect_tcp(AsioExecutor& executor, std::string host,
                                                     std::string port, CancelToken cancel) {
  auto state = std::make_shared<Connecting>(executor);
  Outcome<tcp::resolver::results_type> resolved;
  error_code no_address;
  auto address = boost::asio::ip::make_address(host, no_address);
  if (!no_address) {
    uint16_t number = static_cast<uint16_t>(std::atoi(port.c_str()));
    resolved.set(tcp::resolver::results_type::create(tcp::endpoint(address, number), host, port));
  } else {
    state->resolver.async_resolve(host, port, [state, resolved](const error_code& failed, auto results) {
      if (failed) {
        resolved.set(fail(errors::service_unavailable(failed.message())));
      } else {
        resolved.set(std::move(results));
      }
    });
  }
  Result<tcp::resolver::results_type> found = co_await wait_for(resolved, cancel);
  if (!found) {
    state->resolver.cancel();
    if (found.error().is(reason::kCancelled)) co_return fail(found.error());
    co_return fail(connect_error(host, port, "lookup: " + found.error().message));
  }
  std::string why = "no address";
  for (const auto& entry : *found) {
    Outcome<bool> connected;
    error_code closed;
    state->socket.close(closed);
    state->socket.async_connect(entry.endpoint(), [state, connected](const error_code& failed) {
      if (failed) {
        connected.set(fail(errors::service_unavailable(failed.message())));
      } else {
        connected.set(true);
      }
    });
    Result<bool> result = co_await wait_for(connected, cancel);
    if (result) {
      error_code failed;
      int fd = state->socket.release(failed);
      if (failed) co_return fail(connect_error(host, port, failed.message()));
      co_return std::make_unique<Transport>(executor, fd);
    }
    if (result.error().is(reason::kCancelled)) {
      state->socket.close(closed);
      co_return fail(result.error());
    }
    why = result.error().message;
    if (why == "Connection refused") why = "connect: connection refused";
  }
  co_return fail(connect_error(host, port, why));
}

// --- listening ---

struct Listener::Impl {
  explicit Impl(AsioExecutor& executor) : acceptor(executor.impl().context), peer(executor.impl().context) {}
  tcp::acceptor acceptor;
  tcp::socket peer;
  uint16_t port = 0;
};

Listener::Listener(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Listener::~Listener() = default;

Result<std::unique_ptr<Listener>> Listener::bind(AsioExecutor& executor, const std::string& address,
                                                 uint16_t port) {
  auto impl = std::make_unique<Impl>(executor);
  error_code failed;
  auto ip = boost::asio::ip::make_address(address, failed);
  if (failed)
    return fail(errors::bad_request(fmt::format("listen address \"{}\": {}", address, failed.message())));
  tcp::endpoint endpoint(ip, port);
  auto step = [&](auto action) {
    if (!failed) action();
  };
  step([&] { impl->acceptor.open(endpoint.protocol(), failed); });
  step([&] { impl->acceptor.set_option(tcp::acceptor::reuse_address(true), failed); });
  step([&] { impl->acceptor.bind(endpoint, failed); });
  step([&] { impl->acceptor.listen(4096, failed); });
  step([&] { impl->port = impl->acceptor.local_endpoint(failed).port(); });
  if (failed) {
    return fail(
        errors::service_unavailable(fmt::format("listen tcp {}:{}: {}", address, port, failed.message())));
  }
  return std::unique_ptr<Listener>(new Listener(std::move(impl)));
}

Task<Result<Listener::Accepted>> Listener::accept() {
  OneShot<Result<bool>> done;
  tcp::endpoint from;
  if (!impl_->acceptor.is_open()) co_return fail(errors::gone("listener closed"));
  impl_->acceptor.async_accept(impl_->peer, from, [done](const error_code& failed) {
    if (failed) {
      done.set(fail(errors::service_unavailable(failed.message())));
    } else {
      done.set(true);
    }
  });
  Result<bool> result = co_await done;
  if (!result) co_return fail(result.error());
  error_code failed;
  Accepted accepted;
  accepted.fd = impl_->peer.release(failed);
  if (failed) co_return fail(errors::service_unavailable(failed.message()));
  std::string ip = from.address().to_string();
  accepted.peer = fmt::format(fmt::runtime(from.address().is_v6() ? "[{}]:{}" : "{}:{}"), ip, from.port());
  co_return accepted;
}

void Listener::close() {
  error_code ignored;
  impl_->acceptor.close(ignored);
}
bool Listener::closed() const { return !impl_->acceptor.is_open(); }
uint16_t Listener::port() const { return impl_->port; }

}  // namespace xebec::http
