#include "client/watch_stream.h"

#include "client/wire.h"

namespace xebec::client {
namespace {

class HttpWatchStream final : public WatchStream {
 public:
  HttpWatchStream(const api::Message& type, bool protobuf, std::unique_ptr<http::BodyStream> body)
      : type_(type), protobuf_(protobuf), body_(std::move(body)) {}

  Task<Result<std::optional<WatchEvent>>> next() override {
    for (;;) {
      std::optional<std::string_view> frame = wire::next_frame(rest_, protobuf_);
      if (frame) {
        if (frame->empty()) continue;
        CO_TRY(WatchEvent event, wire::decode_event(type_, *frame, protobuf_));
        co_return std::optional<WatchEvent>(std::move(event));
      }
      CO_TRY(http::Buffer piece, co_await body_->next());
      if (piece == nullptr) {
        if (rest_.empty()) co_return std::optional<WatchEvent>();
        co_return fail(
            errors::service_unavailable("unexpected EOF during watch stream event decoding: unexpected EOF"));
      }
      // Most pieces are whole frames, which are read where they are.
      if (!rest_.empty()) piece = http::make_buffer(std::string(rest_) + *piece);
      piece_ = std::move(piece);
      rest_ = *piece_;
    }
  }

 private:
  const api::Message& type_;
  bool protobuf_;
  std::unique_ptr<http::BodyStream> body_;
  http::Buffer piece_;
  std::string_view rest_;  // what of piece_ has not been read
};

// A body that came whole.
class Pieces final : public http::BodyStream {
 public:
  explicit Pieces(std::vector<http::Buffer> pieces) : pieces_(std::move(pieces)) {}
  Task<Result<http::Buffer>> next() override {
    http::Buffer piece;
    if (next_ < pieces_.size()) piece = pieces_[next_++];
    co_return piece;
  }

 private:
  std::vector<http::Buffer> pieces_;
  size_t next_ = 0;
};

}  // namespace

Result<std::unique_ptr<WatchStream>> make_watch_stream(const api::Message& type, http::Response response) {
  bool protobuf = wire::is_protobuf(response.headers.get("Content-Type"));
  std::unique_ptr<http::BodyStream> body;
  if (auto* stream = std::get_if<std::unique_ptr<http::BodyStream>>(&response.body)) {
    body = std::move(*stream);
  } else if (auto* pieces = std::get_if<std::vector<http::Buffer>>(&response.body)) {
    body = std::make_unique<Pieces>(std::move(*pieces));
  }
  if (body == nullptr) return fail(errors::internal("a watch was answered by an upgrade"));
  return std::make_unique<HttpWatchStream>(type, protobuf, std::move(body));
}

}  // namespace xebec::client
