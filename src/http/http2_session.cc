#include "http/http2_session.h"

#include <array>

namespace xebec::http {
namespace {
constexpr size_t kWriteBatch = 64 << 10;
constexpr size_t kReadBatch = 256 << 10;  // then others have their turn
constexpr int kFlushRounds = 16;
}  // namespace

void OutgoingBody::push(Buffer piece) {
  if (piece->empty()) return;
  pending += piece->size();
  pieces.push_back(std::move(piece));
}

void OutgoingBody::copy_out(std::string& out, size_t count) {
  pending -= count;
  while (count > 0) {
    const std::string& piece = *pieces.front();
    size_t part = std::min(count, piece.size() - offset);
    out.append(piece, offset, part);
    offset += part;
    count -= part;
    if (offset == piece.size()) {
      pieces.pop_front();
      offset = 0;
    }
  }
}

Http2Session::Http2Session(std::shared_ptr<Transport> transport, Scope& scope)
    : transport_(std::move(transport)), scope_(scope) {}

Http2Session::~Http2Session() {
  if (session_ != nullptr) nghttp2_session_del(session_);
}

nghttp2_session_callbacks* Http2Session::make_callbacks() {
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_session_callbacks_set_send_data_callback(callbacks, send_body);
  return callbacks;
}

nghttp2_data_provider Http2Session::provider(OutgoingBody& body) {
  nghttp2_data_provider provider{};
  provider.source.ptr = &body;
  provider.read_callback = read_body;
  return provider;
}

ssize_t Http2Session::read_body(nghttp2_session*, int32_t, uint8_t*, size_t length, uint32_t* flags,
                                nghttp2_data_source* source, void*) {
  auto& body = *static_cast<OutgoingBody*>(source->ptr);
  if (body.failed) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  if (body.pending == 0) {
    if (!body.ended) return NGHTTP2_ERR_DEFERRED;
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    return 0;
  }
  size_t count = std::min(length, body.pending);
  *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
  if (count == body.pending && body.ended) *flags |= NGHTTP2_DATA_FLAG_EOF;
  return static_cast<ssize_t>(count);
}

int Http2Session::send_body(nghttp2_session*, nghttp2_frame* frame, const uint8_t* header, size_t length,
                            nghttp2_data_source* source, void* user) {
  Http2Session& session = self(user);
  auto& body = *static_cast<OutgoingBody*>(source->ptr);
  session.out_.append(reinterpret_cast<const char*>(header), 9);
  body.copy_out(session.out_, length);
  session.on_body_sent(frame->hd.stream_id);
  return session.out_.size() >= kWriteBatch ? NGHTTP2_ERR_PAUSE : 0;
}

Task<void> Http2Session::run() {
  for (;;) {
    Input input = read_available();
    if (input == Input::kEnded) break;
    if (input == Input::kBusy) {
      co_await executor().schedule();
      continue;
    }
    bool ready = co_await transport_->readable();
    if (!ready) break;
  }
  // After a fatal error what is queued (GOAWAY) still goes out; flush() ends the connection then.
  if (broken_ && !aborted_) co_await ended_;
  abort(transport_->error().empty() ? "EOF" : transport_->error());
}

Http2Session::Input Http2Session::read_available() {
  std::array<char, 32 << 10> buffer;
  for (size_t total = 0; total < kReadBatch;) {
    if (aborted_ || broken_) return Input::kEnded;
    ssize_t count = transport_->try_read(buffer);
    if (count == Transport::kWouldBlock) return Input::kDry;
    if (count <= 0) return Input::kEnded;
    on_bytes_read();
    ssize_t used = nghttp2_session_mem_recv(session_, reinterpret_cast<const uint8_t*>(buffer.data()),
                                            static_cast<size_t>(count));
    schedule_flush();
    if (used < 0) {
      why_ = nghttp2_strerror(static_cast<int>(used));
      // A peer that floods us with what needs answers gets none.
      if (used != NGHTTP2_ERR_FLOODED) broken_ = true;
      return Input::kEnded;
    }
    total += static_cast<size_t>(count);
  }
  return Input::kBusy;  // others have their turn; TLS may hold data that no readiness announces
}

void Http2Session::schedule_flush() {
  if (flush_posted_ || aborted_ || draining_) return;
  flush_posted_ = true;
  executor().post([keep = shared_from_this()] {
    keep->flush_posted_ = false;
    keep->flush();
  });
}

// Fills out_; true when there is something to write.
bool Http2Session::collect() {
  while (out_.size() < kWriteBatch) {
    const uint8_t* data = nullptr;
    ssize_t count = nghttp2_session_mem_send(session_, &data);
    if (count < 0) {
      broken_ = true;
      why_ = nghttp2_strerror(static_cast<int>(count));
      break;
    }
    if (count == 0) break;  // nothing left, or send_body() has filled out_
    out_.append(reinterpret_cast<const char*>(data), static_cast<size_t>(count));
  }
  return !out_.empty();
}

void Http2Session::flush() {
  for (int round = 0; round < kFlushRounds; ++round) {
    if (aborted_ || draining_) return;
    if (out_.empty() && !collect()) {
      finished();
      return;
    }
    std::string_view rest = out_;
    while (!rest.empty()) {
      ssize_t count = transport_->try_write(rest);
      if (count == Transport::kBroken) {
        abort(transport_->error());
        return;
      }
      if (count == Transport::kWouldBlock) {
        out_.erase(0, out_.size() - rest.size());
        draining_ = true;
        blocked_since_ = executor().now();
        scope_.spawn(drain(shared_from_this()));
        return;
      }
      rest.remove_prefix(static_cast<size_t>(count));
    }
    out_.clear();
  }
  schedule_flush();
}

Task<void> Http2Session::drain(std::shared_ptr<Http2Session> keep) {
  while (!aborted_) {
    bool ready = co_await transport_->writable();
    if (!ready) break;
    ssize_t count = transport_->try_write(out_);
    if (count == Transport::kBroken) break;
    if (count > 0) {
      blocked_since_ = executor().now();
      out_.erase(0, static_cast<size_t>(count));
      if (out_.empty()) {
        draining_ = false;
        blocked_since_ = MonotonicTime::max();
        flush();
        co_return;
      }
    }
  }
  abort(transport_->error());
}

void Http2Session::finished() {
  if (out_.capacity() > kWriteBatch * 2) out_ = {};
  if (broken_ || (nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0)) {
    abort(why_.empty() ? "connection closed" : why_);
  }
}

void Http2Session::abort(std::string why) {
  if (aborted_) return;
  aborted_ = true;
  if (why_.empty()) why_ = std::move(why);
  transport_->close();
  on_closed(why_);
  ended_.set(true);
}

}  // namespace xebec::http
