// The server's side of HTTP/2: streams, requests, responses.
#include <fmt/format.h>

#include "base/sync.h"
#include "http/http2_session.h"
#include "http/server_detail.h"

namespace xebec::http {
namespace {

// As Go's server: what a stream, and the connection, may send before it is told to go on.
constexpr int32_t kStreamWindow = 256 << 10;
constexpr int32_t kConnectionWindow = 16 << 20;
// Streams a client may open and reset at once, and then a second (CVE-2023-44487).
constexpr uint64_t kResetBurst = 1000;
constexpr uint64_t kResetRate = 33;
// Headers up to so many times the limit are read to their end, and answered.
constexpr size_t kHopelessHeaders = 4;

std::string_view text(const uint8_t* data, size_t length) {
  return {reinterpret_cast<const char*>(data), length};
}

nghttp2_nv field(std::string_view name, std::string_view value) {
  nghttp2_nv nv{};
  nv.name = reinterpret_cast<uint8_t*>(const_cast<char*>(name.data()));
  nv.namelen = name.size();
  nv.value = reinterpret_cast<uint8_t*>(const_cast<char*>(value.data()));
  nv.valuelen = value.size();
  return nv;
}

// Fields that say something of the connection have no place in HTTP/2 (RFC 9113, 8.2.2).
bool belongs_to_connection(std::string_view name) {
  return name == "connection" || name == "transfer-encoding" || name == "keep-alive" || name == "upgrade" ||
         name == "proxy-connection";
}

struct Stream {
  explicit Stream(int32_t id) { out.stream_id = id; }
  int32_t id() const { return out.stream_id; }

  Request request;
  std::string authority;
  size_t header_bytes = 0;
  std::optional<Status> refused;  // answered instead of the handler
  bool head_ended = false;
  bool dispatched = false;
  bool remote_ended = false;
  bool closed = false;
  CancelSource cancel;
  OutgoingBody out;
  std::optional<OneShot<bool>> room;  // a pump waits for the client to take what is there
  MonotonicTime started;              // of the request, then of the last progress of its body
};

class Http2Server final : public Http2Session, public ServerConnection {
 public:
  Http2Server(ServerShard& shard, std::shared_ptr<Transport> transport,
              std::shared_ptr<const Connection> info)
      : Http2Session(std::move(transport), shard.scope), shard_(shard), info_(std::move(info)) {
    idle_since_ = shard.executor.now();
  }

  void start();
  void tick(MonotonicTime now) override;
  void drain() override;
  void cancel() override {
    for (const auto& [id, stream] : streams_) stream->cancel.cancel();
  }
  void abort() override { Http2Session::abort("server shut down"); }

 private:
  using StreamPtr = std::shared_ptr<Stream>;

  static Http2Server& me(void* user) { return static_cast<Http2Server&>(self(user)); }

  static int on_begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* user);
  static int on_header(nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name, size_t name_length,
                       const uint8_t* value, size_t value_length, uint8_t, void* user);
  static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* user);
  static int on_data(nghttp2_session*, uint8_t, int32_t id, const uint8_t* data, size_t length, void* user);
  static int on_frame_sent(nghttp2_session*, const nghttp2_frame* frame, void* user);
  static int on_stream_close(nghttp2_session*, int32_t id, uint32_t error, void* user);

  StreamPtr find(int32_t id) {
    auto it = streams_.find(id);
    return it == streams_.end() ? nullptr : it->second;
  }
  void accept_field(Stream& stream, std::string_view name, std::string_view value);
  void refuse(Stream& stream, Status status);
  void headers_ended(const StreamPtr& stream);
  void dispatch(const StreamPtr& stream);
  Task<void> serve(std::shared_ptr<Http2Session> keep, StreamPtr stream);
  Task<void> pump(StreamPtr stream, std::unique_ptr<BodyStream> body);
  void respond(const StreamPtr& stream, Response& response);
  void submit(Stream& stream, const Response& response, std::optional<size_t> length, bool body);
  void reset(Stream& stream);
  void end_if_idle();

  void on_closed(const std::string& why) override;
  void on_body_sent(int32_t id) override;

