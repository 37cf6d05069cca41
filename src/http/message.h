// HTTP as the rest of the system sees it, whatever carries it (HTTP/1.1, HTTP/2, an in-process call).
// Sources: RFC 9110. Values are plain; streams are owned by whoever holds their pointer.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "base/task.h"

namespace xebec::http {

// Header fields in order of arrival; names compare without case. Values of one name are kept apart.
class Headers {
 public:
  using Field = std::pair<std::string, std::string>;

  void add(std::string_view name, std::string_view value) { fields_.emplace_back(name, value); }
  // Replaces all fields of that name.
  void set(std::string_view name, std::string_view value);
  void erase(std::string_view name);
  // The first value of the name; empty when absent.
  std::string_view get(std::string_view name) const;
  bool has(std::string_view name) const;
  std::vector<std::string_view> all(std::string_view name) const;

  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }
  size_t size() const { return fields_.size(); }

 private:
  std::vector<Field> fields_;
};

// Bytes that many responses and threads may share; never changed once made.
using Buffer = std::shared_ptr<const std::string>;
Buffer make_buffer(std::string bytes);

// A body that arrives or is made piece by piece.
class BodyStream {
 public:
  virtual ~BodyStream() = default;
  // The next piece; nullptr at the end; an error when the stream broke. Not called again after either.
  virtual Task<Result<Buffer>> next() = 0;
};

// A connection after an upgrade (WebSocket and SPDY handshakes, port forwarding): raw bytes both ways.
// One reader and one writer at a time, which may be different coroutines of one executor.
class ByteStream {
 public:
  virtual ~ByteStream() = default;
  // Reads at least one byte; 0 at the end.
  virtual Task<Result<size_t>> read(std::span<char> into) = 0;
  // Writes all of it.
  virtual Task<Result<void>> write(std::string_view bytes) = 0;
  virtual Task<Result<void>> shutdown_write() = 0;
  // Ends both directions at once; pending calls return errors. Safe to call from the stream's executor at any
  // time.
  virtual void close() = 0;
};

// What is known of the connection a request came by. Shared by its requests.
struct Connection {
  std::string remote_address;  // "127.0.0.1:40000"; empty in process
  std::string protocol;        // "HTTP/1.1", "HTTP/2.0"
  bool tls = false;
  std::vector<std::string> peer_chain;  // client certificates, DER, leaf first; verified by nobody yet
};

struct Request {
  std::string method;  // upper case
  std::string path;    // as sent (still percent-encoded), without the query
  std::string query;   // without '?', as sent
  Headers headers;
  std::string body;  // whole; servers bound its size
  std::shared_ptr<const Connection> connection;

  // The value of a query parameter, percent-decoded; nullopt when absent. First one wins, as Go's
  // url.Values.Get.
  std::optional<std::string> param(std::string_view name) const;
  std::vector<std::string> params(std::string_view name) const;
};

// Takes the connection over after a 101 response has been sent. `stream` is closed when the task ends.
class Upgrade {
 public:
  virtual ~Upgrade() = default;
  virtual Task<void> run(Context context, std::unique_ptr<ByteStream> stream) = 0;
};

struct Response {
  int status = 200;
  Headers headers;
  // Exactly one form: pieces known now (sent with Content-Length), a stream (chunked), or an upgrade (status
  // 101, HTTP/1.1 only).
  std::variant<std::vector<Buffer>, std::unique_ptr<BodyStream>, std::unique_ptr<Upgrade>> body;

  // Replaces the body.
  void set_body(std::string bytes) { body = std::vector<Buffer>{make_buffer(std::move(bytes))}; }
  // The whole body, waiting for a stream to end; at most `limit` bytes.
  Task<Result<std::string>> read_body(size_t limit = 1 << 30);
};

// Serves requests. Called on the executor of the connection; must not block. Thread-safe.
// context.cancel is cancelled when the client goes away.
class Handler {
 public:
  virtual ~Handler() = default;
  virtual Task<Response> handle(Context context, Request request) = 0;
};

// Sends requests; the mirror image of Handler. Thread-safe. Implementations: an HTTP client for one server,
// and the in-process one that calls a Handler.
class Client {
 public:
  virtual ~Client() = default;
  // Transport failures are errors (code 503, or UnknownOutcome when the request may have been carried out);
  // any HTTP status is a Response. A streaming response holds its connection until it is destroyed.
  virtual Task<Result<Response>> send(Context context, Request request) = 0;
  // For requests with `Connection: Upgrade`: the stream after a 101; any other answer is returned as an error
  // Status.
  virtual Task<Result<std::unique_ptr<ByteStream>>> upgrade(Context context, Request request,
                                                            Headers& answered) = 0;
};

std::string percent_decode(std::string_view text, bool plus_is_space);
std::string percent_encode(std::string_view text);  // for a query value or a path segment

}  // namespace xebec::http
