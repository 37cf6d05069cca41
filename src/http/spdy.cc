#include "http/spdy.h"

#include <fmt/format.h>

#include <cstring>
#include <map>

#include "base/scope.h"
#include "http/spdy_frame.h"

namespace xebec::http::spdy {
namespace {

constexpr int64_t kInitialWindow = 64 << 10;
constexpr size_t kWritePart = 32 << 10;
constexpr size_t kReadSize = 32 << 10;

Status ended_error() { return errors::service_unavailable("spdy: connection closed"); }

}  // namespace

namespace detail {

struct StreamState {
  uint32_t id = 0;
  Headers headers;
  std::string unread;
  size_t taken = 0;  // of unread
  bool remote_fin = false;
  bool local_fin = false;
  std::optional<Status> broken;
  OneShot<Result<Headers>> reply;
  std::optional<OneShot<bool>> reader;  // waits for data
  std::optional<OneShot<bool>> space;   // the session waits for the reader
  std::optional<OneShot<bool>> window;  // a writer waits for the peer's window
  int64_t send_window = kInitialWindow;
  int64_t unacknowledged = 0;

  size_t buffered() const { return unread.size() - taken; }
  static void wake(std::optional<OneShot<bool>>& waiter) {
    if (auto shot = std::exchange(waiter, std::nullopt)) shot->set(true);
  }
  void wake_all() {
    wake(reader);
    wake(space);
    wake(window);
  }
  void break_with(const Status& status) {
    if (!broken) broken = status;
    reply.set(Result<Headers>(fail(status)));
    wake_all();
  }
};

struct SessionState {
  SessionState(std::unique_ptr<ByteStream> stream, Role role, Options options)
      : stream(std::move(stream)),
        role(role),
        options(options),
        next_id(role == Role::kClient ? 1 : 2),
        next_ping(next_id) {}

  std::unique_ptr<ByteStream> stream;
  const Role role;
  const Options options;
  Deflater deflater;
  Decoder decoder;
  AsyncMutex writing;
  std::map<uint32_t, std::shared_ptr<StreamState>> streams;
  Queue<std::shared_ptr<Stream>> accepted;
  std::map<uint32_t, OneShot<Result<void>>> pings;
  uint32_t next_id;
  uint32_t next_ping;
  uint32_t last_accepted = 0;
  bool going_away = false;  // by the peer's word: no new streams of ours
  bool ended = false;
  int64_t send_window = kInitialWindow;
  int64_t initial_window = kInitialWindow;
  int64_t unacknowledged = 0;
  Signal window;              // the connection's window has grown
  Queue<std::string> resets;  // frames of Stream::close(), which cannot wait; written by run()