  ServerShard& shard_;
  std::shared_ptr<const Connection> info_;
  std::map<int32_t, StreamPtr> streams_;
  size_t running_ = 0;  // handlers, those of reset streams too
  bool leaving_ = false;
  MonotonicTime idle_since_;
};

void Http2Server::start() {
  nghttp2_session_callbacks* callbacks = make_callbacks();
  nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
  nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_frame_sent);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
  nghttp2_option* option = nullptr;
  nghttp2_option_new(&option);
  nghttp2_option_set_stream_reset_rate_limit(option, kResetBurst, kResetRate);
  nghttp2_option_set_max_continuations(option, 64);
  nghttp2_option_set_no_closed_streams(option, 1);
  nghttp2_session* session = nullptr;
  nghttp2_session_server_new2(&session, callbacks, static_cast<Http2Session*>(this), option);
  nghttp2_option_del(option);
  nghttp2_session_callbacks_del(callbacks);
  adopt(session);

  const nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, shard_.limits.max_concurrent_streams},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kStreamWindow},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<uint32_t>(shard_.limits.max_header_bytes)},
  };
  nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings, std::size(settings));
  nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0, kConnectionWindow);
  schedule_flush();
}

// --- requests ---

int Http2Server::on_begin_headers(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
  if (frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
  Http2Server& server = me(user);
  int32_t id = frame->hd.stream_id;
  // Handlers of reset streams count: resetting buys nobody more work than the limit.
  if (server.running_ >= server.shard_.limits.max_concurrent_streams || server.aborted()) {
    nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, id, NGHTTP2_REFUSED_STREAM);
    return 0;
  }
  auto stream = std::make_shared<Stream>(id);
  stream->started = server.executor().now();
  server.streams_.emplace(id, std::move(stream));
  return 0;
}

int Http2Server::on_header(nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name,
                           size_t name_length, const uint8_t* value, size_t value_length, uint8_t,
                           void* user) {
  Http2Server& server = me(user);
  StreamPtr stream = server.find(frame->hd.stream_id);
  if (!stream || frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;  // trailers mean nothing here
  server.accept_field(*stream, text(name, name_length), text(value, value_length));
  // Few bytes can unpack to many fields: whoever goes on gets no answer, and no more work is done for them.
  const bool beyond = stream->header_bytes > kHopelessHeaders * server.shard_.limits.max_header_bytes;
  return beyond ? NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE : 0;
}

void Http2Server::accept_field(Stream& stream, std::string_view name, std::string_view value) {
  stream.header_bytes += name.size() + value.size() + 32;
  if (stream.header_bytes > shard_.limits.max_header_bytes) {
    if (!stream.refused) stream.refused = Status(431, "", "Request Header Fields Too Large");
    return;
  }
  if (!name.starts_with(':')) {
    stream.request.headers.add(name, value);
  } else if (name == ":method") {
    stream.request.method = value;
  } else if (name == ":path") {
    split_target(value, stream.request);
  } else if (name == ":authority") {
    stream.authority = value;
  }
}

int Http2Server::on_frame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
  Http2Server& server = me(user);
  bool headers = frame->hd.type == NGHTTP2_HEADERS;
  if (!headers && frame->hd.type != NGHTTP2_DATA) return 0;
  StreamPtr stream = server.find(frame->hd.stream_id);
  if (!stream) return 0;
  if (headers && frame->headers.cat == NGHTTP2_HCAT_REQUEST) server.headers_ended(stream);
  if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
    stream->remote_ended = true;
    server.dispatch(stream);
  }
  return 0;
}

void Http2Server::headers_ended(const StreamPtr& stream) {
  stream->head_ended = true;
  Request& request = stream->request;
  if (!request.headers.has("host") && !stream->authority.empty())
    request.headers.add("host", stream->authority);
  size_t limit = shard_.limits.max_body_bytes;
  std::string_view length = request.headers.get("content-length");
  if (request.method == "CONNECT") {
    stream->refused = Status(405, reason::kMethodNotAllowed, "CONNECT is not supported");
  } else if (length.size() > 18 || std::strtoull(std::string(length).c_str(), nullptr, 10) > limit) {
    stream->refused = errors::too_large(fmt::format("limit is {}", limit));
  }
  if (stream->refused) dispatch(stream);
}

