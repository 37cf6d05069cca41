// What a server may answer a client over HTTP/1.1: a response or an error.
#include "http/client_detail.h"
#include "http/testing/fuzz_peer.h"
#include "tests/fuzz/fuzz.h"

namespace xebec::http {
namespace {

Task<void> ask(std::shared_ptr<Transport> transport, std::string method, std::promise<void>& done) {
  auto connection = std::make_unique<Http1Connection>();
  connection->input.transport = std::move(transport);
  Request request;
  request.method = std::move(method);
  request.path = "/";
  Context context;
  Outcome answer = co_await send_http1(nullptr, std::move(connection), context, std::move(request));
  if (answer) {
    FUZZ_CHECK(answer->status >= 100 && answer->status <= 999);
    (void)co_await answer->read_body(1 << 20);
  }
  done.set_value();
}

}  // namespace

XEBEC_FUZZ(http1_client) {
  static AsioExecutor executor("fuzz");
  fuzz::Pieces pieces(input);
  std::string method = pieces.byte() % 2 == 0 ? "GET" : "HEAD";
  test::SocketPair sockets;
  auto transport = std::make_shared<Transport>(executor, sockets.take_near());
  sockets.send_all(pieces.rest());
  std::promise<void> done;
  executor.scope().spawn(ask(std::move(transport), std::move(method), done));
  done.get_future().wait();
}

}  // namespace xebec::http
