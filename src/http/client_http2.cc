// The client's side of HTTP/2: one connection, shared by many requests from any executor.
#include <fmt/format.h>

#include "http/client_detail.h"
#include "http/client_http2_exchange.h"
#include "http/http2_session.h"

namespace xebec::http {
namespace {

// What the server may send ahead of the reader of one stream; nobody's slowness holds the connection.
constexpr int32_t kStreamWindow = 1 << 20;
constexpr int32_t kConnectionWindow = 1 << 30;
constexpr size_t kAcknowledge = 64 << 10;  // bytes read before the server is told
constexpr size_t kCollected = 1 << 20;     // bodies of known length up to this are delivered whole

std::string_view text(const uint8_t* data, size_t length) {
  return {reinterpret_cast<const char*>(data), length};
}

std::string lower(std::string_view name) {
  std::string out(name);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return out;
}

using ExchangePtr = std::shared_ptr<Http2Exchange>;

class Connection2 final : public Http2Session, public Http2Client {
 public:
  Connection2(std::shared_ptr<ClientCore> core, std::shared_ptr<Transport> transport)
      : Http2Session(transport, transport->executor().scope()), core_(core), options_(core->options()) {}

  void start();
  // The whole life of the connection.
  static Task<void> live(std::shared_ptr<Connection2> me, std::shared_ptr<ClientCore> core);

  bool reserve() override {
    std::lock_guard lock(mutex_);
    if (!usable_ || reserved_ >= limit_) return false;
    ++reserved_;
    return true;
  }
  Task<Outcome> send(Context context, Request request) override;
  void close() override {
    executor().post([me = shared_from_this()] { me->abort("client closed"); });
  }

  // On the connection's executor.
  void reset(const ExchangePtr& exchange);
  void consumed(const ExchangePtr& exchange, size_t count);
  AsioExecutor& home() { return executor(); }

 private:
  static Connection2& me(void* user) { return static_cast<Connection2&>(self(user)); }
  static int on_header(nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name, size_t name_length,
                       const uint8_t* value, size_t value_length, uint8_t, void* user);
  static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* user);
  static int on_data(nghttp2_session*, uint8_t, int32_t id, const uint8_t* data, size_t length, void* user);
  static int on_frame_sent(nghttp2_session*, const nghttp2_frame* frame, void* user);
  static int on_stream_close(nghttp2_session*, int32_t id, uint32_t error, void* user);

  ExchangePtr find(int32_t id) {
    auto it = exchanges_.find(id);
    return it == exchanges_.end() ? nullptr : it->second;
  }
  void submit(const ExchangePtr& exchange, std::optional<MonotonicTime> deadline);
  void head_complete(const ExchangePtr& exchange, bool ended);
  void stream_ended(const ExchangePtr& exchange);
  void leave();
  Task<void> watch_health(std::shared_ptr<Connection2> keep, OneShot<bool> ended);
  void free_place() {
    std::lock_guard lock(mutex_);
    --reserved_;
  }

  void on_closed(const std::string& why) override;
  void on_body_sent(int32_t) override {}
  void on_bytes_read() override {
    last_read_ = executor().now();
    pinged_ = false;
  }

  std::weak_ptr<ClientCore> core_;
  const ClientOptions options_;
  std::map<int32_t, ExchangePtr> exchanges_;
  MonotonicTime last_read_;
  MonotonicTime idle_since_;
  bool pinged_ = false;
  CancelSource ended_;

  std::mutex mutex_;
  size_t reserved_ = 0;
  size_t limit_ = 100;  // until the server has said how many streams it takes
  bool usable_ = true;
};

// Reads a response's body; dropping it resets the stream.
class Body final : public BodyStream {
 public:
  Body(std::shared_ptr<Connection2> connection, ExchangePtr exchange, CancelRegistration cancel)
      : connection_(std::move(connection)), exchange_(std::move(exchange)), cancel_(std::move(cancel)) {}

  ~Body() override {
    cancel_.reset();
    {
      std::lock_guard lock(exchange_->mutex);
      if (exchange_->ended) return;
    }
    connection_->home().post(
        [connection = connection_, exchange = exchange_] { connection->reset(exchange); });
  }

