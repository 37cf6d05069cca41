// What the server's connections share. Everything of a shard happens on its executor.
#pragma once

#include <memory>
#include <set>
#include <string>

#include "base/scope.h"
#include "http/server.h"
#include "http/transport.h"

namespace xebec::http {

// A connection as its shard sees it.
class ServerConnection {
 public:
  virtual ~ServerConnection() = default;
  virtual void tick(MonotonicTime now) = 0;  // look at the timeouts
  virtual void drain() = 0;                  // no more requests; end when those in progress have ended
  virtual void cancel() = 0;                 // cancel the contexts of requests in progress
  virtual void abort() = 0;                  // end at once
};

// The connections of one io thread.
struct ServerShard {
  ServerShard(AsioExecutor& executor, const ServerOptions& options, Handler& handler)
      : executor(executor),
        scope(executor),
        limits(options.limits),
        clock(options.clock),
        logger(options.logger),
        handler(handler) {}

  AsioExecutor& executor;
  Scope scope;
  const ServerLimits limits;
  std::shared_ptr<const Clock> clock;
  Logger logger;
  Handler& handler;
  std::set<std::shared_ptr<ServerConnection>> connections;
  bool draining = false;
  CancelSource ticking;

  // The Date field's value; empty without a clock.
  const std::string& date();

 private:
  std::string date_;
  int64_t date_second_ = -1;
};

// Keeps a connection in its shard's set.
class Registered {
 public:
  Registered(ServerShard& shard, std::shared_ptr<ServerConnection> connection)
      : shard_(shard), connection_(std::move(connection)) {
    shard_.connections.insert(connection_);
    if (shard_.draining) connection_->drain();
  }
  Registered(const Registered&) = delete;
  ~Registered() { shard_.connections.erase(connection_); }

 private:
  ServerShard& shard_;
  std::shared_ptr<ServerConnection> connection_;
};

// Serve one connection to its end.
Task<void> serve_http1(ServerShard& shard, std::shared_ptr<Transport> transport,
                       std::shared_ptr<const Connection> info);
Task<void> serve_http2(ServerShard& shard, std::shared_ptr<Transport> transport,
                       std::shared_ptr<const Connection> info);

// A Status as the JSON that clients expect.
std::string status_json(const Status& status);
// A response with that body.
Response status_response(const Status& status);
// Splits a request target (origin or absolute form) into path and query.
void split_target(std::string_view target, Request& request);

}  // namespace xebec::http