int Http2Server::on_data(nghttp2_session*, uint8_t, int32_t id, const uint8_t* data, size_t length,
                         void* user) {
  Http2Server& server = me(user);
  StreamPtr stream = server.find(id);
  if (!stream || stream->dispatched) return 0;
  size_t limit = server.shard_.limits.max_body_bytes;
  if (stream->request.body.size() + length > limit) {
    stream->refused = errors::too_large(fmt::format("limit is {}", limit));
    server.dispatch(stream);
    return 0;
  }
  stream->request.body.append(reinterpret_cast<const char*>(data), length);
  return 0;
}

void Http2Server::dispatch(const StreamPtr& stream) {
  if (std::exchange(stream->dispatched, true)) return;
  if (stream->refused) {
    stream->request.body = {};
    Response response = status_response(*stream->refused);
    respond(stream, response);
    return;
  }
  stream->request.connection = info_;
  ++running_;
  shard_.scope.spawn(serve(shared_from_this(), stream));
}

Task<void> Http2Server::serve(std::shared_ptr<Http2Session> keep, StreamPtr stream) {
  bool head = stream->request.method == "HEAD";
  if (!stream->closed) {
    Context context;
    context.cancel = stream->cancel.token();
    Response response = co_await shard_.handler.handle(std::move(context), std::move(stream->request));
    if (head && !stream->closed) {
      std::optional<size_t> length;
      if (auto* pieces = std::get_if<std::vector<Buffer>>(&response.body)) {
        length = 0;
        for (const Buffer& piece : *pieces) *length += piece->size();
      }
      submit(*stream, response, length, false);
    } else if (!stream->closed) {
      respond(stream, response);
      if (auto* body = std::get_if<std::unique_ptr<BodyStream>>(&response.body)) {
        co_await pump(stream, std::move(*body));
      }
    }
  }
  --running_;
  end_if_idle();
}

// --- responses ---

void Http2Server::respond(const StreamPtr& stream, Response& response) {
  if (auto* pieces = std::get_if<std::vector<Buffer>>(&response.body)) {
    for (Buffer& piece : *pieces) stream->out.push(std::move(piece));
    stream->out.ended = true;
    submit(*stream, response, stream->out.pending, stream->out.pending > 0);
  } else if (std::holds_alternative<std::unique_ptr<BodyStream>>(response.body)) {
    submit(*stream, response, std::nullopt, true);
  } else {
    Response refused = status_response(Status(505, "", "HTTP/2 connections cannot be upgraded"));
    respond(stream, refused);
  }
}

void Http2Server::submit(Stream& stream, const Response& response, std::optional<size_t> length, bool body) {
  std::string status = fmt::format_int(response.status).str();
  std::string length_text;
  std::vector<std::string> names;
  names.reserve(response.headers.size());
  std::vector<nghttp2_nv> fields;
  fields.reserve(response.headers.size() + 3);
  fields.push_back(field(":status", status));
  bool has_length = false;
  for (const auto& [name, value] : response.headers) {
    std::string& lower = names.emplace_back(name);
    for (char& c : lower) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    }
    // As net/http: whoever is told to close is sent away once it has its answers.
    if (lower == "connection" && value == "close") drain();
    if (belongs_to_connection(lower)) continue;
    if (lower == "content-length") has_length = true;
    fields.push_back(field(lower, value));
  }
  bool bodiless = response.status == 204 || response.status == 304;
  if (length && !has_length && !bodiless) {
    length_text = fmt::format_int(*length).str();
    fields.push_back(field("content-length", length_text));
  }
  const std::string& date = shard_.date();
  if (!date.empty()) fields.push_back(field("date", date));
  nghttp2_data_provider data = provider(stream.out);
  int failed =
      nghttp2_submit_response(session(), stream.id(), fields.data(), fields.size(), body ? &data : nullptr);
  if (failed != 0) reset(stream);
  stream.started = executor().now();
  schedule_flush();
}

