// The inside of the client: where connections come from, and the two kinds of them.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/scope.h"
#include "base/sync.h"
#include "http/client.h"
#include "http/http1_io.h"
#include "http/tls_context.h"
#include "http/transport.h"

namespace xebec::http {

// Runs a task on another executor of the pool and waits for it. The task owns what it uses: it goes on when
// the waiter is gone.
template <class T>
Task<void> run_and_report(Task<T> task, OneShot<T> out) {
  out.set(co_await std::move(task));
}
template <class T>
Task<T> run_on(AsioExecutor& executor, Task<T> task) {
  if (Executor::current() == &executor) co_return co_await std::move(task);
  OneShot<T> done;
  executor.scope().spawn(run_and_report(std::move(task), done));
  co_return co_await done;
}

// Methods that change nothing: safe to send again.
bool is_safe(std::string_view method);

// How a request ended without a response.
struct Failure {
  Status status;
  bool not_processed = false;  // the server did nothing with it: it may be sent again
};
using Outcome = std::expected<Response, Failure>;

// A connection for one request at a time.
struct Http1Connection {
  Input input;
  MonotonicTime idle_since;
  bool reused = false;

  AsioExecutor& executor() { return input.transport->executor(); }
};

class Http2Client;

// Shared by the client object and its connections. Thread-safe.
class ClientCore : public std::enable_shared_from_this<ClientCore> {
 public:
  ClientCore(IoPool& pool, ClientOptions options, TlsContext tls, std::string host, std::string port);

  Task<Result<Response>> send(Context context, Request request);
  Task<Result<std::unique_ptr<ByteStream>>> upgrade(Context context, Request request, Headers& answered);
  void close();

  // A new connection, on `executor`, which is the current one. `alpn` in wire format.
  Task<Result<std::shared_ptr<Transport>>> dial(AsioExecutor& executor, std::string alpn);
  // An HTTP/1.1 connection without a request.
  void put_back(std::unique_ptr<Http1Connection> connection);
  void forget(const Http2Client* connection);
  const ClientOptions& options() const { return options_; }
  CancelToken closed() const { return closed_.token(); }

 private:
  struct Use {
    std::shared_ptr<Http2Client> http2;
    std::unique_ptr<Http1Connection> http1;
  };
  Result<void> complete(Request& request) const;
  Task<Result<Use>> acquire(Context context);
  std::optional<Use> take_existing();
  Task<Result<bool>> wait_for_dial(Context context);
  static Task<void> dial_shared(std::shared_ptr<ClientCore> core, AsioExecutor& executor);
  static Task<Result<std::unique_ptr<Http1Connection>>> dial_http1(std::shared_ptr<ClientCore> core,
                                                                   AsioExecutor& executor);
  void dialed(Result<std::shared_ptr<Transport>> result);

  IoPool& pool_;
  const ClientOptions options_;
  const TlsContext tls_;
  const std::string host_;
  const std::string port_;
  CancelSource closed_;

  std::mutex mutex_;
  std::vector<std::shared_ptr<Http2Client>> http2_;
  std::vector<std::unique_ptr<Http1Connection>> idle_;
  std::vector<OneShot<Result<bool>>> dial_waiters_;
  bool dialing_ = false;
  bool speaks_http1_ = false;  // the server did not choose h2
};

// A connection that many requests share.
class Http2Client {
 public:
  virtual ~Http2Client() = default;
  // Reserves a place for a request; false when there is none. Thread-safe. send() frees it.
  virtual bool reserve() = 0;
  virtual Task<Outcome> send(Context context, Request request) = 0;
  virtual void close() = 0;  // thread-safe
};
// Starts to run the connection in its executor's scope.
std::shared_ptr<Http2Client> start_http2(std::shared_ptr<ClientCore> core,
                                         std::shared_ptr<Transport> transport);

// Sends one request; on the connection's executor. Gives the connection back when its response has ended.
Task<Outcome> send_http1(std::shared_ptr<ClientCore> core, std::unique_ptr<Http1Connection> connection,
                         Context context, Request request);

// The upgraded stream and the fields of the 101.
struct Upgraded101 {
  std::unique_ptr<ByteStream> stream;
  Headers headers;
};
Task<Result<Upgraded101>> upgrade_http1(std::unique_ptr<Http1Connection> connection, Context context,
                                        Request request);

// The stream, usable from any executor.
std::unique_ptr<ByteStream> make_remote(AsioExecutor& executor, std::unique_ptr<ByteStream> stream);

}  // namespace xebec::http
