// The client's side of HTTP/1.1: one request at a time on a connection, and upgrades.
#include <fmt/format.h>

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/http/parser.hpp>

#include <cstring>

#include "http/client_detail.h"

namespace xebec::http {
namespace {

namespace beast = boost::beast::http;

// As Beast's string_body, but room is made as bytes come: a Content-Length is only what the peer says.
struct GrowingBody {
  using value_type = std::string;
  class reader {
   public:
    template <bool isRequest, class Fields>
    reader(beast::header<isRequest, Fields>&, value_type& body) : body_(body) {}
    void init(const boost::optional<uint64_t>&, boost::beast::error_code& failed) { failed = {}; }
    template <class Buffers>
    size_t put(const Buffers& buffers, boost::beast::error_code& failed) {
      failed = {};
      const size_t before = body_.size();
      for (auto buffer : boost::beast::buffers_range_ref(buffers))
        body_.append(static_cast<const char*>(buffer.data()), buffer.size());
      return body_.size() - before;
    }
    void finish(boost::beast::error_code& failed) { failed = {}; }

   private:
    value_type& body_;
  };
};
using Parser = beast::response_parser<GrowingBody>;

constexpr size_t kCollected = 1 << 20;  // bodies of known length up to this are delivered whole
constexpr size_t kErrorBody = 64 << 10;

std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

// Closes a connection when its request is cancelled or too late, and says which it was.
class Watchdog {
 public:
  Watchdog(std::shared_ptr<Transport> transport, const Context& context, const CancelToken& client_closed)
      : executor_(transport->executor()), cancel_(context.cancel), deadline_(context.deadline) {
    registration_ =
        cancel_.on_cancel([transport, this] { executor_.post([transport] { transport->close(); }); });
    client_closed_ =
        client_closed.on_cancel([transport, this] { executor_.post([transport] { transport->close(); }); });
    if (deadline_) timer_ = executor_.post_at(*deadline_, [transport] { transport->close(); });
  }
  Watchdog(const Watchdog&) = delete;
  ~Watchdog() {
    registration_.reset();
    client_closed_.reset();
    if (timer_ != 0) executor_.cancel_timer(timer_);
  }

  Status explain(std::string_view otherwise) const {
    if (cancel_.cancelled()) return errors::cancelled();
    if (deadline_ && executor_.now() >= *deadline_) return errors::timeout("context deadline exceeded", 0);
    return errors::service_unavailable(otherwise);
  }

 private:
  AsioExecutor& executor_;
  CancelToken cancel_;
  std::optional<MonotonicTime> deadline_;
  CancelRegistration registration_;
  CancelRegistration client_closed_;
  uint64_t timer_ = 0;
};

std::string request_text(const Request& request) {
  std::string out = request.method + " " + (request.path.empty() ? "/" : request.path);
  if (!request.query.empty()) out += "?" + request.query;
  out += " HTTP/1.1\r\n";
  for (const auto& [name, value] : request.headers) append_field(out, name, value);
  bool bodiless = request.body.empty() && (is_safe(request.method) || request.method == "DELETE");
  if (!bodiless && !request.headers.has("content-length")) {
    append_field(out, "Content-Length", std::to_string(request.body.size()));
  }
  out += "\r\n";
  out += request.body;
  return out;
}

// One response being read from a connection.
struct Reading {
  Reading(std::shared_ptr<ClientCore> core, std::unique_ptr<Http1Connection> connection,
          const Context& context)
      : core(std::move(core)),
        connection(std::move(connection)),
        watchdog(std::make_unique<Watchdog>(this->connection->input.transport, context,
                                            this->core ? this->core->closed() : CancelToken())) {}

  std::shared_ptr<ClientCore> core;
  std::unique_ptr<Http1Connection> connection;
  std::unique_ptr<Watchdog> watchdog;
  std::unique_ptr<Parser> parser;
  bool any_bytes = false;

  Input& input() { return connection->input; }
  AsioExecutor& executor() { return connection->executor(); }

  void new_parser(bool head) {
    parser = std::make_unique<Parser>();
    parser->eager(true);
    parser->header_limit(1 << 20);
    parser->body_limit(boost::none);
    parser->skip(head);
  }