  Task<Result<Buffer>> next() override {
    for (;;) {
      OneShot<bool> more;
      {
        std::lock_guard lock(exchange_->mutex);
        if (!exchange_->pieces.empty()) {
          Buffer piece = std::move(exchange_->pieces.front());
          exchange_->pieces.pop_front();
          acknowledge(piece->size());
          co_return piece;
        }
        if (exchange_->broken) co_return fail(*exchange_->broken);
        if (exchange_->ended) co_return Buffer();
        exchange_->reader = more;
      }
      co_await more;
    }
  }

 private:
  void acknowledge(size_t count) {
    unacknowledged_ += count;
    if (unacknowledged_ < kAcknowledge) return;
    size_t done = std::exchange(unacknowledged_, 0);
    connection_->home().post(
        [connection = connection_, exchange = exchange_, done] { connection->consumed(exchange, done); });
  }

  std::shared_ptr<Connection2> connection_;
  ExchangePtr exchange_;
  CancelRegistration cancel_;
  size_t unacknowledged_ = 0;
};

// Marks a streamed response on its way to the sender, who puts the real body in.
class PendingBody final : public BodyStream {
 public:
  Task<Result<Buffer>> next() override { co_return Buffer(); }
};

void Connection2::start() {
  last_read_ = idle_since_ = executor().now();
  limit_ = std::min<size_t>(limit_, options_.streams_per_connection);
  nghttp2_session_callbacks* callbacks = make_callbacks();
  nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
  nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_frame_sent);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
  nghttp2_option* option = nullptr;
  nghttp2_option_new(&option);
  nghttp2_option_set_no_auto_window_update(option, 1);
  nghttp2_option_set_peer_max_concurrent_streams(option, 100);
  nghttp2_session* session = nullptr;
  nghttp2_session_client_new2(&session, callbacks, static_cast<Http2Session*>(this), option);
  nghttp2_option_del(option);
  nghttp2_session_callbacks_del(callbacks);
  adopt(session);
  const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
                                             {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kStreamWindow},
                                             {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, 10 << 20}};
  nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings, std::size(settings));
  nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0, kConnectionWindow);
  schedule_flush();
}

Task<void> Connection2::live(std::shared_ptr<Connection2> me, std::shared_ptr<ClientCore> core) {
  OneShot<bool> health_ended;
  me->executor().scope().spawn(me->watch_health(me, health_ended));
  // The pool ends: so does the connection.
  CancelRegistration stop = me->executor().scope().token().on_cancel([me] { me->close(); });
  core = nullptr;  // an idle connection does not keep the client
  co_await me->run();
  co_await health_ended;
}

// --- requests ---

Task<Outcome> Connection2::send(Context context, Request request) {
  auto me = std::static_pointer_cast<Connection2>(shared_from_this());
  auto exchange = std::make_shared<Http2Exchange>();
  exchange->request = std::move(request);
  CancelRegistration cancel = context.cancel.on_cancel([me, exchange] {
    exchange->fail_with(errors::cancelled(), false);
    me->home().post([me, exchange] { me->reset(exchange); });
  });
  if (Executor::current() == &executor()) {
    me->submit(exchange, context.deadline);
  } else {
    executor().post([me, exchange, deadline = context.deadline] { me->submit(exchange, deadline); });
  }
  Outcome outcome = co_await exchange->answered;
  if (outcome && std::holds_alternative<std::unique_ptr<BodyStream>>(outcome->body)) {
    outcome->body = std::make_unique<Body>(me, exchange, std::move(cancel));
  }
  co_return outcome;
}

