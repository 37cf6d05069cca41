// The server's side of HTTP/1.1 (RFC 9112): one request after the other on a connection, parsed by Beast.
#include <fmt/format.h>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "base/sync.h"
#include "http/http1_io.h"
#include "http/server_detail.h"

namespace xebec::http {
namespace {

namespace beast = boost::beast::http;
using Parser = beast::request_parser<beast::string_body>;

// What a client may send ahead while its request is worked on.
constexpr size_t kReadAhead = 64 << 10;
constexpr size_t kJoinedWrite = 64 << 10;

std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

bool has_token(std::string_view list, std::string_view token) {
  return beast::token_list(boost::beast::string_view(list.data(), list.size()))
      .exists(boost::beast::string_view(token.data(), token.size()));
}

Response plain_error(int status) {
  Response response;
  response.status = status;
  response.headers.add("Content-Type", "text/plain; charset=utf-8");
  std::string_view why = view(beast::obsolete_reason(static_cast<beast::status>(status)));
  response.set_body(fmt::format("{} {}", status, why));
  return response;
}

class Http1Server final : public ServerConnection {
 public:
  Http1Server(ServerShard& shard, std::shared_ptr<Transport> transport,
              std::shared_ptr<const Connection> info)
      : shard_(shard), info_(std::move(info)) {
    input_.transport = std::move(transport);
    enter(Phase::kIdle);
  }

  // As long as there are requests.
  Task<void> run(std::shared_ptr<Http1Server> keep);

  void tick(MonotonicTime now) override;
  void drain() override {
    leaving_ = true;
    if (phase_ == Phase::kIdle && input_.bytes.empty()) transport().close();
  }
  void cancel() override { cancel_.cancel(); }
  void abort() override {
    cancel_.cancel();
    transport().close();
  }

 private:
  enum class Phase { kIdle, kHeader, kBody, kWork, kWrite, kUpgraded };

  Transport& transport() { return *input_.transport; }
  void enter(Phase phase) {
    phase_ = phase;
    since_ = shard_.executor.now();
  }
  // A request; nothing when there is no more; a status other than 0 in `refused` is to be answered instead.
  Task<std::optional<Request>> read_request(std::optional<Response>& refused);
  void take_head(const Parser& parser, Request& request);
  Task<bool> serve(std::shared_ptr<Http1Server> keep, Request request);
  Task<void> watch_client(std::shared_ptr<Http1Server> keep, OneShot<bool> ended);
  std::string head_of(const Response& response, bool chunked, std::optional<size_t> length);
  Task<bool> write(std::string_view bytes);
  Task<bool> respond(Response& response, bool body);
  Task<bool> respond_pieces(Response& response, const std::vector<Buffer>& pieces, bool body);
  Task<bool> respond_stream(Response& response, std::unique_ptr<BodyStream> stream, bool body);