  // Parses more; false with the reason in `why` when the connection ended too soon.
  Task<bool> step(std::string& why) {
    if (input().bytes.empty()) {
      bool more = co_await input().more();
      if (!more) {
        boost::beast::error_code failed;
        if (parser->got_some()) parser->put_eof(failed);
        if (parser->is_done() && !failed) co_return true;
        const std::string& error = input().transport->error();
        why = error.empty() ? "EOF" : error;
        co_return false;
      }
    }
    any_bytes = true;
    boost::beast::error_code failed;
    size_t used = parser->put(boost::asio::buffer(input().bytes), failed);
    input().bytes.erase(0, used);
    if (failed && failed != beast::error::need_more) {
      why = "malformed HTTP response: " + failed.message();
      co_return false;
    }
    if (used == 0 && !parser->is_done()) {
      bool more = co_await input().more();
      if (!more) {
        why = "unexpected EOF";
        co_return false;
      }
    }
    co_return true;
  }

  // Reads to the end of the header of the final response.
  Task<bool> read_head(bool head, std::string& why) {
    for (;;) {
      new_parser(head);
      while (!parser->is_header_done()) {
        bool parsed = co_await step(why);
        if (!parsed) co_return false;
      }
      unsigned status = parser->get().result_int();
      if (status >= 200 || status == 101) co_return true;
      while (!parser->is_done()) {
        bool parsed = co_await step(why);
        if (!parsed) co_return false;
      }
    }
  }

  void take_head(Response& response) {
    response.status = static_cast<int>(parser->get().result_int());
    for (const auto& field : parser->get())
      response.headers.add(view(field.name_string()), view(field.value()));
  }

  // The response is complete: the connection may serve another request.
  void finish() {
    watchdog = nullptr;
    bool reusable = parser->keep_alive() && input().bytes.empty() && !input().transport->closed();
    if (reusable && core) core->put_back(std::move(connection));
    connection = nullptr;
  }
};

class Http1Body final : public BodyStream {
 public:
  explicit Http1Body(std::unique_ptr<Reading> reading)
      : executor_(reading->executor()), reading_(std::move(reading)) {}

  ~Http1Body() override {
    if (Executor::current() == &executor_) return;
    executor_.post([reading = std::move(reading_)] {});
  }

  Task<Result<Buffer>> next() override {
    Task<Result<Buffer>> task = read(reading_);
    co_return co_await run_on(executor_, std::move(task));
  }

 private:
  static Task<Result<Buffer>> read(std::shared_ptr<Reading> reading) {
    std::string& body = reading->parser->get().body();
    while (body.empty() && !reading->parser->is_done()) {
      std::string why;
      bool parsed = co_await reading->step(why);
      if (!parsed) co_return fail(reading->watchdog->explain(why));
    }
    if (!body.empty()) co_return make_buffer(std::exchange(body, {}));
    reading->finish();
    co_return Buffer();
  }

  AsioExecutor& executor_;
  std::shared_ptr<Reading> reading_;
};

Outcome failure(const Reading& reading, const std::string& why, bool not_processed) {
  return std::unexpected(Failure{reading.watchdog->explain(why), not_processed});
}

class RemoteStream final : public ByteStream {
 public:
  RemoteStream(AsioExecutor& executor, std::unique_ptr<ByteStream> stream)
      : executor_(executor), stream_(std::move(stream)) {}
  ~RemoteStream() override {
    if (Executor::current() == &executor_) return;
    executor_.post([stream = std::move(stream_)] {});
  }

  Task<Result<size_t>> read(std::span<char> into) override {
    if (Executor::current() == &executor_) co_return co_await stream_->read(into);
    Task<Result<std::string>> task = read_there(stream_, into.size());
    CO_TRY(std::string bytes, co_await run_on(executor_, std::move(task)));
    std::memcpy(into.data(), bytes.data(), bytes.size());
    co_return bytes.size();
  }
  Task<Result<void>> write(std::string_view bytes) override {
    if (Executor::current() == &executor_) co_return co_await stream_->write(bytes);
    Task<Result<void>> task = write_there(stream_, std::string(bytes));
    co_return co_await run_on(executor_, std::move(task));
  }
  Task<Result<void>> shutdown_write() override {
    Task<Result<void>> task = shutdown_there(stream_);
    co_return co_await run_on(executor_, std::move(task));
  }
  void close() override {
    executor_.post([stream = stream_] { stream->close(); });
  }

