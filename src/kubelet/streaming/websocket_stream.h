// A byte stream inside the binary messages of a WebSocket, as kubectl tunnels SPDY for port forwarding
// (KEP-4006). Message borders mean nothing.
#pragma once

#include <memory>
#include <string>

#include "http/websocket.h"

namespace xebec::kubelet {

class WebSocketStream final : public http::ByteStream {
 public:
  explicit WebSocketStream(std::unique_ptr<http::websocket::Socket> socket);
  ~WebSocketStream() override;

  // The end is the peer's close frame.
  Task<Result<size_t>> read(std::span<char> into) override;
  Task<Result<void>> write(std::string_view bytes) override;
  // Sends the close frame: a WebSocket has no half-close of its own.
  Task<Result<void>> shutdown_write() override;
  void close() override;

 private:
  std::unique_ptr<http::websocket::Socket> socket_;
  std::string unread_;
  size_t taken_ = 0;
};

}  // namespace xebec::kubelet
