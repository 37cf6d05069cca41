// A handler with known behaviour, and a server and clients around it, for this module's tests.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/scope.h"
#include "base/sync.h"
#include "http/client.h"
#include "http/server.h"
#include "security/pki/pki.h"

namespace xebec::http::test {

// Certificates for everybody, made once.
struct Pki {
  std::string ca;
  std::string other_ca;
  pki::KeyPair server;
  pki::KeyPair client;
};
const Pki& pki_material();

//   /farewell  Connection: close
//   /hello  "hello"            /echo  the request's body        /peer  protocol and number of peer
//   certificates /size?n=N  N bytes         /stream?n=N&size=S  N pieces of S bytes, streamed /watch  one
//   piece a tick() until cancelled                   /hold  answers after release(), or when cancelled /fail
//   a stream that breaks after one piece                  /upgrade  echoes bytes after the 101
class TestHandler final : public Handler {
 public:
  Task<Response> handle(Context context, Request request) override;

  void tick() { ticks.notify_all(); }
  void release();

  Signal ticks;
  std::atomic<int> requests{0};
  std::atomic<int> cancelled{0};     // requests that saw their context cancelled
  std::atomic<int> pieces_asked{0};  // calls of next() by the server
  std::atomic<int> holding{0};       // requests inside /hold, and watches waiting
  std::atomic<bool> released{false};
  Signal released_signal;
};

struct Fixture {
  explicit Fixture(bool tls = true, ServerLimits limits = {});
  ~Fixture();

  ClientOptions client_options(bool http1 = false) const;
  std::unique_ptr<Client> client(bool http1 = false);
  std::string url() const;
  std::unique_ptr<Server> make_server(uint16_t port = 0);

  bool tls;
  ServerLimits limits;
  TestHandler handler;
  IoPool pool{2};
  std::unique_ptr<Server> server;
};

Request get(std::string path, std::string query = "");
Request post(std::string path, std::string body);
// Waits until `count` is `value`; the test's own time limit is the only one.
Task<void> until(const std::atomic<int>& count, int value);

// Response and body.
struct Answer {
  int status = 0;
  std::string body;
  Headers headers;
};
Task<Result<Answer>> ask(Client& client, Request request, Context context);
Task<Result<Answer>> ask(Client& client, Request request);
Task<Result<Response>> send(Client& client, Request request);

}  // namespace xebec::http::test