 private:
  using StreamPtr = std::shared_ptr<ByteStream>;
  static Task<Result<std::string>> read_there(StreamPtr stream, size_t size) {
    std::string bytes(std::min<size_t>(size, 64 << 10), '\0');
    CO_TRY(size_t count, co_await stream->read(bytes));
    bytes.resize(count);
    co_return bytes;
  }
  static Task<Result<void>> write_there(StreamPtr stream, std::string bytes) {
    co_return co_await stream->write(bytes);
  }
  static Task<Result<void>> shutdown_there(StreamPtr stream) { co_return co_await stream->shutdown_write(); }

  AsioExecutor& executor_;
  StreamPtr stream_;
};

// The message of a metav1 Status in JSON, or the text itself.
std::string server_message(const std::string& body) {
  static constexpr std::string_view kKey = "\"message\":\"";
  size_t at = body.find("\"kind\":\"Status\"") == std::string::npos ? std::string::npos : body.find(kKey);
  if (at == std::string::npos) return body.substr(0, body.find_last_not_of("\r\n ") + 1);
  std::string message;
  for (size_t i = at + kKey.size(); i < body.size() && body[i] != '"'; ++i) {
    if (body[i] == '\\' && i + 1 < body.size()) {
      char next = body[++i];
      message += next == 'n' ? '\n' : next == 't' ? '\t' : next;
    } else {
      message += body[i];
    }
  }
  return message;
}

}  // namespace

Task<Outcome> send_http1(std::shared_ptr<ClientCore> core, std::unique_ptr<Http1Connection> connection,
                         Context context, Request request) {
  auto reading = std::make_unique<Reading>(std::move(core), std::move(connection), context);
  bool reused = reading->connection->reused;
  if (reused) {
    // A kept connection that the server has closed meanwhile shows it now.
    ssize_t early = reading->input().fill();
    if (early != Transport::kWouldBlock) co_return failure(*reading, "connection closed", true);
  }
  bool head = request.method == "HEAD";
  std::string text = request_text(request);
  Result<void> written = co_await reading->input().transport->write(text);
  // The server may have answered and closed before it had read everything.
  std::string why = written ? "" : written.error().message;
  bool answered = co_await reading->read_head(head, why);
  if (!answered) co_return failure(*reading, why, reused && !reading->any_bytes && is_safe(request.method));
  Response response;
  reading->take_head(response);
  auto length = reading->parser->content_length();
  bool whole = reading->parser->is_done() || (length && *length <= kCollected);
  if (!whole) {
    response.body = std::make_unique<Http1Body>(std::move(reading));
    co_return response;
  }
  while (!reading->parser->is_done()) {
    bool parsed = co_await reading->step(why);
    if (!parsed) co_return failure(*reading, why, false);
  }
  response.set_body(std::move(reading->parser->get().body()));
  reading->finish();
  co_return response;
}

Task<Result<Upgraded101>> upgrade_http1(std::unique_ptr<Http1Connection> connection, Context context,
                                        Request request) {
  Reading reading(nullptr, std::move(connection), context);
  std::string text = request_text(request);
  std::string why;
  Result<void> written = co_await reading.input().transport->write(text);
  if (!written) why = written.error().message;
  bool answered = co_await reading.read_head(false, why);
  if (!answered) co_return fail(reading.watchdog->explain(why));
  Response response;
  reading.take_head(response);
  if (response.status != 101) {
    while (!reading.parser->is_done() && reading.parser->get().body().size() < kErrorBody) {
      bool parsed = co_await reading.step(why);
      if (!parsed) break;
    }
    std::string message = server_message(reading.parser->get().body());
    if (message.empty()) message = fmt::format("unable to upgrade connection: status {}", response.status);
    Status status = errors::generic(response.status, request.method, {}, "", message, 0);
    if (response.status >= 400) status.message = message;
    co_return fail(std::move(status));
  }
  Upgraded101 upgraded;
  upgraded.headers = std::move(response.headers);
  reading.watchdog = nullptr;
  upgraded.stream = make_upgraded(std::move(reading.connection->input));
  co_return upgraded;
}

std::unique_ptr<ByteStream> make_remote(AsioExecutor& executor, std::unique_ptr<ByteStream> stream) {
  return std::make_unique<RemoteStream>(executor, std::move(stream));
}

}  // namespace xebec::http
