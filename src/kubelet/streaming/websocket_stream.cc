#include "kubelet/streaming/websocket_stream.h"

#include <cstring>

namespace xebec::kubelet {

namespace websocket = http::websocket;

WebSocketStream::WebSocketStream(std::unique_ptr<websocket::Socket> socket) : socket_(std::move(socket)) {}
WebSocketStream::~WebSocketStream() = default;

Task<Result<size_t>> WebSocketStream::read(std::span<char> into) {
  while (taken_ == unread_.size()) {
    CO_TRY(std::optional<websocket::Message> message, co_await socket_->receive());
    if (!message) co_return size_t{0};
    if (message->kind != websocket::Kind::kBinary)
      co_return fail(errors::bad_request("websocket: not a binary message"));
    unread_ = std::move(message->data);
    taken_ = 0;
  }
  size_t count = std::min(into.size(), unread_.size() - taken_);
  std::memcpy(into.data(), unread_.data() + taken_, count);
  taken_ += count;
  co_return count;
}

Task<Result<void>> WebSocketStream::write(std::string_view bytes) {
  std::string data(bytes);
  co_return co_await socket_->send(websocket::Kind::kBinary, std::move(data));
}

Task<Result<void>> WebSocketStream::shutdown_write() {
  std::string no_reason;
  co_return co_await socket_->close(websocket::kNormalClosure, std::move(no_reason));
}

void WebSocketStream::close() { socket_->abort(); }

}  // namespace xebec::kubelet
