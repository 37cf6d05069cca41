// What a client may send a server over HTTP/1.1: the connection comes to its end, and only answers come back.
#include "http/server_detail.h"
#include "http/testing/fuzz_peer.h"
#include "tests/fuzz/fuzz.h"

namespace xebec::http {

XEBEC_FUZZ(http1_server) {
  static test::FuzzServer server;
  const std::string answer = server.talk(input, serve_http1);
  FUZZ_CHECK(answer.empty() || answer.starts_with("HTTP/1.1 "));
}

}  // namespace xebec::http
