// A client that speaks to a server by bytes, over TLS of its own: what no well-behaved library would send.
#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace xebec::integration {

class TlsPeer {
 public:
  // `alpn`: "h2" or "http/1.1". With the PEMs of a client certificate, or without.
  TlsPeer(uint16_t port, std::string_view alpn, const std::string& certificate_pem = {},
          const std::string& key_pem = {});
  ~TlsPeer();
  TlsPeer(const TlsPeer&) = delete;

  // False when the server takes no more.
  bool send(std::string_view bytes);
  // A byte every few milliseconds, until the server has had enough: what it said; fails the test when it
  // takes everything.
  std::string dribble(std::string_view bytes);
  // Until the server closes the connection, or `wanted` has been read; fails the test after half a minute.
  std::string read(std::string_view wanted = {});

 private:
  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  // False at the end.
  bool read_some(std::string& into);

  int fd_ = -1;
  std::unique_ptr<SSL_CTX, Free> context_;
  std::unique_ptr<SSL, Free> ssl_;
};

// A frame of HTTP/2 (RFC 9113, 4.1).
std::string h2_frame(uint8_t type, uint8_t flags, uint32_t stream, std::string_view payload);
// What a client of HTTP/2 begins with.
std::string h2_preface();
// The code of the GOAWAY among these frames; -1 without one.
int goaway_code(std::string_view frames);

}  // namespace xebec::integration
