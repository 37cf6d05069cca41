// What a client may send a server over HTTP/2, after the preface: the connection comes to its end.
#include "http/server_detail.h"
#include "http/testing/fuzz_peer.h"
#include "tests/fuzz/fuzz.h"

namespace xebec::http {

XEBEC_FUZZ(http2_server) {
  static test::FuzzServer server;
  // The preface and an empty SETTINGS frame.
  static constexpr std::string_view kHello("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", 33);
  (void)server.talk(std::string(kHello) + std::string(input), serve_http2);
}

}  // namespace xebec::http
