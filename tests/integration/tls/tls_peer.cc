#include "tls_peer.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>

namespace xebec::integration {
namespace {

constexpr int kPatience = 30;  // seconds
constexpr int kPause = 10;     // milliseconds between two bytes of a slow client

void show_certificate(SSL_CTX* context, const std::string& certificate_pem, const std::string& key_pem) {
  BIO* in = BIO_new_mem_buf(certificate_pem.data(), static_cast<int>(certificate_pem.size()));
  X509* certificate = PEM_read_bio_X509(in, nullptr, nullptr, nullptr);
  BIO_free(in);
  in = BIO_new_mem_buf(key_pem.data(), static_cast<int>(key_pem.size()));
  EVP_PKEY* key = PEM_read_bio_PrivateKey(in, nullptr, nullptr, nullptr);
  BIO_free(in);
  EXPECT_EQ(SSL_CTX_use_certificate(context, certificate), 1);
  EXPECT_EQ(SSL_CTX_use_PrivateKey(context, key), 1);
  X509_free(certificate);
  EVP_PKEY_free(key);
}

uint32_t number(std::string_view bytes) {
  uint32_t out = 0;
  for (char c : bytes) out = out << 8 | static_cast<unsigned char>(c);
  return out;
}

}  // namespace

TlsPeer::TlsPeer(uint16_t port, std::string_view alpn, const std::string& certificate_pem,
                 const std::string& key_pem)
    : context_(SSL_CTX_new(TLS_client_method())) {
  if (!certificate_pem.empty()) show_certificate(context_.get(), certificate_pem, key_pem);
  std::signal(SIGPIPE, SIG_IGN);  // the other side may close at any time
  fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval patience{kPatience, 0};
  setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
  sockaddr_in server{};
  server.sin_family = AF_INET;
  server.sin_port = htons(port);
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(connect(fd_, reinterpret_cast<sockaddr*>(&server), sizeof(server)), 0);
  ssl_.reset(SSL_new(context_.get()));
  std::string protocols(1, static_cast<char>(alpn.size()));
  protocols += alpn;
  SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<const unsigned char*>(protocols.data()),
                      static_cast<unsigned>(protocols.size()));
  SSL_set_fd(ssl_.get(), fd_);
  EXPECT_EQ(SSL_connect(ssl_.get()), 1);
}

TlsPeer::~TlsPeer() { close(fd_); }

bool TlsPeer::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const int piece = static_cast<int>(std::min<size_t>(bytes.size(), 16 << 10));
    const int count = SSL_write(ssl_.get(), bytes.data(), piece);
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return true;
}

bool TlsPeer::read_some(std::string& into) {
  char buffer[16 << 10];
  const int count = SSL_read(ssl_.get(), buffer, sizeof(buffer));
  if (count > 0) into.append(buffer, static_cast<size_t>(count));
  return count > 0;
}

std::string TlsPeer::dribble(std::string_view bytes) {
  std::string out;
  for (char c : bytes) {
    pollfd readable{fd_, POLLIN, 0};
    if (poll(&readable, 1, kPause) > 0 && !read_some(out)) return out;
    if (!send(std::string_view(&c, 1))) return out;
  }
  ADD_FAILURE() << "the server waited for all of it";
  return out;
}

std::string TlsPeer::read(std::string_view wanted) {
  std::string out;
  while (wanted.empty() || out.find(wanted) == std::string::npos) {
    if (!read_some(out)) {
      EXPECT_NE(errno, EAGAIN) << "the server keeps the connection open";
      break;
    }
  }
  return out;
}

std::string h2_frame(uint8_t type, uint8_t flags, uint32_t stream, std::string_view payload) {
  std::string out;
  const auto size = static_cast<uint32_t>(payload.size());
  for (int shift : {16, 8, 0}) out += static_cast<char>(size >> shift);
  out += static_cast<char>(type);
  out += static_cast<char>(flags);
  for (int shift : {24, 16, 8, 0}) out += static_cast<char>(stream >> shift);
  out += payload;
  return out;
}

std::string h2_preface() { return "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + h2_frame(4, 0, 0, ""); }

int goaway_code(std::string_view frames) {
  int code = -1;
  while (frames.size() >= 9) {
    const size_t size = number(frames.substr(0, 3));
    if (frames.size() < 9 + size) break;
    if (frames[3] == 7 && size >= 8) code = static_cast<int>(number(frames.substr(13, 4)));
    frames.remove_prefix(9 + size);
  }
  return code;
}

}  // namespace xebec::integration