// Asks for pieces as the client takes them.
Task<void> Http2Server::pump(StreamPtr stream, std::unique_ptr<BodyStream> body) {
  for (;;) {
    Result<Buffer> piece = co_await body->next();
    if (stream->closed) co_return;
    if (!piece) {
      reset(*stream);
      co_return;
    }
    if (stream->out.pending == 0) stream->started = executor().now();
    if (*piece == nullptr) {
      stream->out.ended = true;
    } else {
      stream->out.push(std::move(*piece));
    }
    nghttp2_session_resume_data(session(), stream->id());
    schedule_flush();
    if (stream->out.ended) co_return;
    while (stream->out.pending >= shard_.limits.write_ahead_bytes && !stream->closed) {
      OneShot<bool> room;
      stream->room = room;
      co_await room;
    }
    if (stream->closed) co_return;
  }
}

void Http2Server::on_body_sent(int32_t id) {
  StreamPtr stream = find(id);
  if (!stream) return;
  stream->started = executor().now();
  if (stream->room && stream->out.pending < shard_.limits.write_ahead_bytes) {
    stream->room->set(true);
    stream->room.reset();
  }
}

int Http2Server::on_frame_sent(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
  bool ends = (frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) &&
              (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
  if (!ends) return 0;
  StreamPtr stream = me(user).find(frame->hd.stream_id);
  // Answered before the request was all here: the rest is not wanted (RFC 9113, 8.1).
  if (stream && !stream->remote_ended) {
    nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, stream->id(), NGHTTP2_NO_ERROR);
  }
  return 0;
}

int Http2Server::on_stream_close(nghttp2_session*, int32_t id, uint32_t error, void* user) {
  Http2Server& server = me(user);
  StreamPtr stream = server.find(id);
  if (!stream) return 0;
  server.streams_.erase(id);
  stream->closed = true;
  stream->out.pieces.clear();
  stream->out.pending = 0;
  stream->cancel.cancel();
  if (stream->room) stream->room->set(true);
  server.end_if_idle();
  return 0;
}

void Http2Server::reset(Stream& stream) {
  nghttp2_submit_rst_stream(session(), NGHTTP2_FLAG_NONE, stream.id(), NGHTTP2_INTERNAL_ERROR);
  schedule_flush();
}

// --- the connection ---

void Http2Server::end_if_idle() {
  if (!streams_.empty()) return;
  idle_since_ = executor().now();
  if (leaving_ && !aborted()) {
    nghttp2_session_terminate_session(session(), NGHTTP2_NO_ERROR);
    schedule_flush();
  }
}

void Http2Server::drain() {
  if (std::exchange(leaving_, true) || aborted()) return;
  // First a notice, so that requests on their way are still served (RFC 9113, 6.8).
  nghttp2_submit_shutdown_notice(session());
  schedule_flush();
  end_if_idle();
}

void Http2Server::tick(MonotonicTime now) {
  const ServerLimits& limits = shard_.limits;
  if (write_blocked_since() != MonotonicTime::max() && now - write_blocked_since() > limits.stalled_timeout) {
    Http2Session::abort("the client does not read");
    return;
  }
  if (streams_.empty()) {
    if (now - idle_since_ > limits.idle_timeout) drain();
    return;
  }
  for (const auto& [id, stream] : streams_) {
    // No other frame may come before the header's end: the whole connection waits for it.
    if (!stream->head_ended && now - stream->started > limits.header_timeout) {
      nghttp2_session_terminate_session(session(), NGHTTP2_ENHANCE_YOUR_CALM);
      schedule_flush();
      return;
    }
    bool slow_request = !stream->dispatched && now - stream->started > limits.body_timeout;
    bool stalled = stream->out.pending > 0 && now - stream->started > limits.stalled_timeout;
    if (!slow_request && !stalled) continue;
    nghttp2_submit_rst_stream(session(), NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
    schedule_flush();
  }
}

void Http2Server::on_closed(const std::string&) {
  auto streams = std::move(streams_);
  streams_.clear();
  for (const auto& [id, stream] : streams) {
    stream->closed = true;
    stream->cancel.cancel();
    if (stream->room) stream->room->set(true);
  }
}

}  // namespace

Task<void> serve_http2(ServerShard& shard, std::shared_ptr<Transport> transport,
                       std::shared_ptr<const Connection> info) {
  auto server = std::make_shared<Http2Server>(shard, std::move(transport), std::move(info));
  server->start();
  Registered registered(shard, server);
  co_await server->run();
}

}  // namespace xebec::http
