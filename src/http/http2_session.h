// What both ends of an HTTP/2 connection (RFC 9113) share: an nghttp2 session on one Transport, its reading,
// and its writing. Everything happens on the transport's executor.
//
// Frames are not written when they are made: schedule_flush() posts one flush, and by the time it runs all
// work that was ready has added its frames, so they leave in one write. While the peer does not read, no
// frames are made.
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "base/scope.h"
#include "base/sync.h"
#include "http/message.h"
#include "http/transport.h"

namespace xebec::http {

// A body on its way out. Its pieces are shared; they are copied once, into the buffer that is written.
struct OutgoingBody {
  std::deque<Buffer> pieces;
  size_t offset = 0;   // in the first piece
  size_t pending = 0;  // bytes of all pieces
  bool ended = false;  // no more pieces
  bool failed = false;
  int32_t stream_id = 0;

  void push(Buffer piece);
  void copy_out(std::string& out, size_t count);
};

class Http2Session : public std::enable_shared_from_this<Http2Session> {
 public:
  virtual ~Http2Session();
  Http2Session(const Http2Session&) = delete;

  // Reads until the connection ends; then on_closed() has been called.
  Task<void> run();
  void schedule_flush();
  // Ends the connection at once.
  void abort(std::string why);
  bool aborted() const { return aborted_; }

 protected:
  Http2Session(std::shared_ptr<Transport> transport, Scope& scope);

  // Callbacks that every session has; users add theirs. Deleted by the caller.
  static nghttp2_session_callbacks* make_callbacks();
  static Http2Session& self(void* user) { return *static_cast<Http2Session*>(user); }
  // For submit_request and submit_response; `body` lives until the stream is closed.
  static nghttp2_data_provider provider(OutgoingBody& body);

  // All streams are dead.
  virtual void on_closed(const std::string& why) = 0;
  // Bytes of a stream's body were taken.
  virtual void on_body_sent(int32_t stream_id) = 0;
  virtual void on_bytes_read() {}

  Transport& transport() { return *transport_; }
  AsioExecutor& executor() { return transport_->executor(); }
  nghttp2_session* session() { return session_; }
  void adopt(nghttp2_session* session) { session_ = session; }
  MonotonicTime write_blocked_since() const { return blocked_since_; }  // max() while the peer reads

 private:
  enum class Input { kDry, kBusy, kEnded };
  Input read_available();
  void flush();
  bool collect();
  Task<void> drain(std::shared_ptr<Http2Session> keep);
  void finished();

  static ssize_t read_body(nghttp2_session*, int32_t, uint8_t*, size_t length, uint32_t* flags,
                           nghttp2_data_source* source, void*);
  static int send_body(nghttp2_session*, nghttp2_frame* frame, const uint8_t* header, size_t length,
                       nghttp2_data_source* source, void* user);

  std::shared_ptr<Transport> transport_;
  Scope& scope_;
  nghttp2_session* session_ = nullptr;
  std::string out_;  // frames not written yet
  bool flush_posted_ = false;
  bool draining_ = false;  // drain() is waiting for the peer to read
  bool aborted_ = false;
  bool broken_ = false;  // a fatal library error: what is in out_ goes out, nothing else
  OneShot<bool> ended_;
  std::string why_;
  MonotonicTime blocked_since_ = MonotonicTime::max();
};

}  // namespace xebec::http
