// The other end of a connection, for fuzz entries: says everything it has to say, then listens to the end.
#pragma once

#include <sys/socket.h>
#include <unistd.h>

#include <future>
#include <memory>
#include <string>
#include <utility>

#include "http/server_detail.h"

namespace xebec::http::test {

class SocketPair {
 public:
  SocketPair() { (void)socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends_); }
  SocketPair(const SocketPair&) = delete;
  ~SocketPair() {
    for (int end : ends_)
      if (end >= 0) ::close(end);
  }
  // The end that is tried; it belongs to the caller.
  int take_near() { return std::exchange(ends_[0], -1); }
  // What does not fit into the socket's buffer is lost, as is what a peer who is gone does not take.
  void send_all(std::string_view bytes) {
    (void)::send(ends_[1], bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    ::shutdown(ends_[1], SHUT_WR);
  }
  std::string read_all() {
    std::string out;
    char buffer[4096];
    for (;;) {
      const ssize_t count = ::read(ends_[1], buffer, sizeof buffer);
      if (count <= 0) return out;
      out.append(buffer, static_cast<size_t>(count));
    }
  }

 private:
  int ends_[2] = {-1, -1};
};

// Answers every request with what it was understood to be.
class EchoHandler final : public Handler {
 public:
  Task<Response> handle(Context, Request request) override {
    std::string body = request.method + " " + request.path + "?" + request.query + "\n";
    for (const auto& [name, value] : request.headers) body += name + ": " + value + "\n";
    Response response;
    response.set_body(body + request.body);
    co_return response;
  }
};

class FuzzServer {
 public:
  using Serve = Task<void> (*)(ServerShard&, std::shared_ptr<Transport>, std::shared_ptr<const Connection>);

  ~FuzzServer() {
    std::promise<void> joined;
    executor_.scope().spawn(join(joined));
    joined.get_future().wait();
  }
  // Everything the server says to these bytes.
  std::string talk(std::string_view bytes, Serve serve) {
    SocketPair sockets;
    auto transport = std::make_shared<Transport>(executor_, sockets.take_near());
    auto info = std::make_shared<Connection>();
    sockets.send_all(bytes);
    shard_.scope.spawn(serve(shard_, std::move(transport), std::move(info)));
    return sockets.read_all();
  }

 private:
  Task<void> join(std::promise<void>& joined) {
    co_await shard_.scope.join();
    joined.set_value();
  }

  AsioExecutor executor_{"fuzz"};
  EchoHandler handler_;
  ServerOptions options_;
  ServerShard shard_{executor_, options_, handler_};
};

}  // namespace xebec::http::test