  ServerShard& shard_;
  std::shared_ptr<const Connection> info_;
  Input input_;
  CancelSource cancel_;
  Phase phase_ = Phase::kIdle;
  MonotonicTime since_;
  bool leaving_ = false;
  bool keep_alive_ = true;
  bool http10_ = false;
  bool watching_ = false;
};

Task<void> Http1Server::run(std::shared_ptr<Http1Server> keep) {
  while (keep_alive_ && !(leaving_ && input_.bytes.empty())) {
    std::optional<Response> refused;
    std::optional<Request> request = co_await read_request(refused);
    if (refused) {
      keep_alive_ = false;
      bool written = co_await respond(*refused, true);
      // Closing with unread bytes would reset the connection before the client has read the answer.
      if (written) {
        co_await transport().shutdown_write();
        enter(Phase::kIdle);
        for (size_t dropped = 0; dropped < (1 << 20); dropped += input_.bytes.size()) {
          input_.bytes.clear();
          bool more = co_await input_.more();
          if (!more) break;
        }
      }
      break;
    }
    if (!request) break;
    bool served = co_await serve(keep, std::move(*request));
    if (!served) break;
    enter(Phase::kIdle);
  }
  transport().close();
}

Task<std::optional<Request>> Http1Server::read_request(std::optional<Response>& refused) {
  Parser parser;
  parser.header_limit(static_cast<uint32_t>(shard_.limits.max_header_bytes));
  parser.body_limit(shard_.limits.max_body_bytes);
  parser.eager(true);
  bool head_seen = false;
  for (;;) {
    if (input_.bytes.empty()) {
      bool more = co_await input_.more();
      if (!more) co_return std::nullopt;
    }
    if (phase_ == Phase::kIdle) enter(Phase::kHeader);
    boost::beast::error_code failed;
    size_t used = parser.put(boost::asio::buffer(input_.bytes), failed);
    input_.bytes.erase(0, used);
    if (failed == beast::error::need_more) failed = {};
    if (failed == beast::error::body_limit) {
      refused = status_response(errors::too_large(fmt::format("limit is {}", shard_.limits.max_body_bytes)));
      co_return std::nullopt;
    }
    if (failed) {
      refused = plain_error(failed == beast::error::header_limit ? 431 : 400);
      co_return std::nullopt;
    }
    if (parser.is_header_done() && !std::exchange(head_seen, true)) {
      enter(Phase::kBody);
      std::string_view expect = view(parser.get()[beast::field::expect]);
      if (!parser.is_done() && has_token(expect, "100-continue")) {
        bool written = co_await write("HTTP/1.1 100 Continue\r\n\r\n");
        if (!written) co_return std::nullopt;
        enter(Phase::kBody);
      }
    }
    if (parser.is_done()) break;
    // Beast wants to see more than it left.
    if (!input_.bytes.empty() && used == 0) {
      bool more = co_await input_.more();
      if (!more) co_return std::nullopt;
    }
  }
  if (parser.get().version() >= 11 && parser.get().count(beast::field::host) != 1) {
    refused = plain_error(400);
    co_return std::nullopt;
  }
  Request request;
  take_head(parser, request);
  request.body = std::move(parser.get().body());
  co_return request;
}

void Http1Server::take_head(const Parser& parser, Request& request) {
  const auto& head = parser.get();
  request.method = view(head.method_string());
  split_target(view(head.target()), request);
  for (const auto& field : head) request.headers.add(view(field.name_string()), view(field.value()));
  request.connection = info_;
  http10_ = head.version() < 11;
  keep_alive_ = parser.keep_alive();
}

// True when the connection can take another request.
Task<bool> Http1Server::serve(std::shared_ptr<Http1Server> keep, Request request) {
  enter(Phase::kWork);
  cancel_ = CancelSource();
  bool head = request.method == "HEAD";
  OneShot<bool> watcher_ended;
  watching_ = true;
  shard_.scope.spawn(watch_client(keep, watcher_ended));
  Context context;
  context.cancel = cancel_.token();
  Response response = co_await shard_.handler.handle(context, std::move(request));
  auto* upgrade = std::get_if<std::unique_ptr<Upgrade>>(&response.body);
  bool done = false;
  if (upgrade == nullptr) done = co_await respond(response, !head);
  watching_ = false;
  transport().interrupt_read();
  co_await watcher_ended;
  if (upgrade == nullptr) co_return done;

  std::string answer = head_of(response, false, std::nullopt);
  bool written = co_await write(answer);
  if (written) {
    enter(Phase::kUpgraded);
    Input rest;
    rest.transport = input_.transport;
    rest.bytes = std::exchange(input_.bytes, {});
    std::unique_ptr<ByteStream> stream = make_upgraded(std::move(rest));
    co_await (*upgrade)->run(context, std::move(stream));
  }
  co_return false;
}

// While a request is worked on: keeps what the client sends ahead, and notices when it goes away.
Task<void> Http1Server::watch_client(std::shared_ptr<Http1Server> keep, OneShot<bool> ended) {
  while (watching_ && input_.bytes.size() < kReadAhead) {
    ssize_t count = input_.fill();
    if (count > 0) continue;
    if (count != Transport::kWouldBlock) {
      keep_alive_ = false;
      cancel_.cancel();
      break;
    }
    bool ready = co_await transport().readable();
    if (!ready && transport().closed()) {
      cancel_.cancel();
      break;
    }
  }
  ended.set(true);
}

std::string Http1Server::head_of(const Response& response, bool chunked, std::optional<size_t> length) {
  std::string_view why = view(beast::obsolete_reason(static_cast<beast::status>(response.status)));
  std::string out = fmt::format("HTTP/1.1 {:03d} {}\r\n", response.status, why);
  for (const auto& [name, value] : response.headers) append_field(out, name, value);
  bool bodiless = response.status == 204 || response.status == 304 || response.status < 200;
  if (chunked) append_field(out, "Transfer-Encoding", "chunked");
  if (length && !bodiless && !response.headers.has("content-length")) {
    append_field(out, "Content-Length", fmt::format_int(*length).str());
  }
  if (!shard_.date().empty()) append_field(out, "Date", shard_.date());
  if (response.status != 101) {
    if (has_token(response.headers.get("connection"), "close")) keep_alive_ = false;
    if (leaving_ && input_.bytes.empty()) keep_alive_ = false;
    if (!keep_alive_ && !response.headers.has("connection")) append_field(out, "Connection", "close");
    if (keep_alive_ && http10_) append_field(out, "Connection", "keep-alive");
  }
  out += "\r\n";
  return out;
}

Task<bool> Http1Server::write(std::string_view bytes) {
  while (!bytes.empty()) {
    enter(Phase::kWrite);
    ssize_t count = transport().try_write(bytes);
    if (count > 0) {
      bytes.remove_prefix(static_cast<size_t>(count));
      continue;
    }
    if (count == Transport::kBroken) co_return false;
    bool ready = co_await transport().writable();
    if (!ready) co_return false;
  }
  enter(Phase::kWork);
  co_return true;
}

Task<bool> Http1Server::respond(Response& response, bool body) {
  if (auto* pieces = std::get_if<std::vector<Buffer>>(&response.body)) {
    std::vector<Buffer> owned = std::move(*pieces);
    co_return co_await respond_pieces(response, owned, body);
  }
  auto stream = std::move(std::get<std::unique_ptr<BodyStream>>(response.body));
  co_return co_await respond_stream(response, std::move(stream), body);
}

Task<bool> Http1Server::respond_pieces(Response& response, const std::vector<Buffer>& pieces, bool body) {
  size_t length = 0;
  for (const Buffer& piece : pieces) length += piece->size();
  std::string out = head_of(response, false, length);
  if (body) {
    for (const Buffer& piece : pieces) {
      if (out.size() + piece->size() > kJoinedWrite) {
        bool written = co_await write(out);
        if (!written) co_return false;
        out.clear();
        if (piece->size() > kJoinedWrite) {
          written = co_await write(*piece);
          if (!written) co_return false;
          continue;
        }
      }
      out += *piece;
    }
  }
  bool written = co_await write(out);
  co_return written&& keep_alive_;
}

Task<bool> Http1Server::respond_stream(Response& response, std::unique_ptr<BodyStream> stream, bool body) {
  bool chunked = !http10_;
  if (!chunked) keep_alive_ = false;  // the end of the connection is the end of the body
  std::string out = head_of(response, chunked && body, std::nullopt);
  bool written = co_await write(out);
  if (!written || !body) co_return written&& keep_alive_;
  for (;;) {
    Result<Buffer> piece = co_await stream->next();
    // Without the last chunk the client knows that something is missing.
    if (!piece) co_return false;
    bool last = *piece == nullptr;
    if (!last && (*piece)->empty()) continue;
    if (chunked) {
      out = chunk(*piece);
      written = co_await write(out);
    } else if (!last) {
      written = co_await write(**piece);
    }
    if (!written) co_return false;
    if (last) co_return keep_alive_;
  }
}

void Http1Server::tick(MonotonicTime now) {
  const ServerLimits& limits = shard_.limits;
  Duration limit = Duration::max();
  switch (phase_) {
    case Phase::kIdle:
      limit = limits.idle_timeout;
      break;
    case Phase::kHeader:
      limit = limits.header_timeout;
      break;
    case Phase::kBody:
      limit = limits.body_timeout;
      break;
    case Phase::kWrite:
      limit = limits.stalled_timeout;
      break;
    case Phase::kWork:
    case Phase::kUpgraded:
      break;
  }
  if (limit == Duration::max() || now - since_ <= limit) return;
  cancel_.cancel();
  transport().close();
}

}  // namespace

Task<void> serve_http1(ServerShard& shard, std::shared_ptr<Transport> transport,
                       std::shared_ptr<const Connection> info) {
  auto server = std::make_shared<Http1Server>(shard, std::move(transport), std::move(info));
  Registered registered(shard, server);
  co_await server->run(server);
}

}  // namespace xebec::http