void Connection2::submit(const ExchangePtr& exchange, std::optional<MonotonicTime> deadline) {
  bool usable = false;
  {
    std::lock_guard lock(mutex_);
    usable = usable_;
  }
  if (exchange->answered.ready() || aborted() || !usable) {
    exchange->fail_with(errors::service_unavailable("connection closed"), true);
    free_place();
    return;
  }
  Request& request = exchange->request;
  std::string target = request.path.empty() ? "/" : request.path;
  if (!request.query.empty()) target += "?" + request.query;
  std::string authority(request.headers.get("host"));
  std::string length = std::to_string(request.body.size());
  bool has_body = !request.body.empty();

  std::vector<std::pair<std::string, std::string_view>> list;
  list.reserve(request.headers.size() + 5);
  list.emplace_back(":method", request.method);
  list.emplace_back(":scheme", "https");
  list.emplace_back(":authority", authority);
  list.emplace_back(":path", target);
  for (const auto& [name, value] : request.headers) {
    std::string small = lower(name);
    if (small == "host" || small == "connection" || small == "transfer-encoding" || small == "upgrade" ||
        small == "keep-alive" || small == "content-length") {
      continue;
    }
    list.emplace_back(std::move(small), value);
  }
  bool bodiless = !has_body && (is_safe(request.method) || request.method == "DELETE");
  if (!bodiless) list.emplace_back("content-length", length);
  std::vector<nghttp2_nv> fields;
  fields.reserve(list.size());
  for (const auto& [name, value] : list) {
    nghttp2_nv nv{};
    nv.name = reinterpret_cast<uint8_t*>(const_cast<char*>(name.data()));
    nv.namelen = name.size();
    nv.value = reinterpret_cast<uint8_t*>(const_cast<char*>(value.data()));
    nv.valuelen = value.size();
    fields.push_back(nv);
  }
  exchange->out.push(make_buffer(std::move(request.body)));
  exchange->out.ended = true;
  nghttp2_data_provider data = provider(exchange->out);
  int32_t id = nghttp2_submit_request(session(), nullptr, fields.data(), fields.size(),
                                      has_body ? &data : nullptr, nullptr);
  if (id < 0) {
    // No stream ids are left, or the server has said goodbye.
    leave();
    exchange->fail_with(errors::service_unavailable(nghttp2_strerror(id)), true);
    free_place();
    return;
  }
  exchange->out.stream_id = id;
  exchanges_.emplace(id, exchange);
  if (deadline) {
    std::weak_ptr<Http2Session> weak = weak_from_this();
    exchange->deadline_timer = executor().post_at(*deadline, [weak, exchange] {
      exchange->fail_with(errors::timeout("context deadline exceeded", 0), false);
      if (auto strong = std::static_pointer_cast<Connection2>(weak.lock())) strong->reset(exchange);
    });
  }
  schedule_flush();
}

void Connection2::reset(const ExchangePtr& exchange) {
  if (aborted() || exchange->id() == 0 || !exchanges_.contains(exchange->id())) return;
  nghttp2_submit_rst_stream(session(), NGHTTP2_FLAG_NONE, exchange->id(), NGHTTP2_CANCEL);
  schedule_flush();
}

void Connection2::consumed(const ExchangePtr& exchange, size_t count) {
  if (aborted() || !exchanges_.contains(exchange->id())) return;
  nghttp2_session_consume_stream(session(), exchange->id(), count);
  schedule_flush();
}

// --- responses ---

int Connection2::on_header(nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name,
                           size_t name_length, const uint8_t* value, size_t value_length, uint8_t,
                           void* user) {
  ExchangePtr exchange = me(user).find(frame->hd.stream_id);
  if (!exchange || exchange->headed) return 0;  // trailers mean nothing here
  std::string_view field = text(name, name_length);
  if (field == ":status") {
    exchange->response.status = std::atoi(std::string(text(value, value_length)).c_str());
    exchange->response.headers = {};
  } else {
    exchange->response.headers.add(field, text(value, value_length));
  }
  return 0;
}