  void forget(const std::shared_ptr<StreamState>& state) {
    if (state->remote_fin && state->local_fin) streams.erase(state->id);
  }
};

using SessionPtr = std::shared_ptr<SessionState>;
using StreamPtr = std::shared_ptr<StreamState>;

namespace {

// A frame that is one value, in its turn.
Task<Result<void>> write(SessionPtr session, std::string frame) {
  AsyncMutex::Guard guard = co_await session->writing.lock();
  if (session->ended) co_return fail(ended_error());
  co_return co_await session->stream->write(frame);
}

// Header blocks are compressed in the order they are sent.
Task<Result<void>> write_headers(SessionPtr session, Type type, uint32_t stream, Headers headers) {
  AsyncMutex::Guard guard = co_await session->writing.lock();
  if (session->ended) co_return fail(ended_error());
  std::string block = session->deflater.compress(headers);
  std::string frame = type == Type::kSynStream ? syn_stream(stream, 0, block) : syn_reply(stream, block);
  co_return co_await session->stream->write(frame);
}

Task<Result<void>> wait_for_window(SessionPtr session, StreamPtr state) {
  while (!state->broken && !session->ended && (state->send_window <= 0 || session->send_window <= 0)) {
    if (state->send_window <= 0) {
      OneShot<bool> grown;
      state->window = grown;
      co_await grown;
    } else {
      co_await session->window.wait();
    }
  }
  co_return Result<void>();
}

Task<void> handle_data(SessionPtr session, Frame frame) {
  auto it = session->streams.find(frame.stream);
  StreamPtr state = it == session->streams.end() ? nullptr : it->second;
  if (session->options.flow_control) {
    session->unacknowledged += static_cast<int64_t>(frame.data.size());
    if (session->unacknowledged > kInitialWindow / 2) {
      uint32_t delta = static_cast<uint32_t>(std::exchange(session->unacknowledged, 0));
      (void)co_await write(session, two_words(Type::kWindowUpdate, 0, delta));
    }
  }
  // Late data of a stream that was reset.
  if (!state || state->remote_fin) co_return;
  state->unread += frame.data;
  if ((frame.flags & kFin) != 0) {
    state->remote_fin = true;
    session->forget(state);
  }
  StreamState::wake(state->reader);
  while (!session->options.flow_control && state->buffered() > session->options.stream_buffer &&
         !state->broken && !session->ended) {
    OneShot<bool> space;
    state->space = space;
    co_await space;
  }
}

Task<Result<void>> handle_syn_stream(SessionPtr session, Frame frame) {
  uint32_t parity = session->role == Role::kServer ? 1 : 0;
  if (frame.stream == 0 || frame.stream % 2 != parity || frame.stream <= session->last_accepted) {
    co_return fail(errors::bad_request("spdy: stream id out of order"));
  }
  session->last_accepted = frame.stream;
  if (session->streams.size() >= session->options.max_streams) {
    co_return co_await write(session, two_words(Type::kRstStream, frame.stream, kRefusedStream));
  }
  auto state = std::make_shared<StreamState>();
  state->id = frame.stream;
  state->headers = std::move(frame.headers);
  state->send_window = session->initial_window;
  state->remote_fin = (frame.flags & kFin) != 0;
  session->streams.emplace(state->id, state);
  session->accepted.push(std::make_shared<Stream>(session, state));
  co_return Result<void>();
}

void handle_window_update(SessionState& session, const Frame& frame) {
  int64_t delta = frame.value & 0x7fffffff;
  if (frame.stream == 0) {
    session.send_window += delta;
    session.window.notify_all();
    return;
  }
  auto it = session.streams.find(frame.stream);
  if (it == session.streams.end()) return;
  it->second->send_window += delta;
  StreamState::wake(it->second->window);
}

Task<Result<void>> handle_ping(SessionPtr session, uint32_t id) {
  bool ours = id % 2 == (session->role == Role::kClient ? 1 : 0);
  if (!ours) co_return co_await write(session, ping_frame(id));
  auto it = session->pings.find(id);
  if (it != session->pings.end()) {
    it->second.set(Result<void>());
    session->pings.erase(it);
  }
  co_return Result<void>();
}

Task<Result<void>> handle(SessionPtr session, Frame frame) {
  auto it = session->streams.find(frame.stream);
  StreamPtr state = it == session->streams.end() ? nullptr : it->second;
  switch (frame.type) {
    case Type::kData:
      co_await handle_data(session, std::move(frame));
      break;
    case Type::kSynStream:
      co_return co_await handle_syn_stream(session, std::move(frame));
    case Type::kSynReply:
    case Type::kHeaders:
      if (!state) break;
      if (frame.type == Type::kSynReply) state->reply.set(Result<Headers>(std::move(frame.headers)));
      if ((frame.flags & kFin) != 0) {
        state->remote_fin = true;
        session->forget(state);
        StreamState::wake(state->reader);
      }
      break;
    case Type::kRstStream:
      if (!state) break;
      session->streams.erase(it);
      state->break_with(
          errors::service_unavailable(fmt::format("spdy: stream reset by the peer: {}", frame.value)));
      break;
    case Type::kPing:
      co_return co_await handle_ping(session, frame.stream);
    case Type::kGoAway:
      session->going_away = true;
      break;
    case Type::kWindowUpdate:
      handle_window_update(*session, frame);
      break;
    case Type::kSettings:
      if (frame.value == 0 || !session->options.flow_control) break;
      for (auto& [id, open] : session->streams) {
        open->send_window += static_cast<int64_t>(frame.value & 0x7fffffff) - session->initial_window;
        StreamState::wake(open->window);
      }
      session->initial_window = frame.value & 0x7fffffff;
      break;
  }
  co_return Result<void>();
}

void end_session(SessionState& session, const std::optional<Status>& why) {
  if (std::exchange(session.ended, true)) return;
  session.stream->close();
  auto streams = std::move(session.streams);
  session.streams.clear();
  for (auto& [id, state] : streams) {
    if (why) {
      state->break_with(*why);
    } else {
      // After an orderly end readers see the end of their stream, as with spdystream.
      state->remote_fin = true;
      state->reply.set(Result<Headers>(fail(ended_error())));
      state->wake_all();
    }
  }
  for (auto& [id, ping] : session.pings) ping.set(Result<void>(fail(ended_error())));
  session.pings.clear();
  session.window.notify_all();
  session.accepted.close();
  session.resets.close();
}

Task<void> write_resets(SessionPtr session) {
  for (;;) {
    std::optional<std::string> frame = co_await session->resets.pop();
    if (!frame) co_return;
    (void)co_await write(session, std::move(*frame));
  }
}

Task<Result<void>> read_frames(SessionPtr session) {
  std::string buffer(kReadSize, '\0');
  for (;;) {
    for (;;) {
      CO_TRY(std::optional<Frame> frame, session->decoder.next());
      if (!frame) break;
      CO_TRY_VOID(co_await handle(session, std::move(*frame)));
    }
    CO_TRY(size_t count, co_await session->stream->read(buffer));
    if (count == 0) co_return Result<void>();
    session->decoder.feed(std::string_view(buffer).substr(0, count));
  }
}

}  // namespace
}  // namespace detail

// --- Stream ---

Stream::Stream(std::shared_ptr<detail::SessionState> session, std::shared_ptr<detail::StreamState> state)
    : session_(std::move(session)), state_(std::move(state)) {}
Stream::~Stream() = default;

uint32_t Stream::id() const { return state_->id; }
const Headers& Stream::headers() const { return state_->headers; }

Task<Result<void>> Stream::reply(Headers headers) {
  return detail::write_headers(session_, Type::kSynReply, state_->id, std::move(headers));
}

Task<Result<Headers>> Stream::replied() {
  auto state = state_;
  co_return co_await state->reply;
}

Task<Result<void>> Stream::reset(uint32_t status) {
  auto session = session_;
  auto state = state_;
  state->local_fin = true;
  state->break_with(errors::service_unavailable("spdy: stream reset"));
  session->streams.erase(state->id);
  co_return co_await detail::write(session, two_words(Type::kRstStream, state->id, status));
}

Task<Result<size_t>> Stream::read(std::span<char> into) {
  auto session = session_;
  auto state = state_;
  while (state->buffered() == 0) {
    if (state->broken) co_return fail(*state->broken);
    if (state->remote_fin || session->ended) co_return size_t{0};
    OneShot<bool> data;
    state->reader = data;
    co_await data;
  }
  size_t count = std::min(into.size(), state->buffered());
  std::memcpy(into.data(), state->unread.data() + state->taken, count);
  state->taken += count;
  if (state->taken == state->unread.size() || state->taken > (64 << 10)) {
    state->unread.erase(0, std::exchange(state->taken, 0));
  }
  if (state->buffered() <= session->options.stream_buffer) detail::StreamState::wake(state->space);
  if (session->options.flow_control && !state->remote_fin) {
    state->unacknowledged += static_cast<int64_t>(count);
    if (state->unacknowledged > kInitialWindow / 2) {
      uint32_t delta = static_cast<uint32_t>(std::exchange(state->unacknowledged, 0));
      (void)co_await detail::write(session, two_words(Type::kWindowUpdate, state->id, delta));
    }
  }
  co_return count;
}

Task<Result<void>> Stream::write(std::string_view bytes) {
  auto session = session_;
  auto state = state_;
  while (!bytes.empty()) {
    if (session->options.flow_control) co_await detail::wait_for_window(session, state);
    if (state->broken) co_return fail(*state->broken);
    if (session->ended) co_return fail(ended_error());
    if (state->local_fin) co_return fail(errors::service_unavailable("spdy: write on a closed stream"));
    size_t part = std::min(bytes.size(), kWritePart);
    if (session->options.flow_control) {
      part = std::min(part, static_cast<size_t>(std::min(state->send_window, session->send_window)));
      state->send_window -= static_cast<int64_t>(part);
      session->send_window -= static_cast<int64_t>(part);
    }
    CO_TRY_VOID(co_await detail::write(session, data_frame(state->id, 0, bytes.substr(0, part))));
    bytes.remove_prefix(part);
  }
  co_return Result<void>();
}

Task<Result<void>> Stream::shutdown_write() {
  auto session = session_;
  auto state = state_;
  if (std::exchange(state->local_fin, true)) co_return Result<void>();
  session->forget(state);
  if (state->broken) co_return fail(*state->broken);
  co_return co_await detail::write(session, data_frame(state->id, kFin, ""));
}

void Stream::close() {
  state_->local_fin = true;
  state_->break_with(errors::service_unavailable("spdy: stream closed"));
  if (session_->streams.erase(state_->id) == 0) return;
  session_->resets.push(two_words(Type::kRstStream, state_->id, kCancel));
}

// --- Session ---

Session::Session(std::unique_ptr<ByteStream> stream, Role role, Options options)
    : state_(std::make_shared<detail::SessionState>(std::move(stream), role, options)) {}
Session::~Session() { close(); }

Task<Result<void>> Session::run() {
  auto state = state_;
  Scope writers(*Executor::current());
  writers.spawn(detail::write_resets(state));
  Result<void> result = co_await detail::read_frames(state);
  std::optional<Status> why;
  if (!result) why = result.error();
  detail::end_session(*state, why);
  co_await writers.join();
  co_return result;
}

Task<Result<std::shared_ptr<Stream>>> Session::open(Headers headers) {
  auto session = state_;
  if (session->ended || session->going_away) co_return fail(ended_error());
  auto state = std::make_shared<detail::StreamState>();
  state->headers = headers;
  state->send_window = session->initial_window;
  // The id is taken when the frame is written: ids must rise on the wire.
  AsyncMutex::Guard guard = co_await session->writing.lock();
  if (session->ended) co_return fail(ended_error());
  state->id = session->next_id;
  session->next_id += 2;
  session->streams.emplace(state->id, state);
  std::string frame = syn_stream(state->id, 0, session->deflater.compress(headers));
  CO_TRY_VOID(co_await session->stream->write(frame));
  co_return std::make_shared<Stream>(session, state);
}

Task<std::optional<std::shared_ptr<Stream>>> Session::accept(CancelToken cancel) {
  auto state = state_;
  co_return co_await state->accepted.pop(std::move(cancel));
}

Task<Result<void>> Session::ping() {
  auto state = state_;
  if (state->ended) co_return fail(ended_error());
  uint32_t id = state->next_ping;
  state->next_ping += 2;
  OneShot<Result<void>> answered;
  state->pings.emplace(id, answered);
  CO_TRY_VOID(co_await detail::write(state, ping_frame(id)));
  co_return co_await answered;
}

Task<Result<void>> Session::go_away() {
  return detail::write(state_, two_words(Type::kGoAway, state_->last_accepted, 0));
}

void Session::close() { detail::end_session(*state_, ended_error()); }

// --- handshake ---

bool is_upgrade(const Request& request) {
  return request.headers.get("upgrade") == "SPDY/3.1" && request.headers.has("connection");
}

Result<Response> accept(const Request& request, std::unique_ptr<Upgrade> upgrade) {
  if (!is_upgrade(request)) {
    return fail(errors::bad_request("unable to upgrade: missing upgrade headers in request"));
  }
  Response response;
  response.status = 101;
  response.headers.add("Connection", "Upgrade");
  response.headers.add("Upgrade", "SPDY/3.1");
  response.body = std::move(upgrade);
  return response;
}

}  // namespace xebec::http::spdy