int Connection2::on_frame(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
  Connection2& connection = me(user);
  bool ended = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
  switch (frame->hd.type) {
    case NGHTTP2_GOAWAY:
      connection.leave();
      return 0;
    case NGHTTP2_SETTINGS: {
      size_t most = nghttp2_session_get_remote_settings(session, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
      std::lock_guard lock(connection.mutex_);
      connection.limit_ = std::max<size_t>(1, std::min(most, connection.options_.streams_per_connection));
      return 0;
    }
    case NGHTTP2_HEADERS:
    case NGHTTP2_DATA: {
      ExchangePtr exchange = connection.find(frame->hd.stream_id);
      if (!exchange) return 0;
      bool head = frame->hd.type == NGHTTP2_HEADERS && !exchange->headed && exchange->response.status >= 200;
      if (head) connection.head_complete(exchange, ended);
      if (ended) connection.stream_ended(exchange);
      return 0;
    }
    default:
      return 0;
  }
}

void Connection2::head_complete(const ExchangePtr& exchange, bool ended) {
  exchange->headed = true;
  std::string_view length = exchange->response.headers.get("content-length");
  bool small = !length.empty() && length.size() < 8 &&
               std::strtoull(std::string(length).c_str(), nullptr, 10) <= kCollected;
  if (ended || small) {
    exchange->collecting = true;
    return;
  }
  exchange->response.body = std::make_unique<PendingBody>();
  exchange->answered.set(std::move(exchange->response));
}

int Connection2::on_data(nghttp2_session* session, uint8_t, int32_t id, const uint8_t* data, size_t length,
                         void* user) {
  nghttp2_session_consume_connection(session, length);
  ExchangePtr exchange = me(user).find(id);
  if (!exchange) return 0;
  if (exchange->collecting) {
    nghttp2_session_consume_stream(session, id, length);
    exchange->collected += text(data, length);
  } else {
    exchange->push(make_buffer(std::string(text(data, length))));
  }
  return 0;
}

void Connection2::stream_ended(const ExchangePtr& exchange) {
  exchange->end();
  if (!exchange->headed) return;
  if (exchange->collecting) {
    exchange->response.set_body(std::move(exchange->collected));
    exchange->answered.set(std::move(exchange->response));
  }
}

int Connection2::on_frame_sent(nghttp2_session*, const nghttp2_frame* frame, void* user) {
  if (frame->hd.type != NGHTTP2_HEADERS) return 0;
  if (ExchangePtr exchange = me(user).find(frame->hd.stream_id)) exchange->sent = true;
  return 0;
}

int Connection2::on_stream_close(nghttp2_session*, int32_t id, uint32_t error, void* user) {
  Connection2& connection = me(user);
  ExchangePtr exchange = connection.find(id);
  if (!exchange) return 0;
  connection.exchanges_.erase(id);
  connection.free_place();
  if (exchange->deadline_timer != 0) connection.executor().cancel_timer(exchange->deadline_timer);
  Status status = errors::service_unavailable(
      fmt::format("stream error: stream ID {}; {}; received from peer", id, nghttp2_http2_strerror(error)));
  exchange->fail_with(std::move(status), error == NGHTTP2_REFUSED_STREAM || !exchange->sent);
  if (connection.exchanges_.empty()) {
    connection.idle_since_ = connection.executor().now();
    std::lock_guard lock(connection.mutex_);
    if (!connection.usable_) {
      connection.executor().post(
          [me = connection.shared_from_this()] { me->abort("connection no longer used"); });
    }
  }
  return 0;
}

// --- the connection ---

// No new requests; those in progress go on.
void Connection2::leave() {
  {
    std::lock_guard lock(mutex_);
    if (!std::exchange(usable_, false)) return;
  }
  if (auto core = core_.lock()) core->forget(this);
  if (exchanges_.empty()) {
    executor().post([me = shared_from_this()] { me->abort("connection no longer used"); });
  }
}

Task<void> Connection2::watch_health(std::shared_ptr<Connection2> keep, OneShot<bool> ended) {
  Duration shortest = std::min({options_.ping_after, options_.ping_timeout, options_.idle_timeout});
  Duration pause = std::clamp<Duration>(shortest / 2, std::chrono::milliseconds(10), std::chrono::seconds(5));
  for (;;) {
    bool slept = co_await sleep_for(pause, ended_.token());
    if (!slept || aborted()) break;
    MonotonicTime now = executor().now();
    if (exchanges_.empty() && now - idle_since_ > options_.idle_timeout) {
      leave();
    } else if (pinged_ && now - last_read_ > options_.ping_after + options_.ping_timeout) {
      abort("http2: client connection lost");
    } else if (!pinged_ && now - last_read_ > options_.ping_after) {
      pinged_ = true;
      nghttp2_submit_ping(session(), NGHTTP2_FLAG_NONE, nullptr);
      schedule_flush();
    }
  }
  ended.set(true);
}

void Connection2::on_closed(const std::string& why) {
  leave();
  ended_.cancel();
  auto exchanges = std::move(exchanges_);
  exchanges_.clear();
  for (const auto& [id, exchange] : exchanges) {
    if (exchange->deadline_timer != 0) executor().cancel_timer(exchange->deadline_timer);
    exchange->fail_with(errors::service_unavailable("http2: " + why), !exchange->sent);
    free_place();
  }
}

}  // namespace

std::shared_ptr<Http2Client> start_http2(std::shared_ptr<ClientCore> core,
                                         std::shared_ptr<Transport> transport) {
  AsioExecutor& executor = transport->executor();
  auto connection = std::make_shared<Connection2>(core, std::move(transport));
  connection->start();
  executor.scope().spawn(Connection2::live(connection, std::move(core)));
  return connection;
}

}  // namespace xebec::http
