#include "http/server.h"

#include <fmt/format.h>
#include <openssl/ssl.h>
#include <unistd.h>

#include <ctime>

#include "base/scope.h"
#include "base/sync.h"
#include "http/server_detail.h"
#include "http/tls_context.h"

namespace xebec::http {
namespace {

constexpr Duration kLastMoment =
    std::chrono::seconds(1);  // between cancelling requests and closing connections

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  out += '"';
}

// A connection during its TLS handshake.
class Handshake final : public ServerConnection {
 public:
  Handshake(std::shared_ptr<Transport> transport, MonotonicTime deadline)
      : transport_(std::move(transport)), deadline_(deadline) {}
  void tick(MonotonicTime now) override {
    if (now >= deadline_) transport_->close();
  }
  void drain() override { transport_->close(); }
  void cancel() override { transport_->close(); }
  void abort() override { transport_->close(); }

 private:
  std::shared_ptr<Transport> transport_;
  MonotonicTime deadline_;
};

Task<void> tick_loop(ServerShard& shard, CancelToken cancel) {
  for (;;) {
    bool slept = co_await sleep_for(shard.limits.tick, cancel);
    if (!slept) co_return;
    std::vector<std::shared_ptr<ServerConnection>> connections(shard.connections.begin(),
                                                               shard.connections.end());
    MonotonicTime now = shard.executor.now();
    for (const auto& connection : connections) connection->tick(now);
  }
}

}  // namespace

std::string status_json(const Status& status) {
  std::string out = R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":)";
  append_json_string(out, status.message);
  if (!status.reason.empty()) {
    out += ",\"reason\":";
    append_json_string(out, status.reason);
  }
  fmt::format_to(std::back_inserter(out), ",\"code\":{}}}\n", status.code);
  return out;
}

Response status_response(const Status& status) {
  Response response;
  response.status = status.code;
  response.headers.add("Content-Type", "application/json");
  response.set_body(status_json(status));
  return response;
}

void split_target(std::string_view target, Request& request) {
  if (!target.starts_with('/')) {
    size_t scheme = target.find("://");
    if (scheme != std::string_view::npos) {
      size_t path = target.find_first_of("/?", scheme + 3);
      target = path == std::string_view::npos ? std::string_view("/") : target.substr(path);
    }
  }
  size_t question = target.find('?');
  request.path = target.substr(0, question);
  if (request.path.empty()) request.path = "/";
  request.query = question == std::string_view::npos ? std::string_view() : target.substr(question + 1);
}

const std::string& ServerShard::date() {
  if (!clock) return date_;
  int64_t second = std::chrono::floor<std::chrono::seconds>(clock->now()).time_since_epoch().count();
  if (second != date_second_) {
    date_second_ = second;
    std::time_t time = static_cast<std::time_t>(second);
    std::tm parts{};
    gmtime_r(&time, &parts);
    char text[40];
    date_.assign(text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts));
  }
  return date_;
}

struct Server::Core {
  explicit Core(ServerOptions options) : options(std::move(options)) {}

  ServerOptions options;
  std::vector<std::unique_ptr<ServerShard>> shards;
  std::unique_ptr<Listener> listener;  // on the first shard
  std::atomic<size_t> connections{0};
  std::atomic<bool> stopped{false};
  std::mutex mutex;
  TlsContext tls;  // guarded by mutex

  TlsContext current_tls() {
    std::lock_guard lock(mutex);
    return tls;
  }

  // Runs `action` on every shard's executor and returns when it has: nothing of it is left to run when the
  // shards go.
  template <class Action>
  Task<void> on_shards(Action action) {
    Executor& home = *Executor::current();
    for (auto& shard : shards) {
      co_await shard->executor.schedule();
      action(*shard);
    }
    co_await home.schedule();
  }
};

namespace {

struct CountGuard {
  explicit CountGuard(std::atomic<size_t>& count) : count(count) {}
  CountGuard(const CountGuard&) = delete;
  ~CountGuard() { count.fetch_sub(1); }
  std::atomic<size_t>& count;
};

Task<void> serve(ServerShard& shard, std::atomic<size_t>& count, TlsContext tls, int fd, std::string peer) {
  CountGuard counted(count);
  auto transport = std::make_shared<Transport>(shard.executor, fd);
  auto info = std::make_shared<Connection>();
  info->remote_address = std::move(peer);
  info->tls = tls != nullptr;
  info->protocol = "HTTP/1.1";
  if (tls) {
    MonotonicTime deadline = shard.executor.now() + shard.limits.handshake_timeout;
    Registered registered(shard, std::make_shared<Handshake>(transport, deadline));
    Result<void> done = co_await transport->accept_tls(tls.get());
    if (!done) {
      std::string text =
          fmt::format("TLS handshake error from {}: {}", info->remote_address, done.error().message);
      shard.logger.debug(text);
      co_return;
    }
    info->peer_chain = peer_chain(transport->ssl());
    if (transport->alpn() == "h2") info->protocol = "HTTP/2.0";
  }
  if (shard.draining) co_return;
  if (info->protocol == "HTTP/2.0") {
    co_await serve_http2(shard, transport, info);
  } else {
    co_await serve_http1(shard, transport, info);
  }
}

template <class CorePtr>
Task<void> accept_loop(CorePtr core) {
  size_t turn = 0;
  while (!core->listener->closed()) {
    Result<Listener::Accepted> accepted = co_await core->listener->accept();
    if (!accepted) {
      if (core->listener->closed()) break;
      // Out of descriptors, most likely: others must end first.
      core->options.logger.warning("accept failed: " + accepted.error().message);
      co_await sleep_for(std::chrono::milliseconds(50));
      continue;
    }
    if (core->connections.load() >= core->options.limits.max_connections) {
      ::close(accepted->fd);
      continue;
    }
    core->connections.fetch_add(1);
    ServerShard& shard = *core->shards[turn++ % core->shards.size()];
    shard.scope.spawn(
        serve(shard, core->connections, core->current_tls(), accepted->fd, std::move(accepted->peer)));
  }
}

// Reports to each of `waiters` when no connection is left.
template <class CorePtr>
Task<void> join_all(CorePtr core, std::vector<OneShot<bool>> waiters) {
  for (auto& shard : core->shards) co_await shard->scope.join();
  for (const OneShot<bool>& waiter : waiters) waiter.set(true);
}

}  // namespace

Result<std::unique_ptr<Server>> Server::listen(IoPool& pool, ServerOptions options, Handler& handler) {
  auto core = std::make_shared<Core>(std::move(options));
  if (core->options.tls) {
    TRY(core->tls, make_server_tls(*core->options.tls));
    core->options.tls->key_pem.clear();
  }
  TRY(core->listener, Listener::bind(pool.at(0), core->options.address, core->options.port));
  for (size_t i = 0; i < pool.size(); ++i) {
    core->shards.push_back(std::make_unique<ServerShard>(pool.at(i), core->options, handler));
  }
  for (auto& shard : core->shards) shard->scope.spawn(tick_loop(*shard, shard->ticking.token()));
  core->shards[0]->scope.spawn(accept_loop(core));
  return std::unique_ptr<Server>(new Server(std::move(core)));
}

Server::Server(std::shared_ptr<Core> core) : core_(std::move(core)) {}

Server::~Server() { block_on(shutdown(Duration(0))); }

uint16_t Server::port() const { return core_->listener->port(); }
size_t Server::connections() const { return core_->connections.load(); }

Result<void> Server::reload(const ServerTls& tls) {
  TRY(TlsContext context, make_server_tls(tls));
  std::lock_guard lock(core_->mutex);
  core_->tls = std::move(context);
  return {};
}

Task<void> Server::shutdown(Duration grace) {
  std::shared_ptr<Core> core = core_;
  if (core->stopped.exchange(true)) co_return;
  Core* held = core.get();
  auto drain = [held](ServerShard& shard) {
    if (&shard == held->shards[0].get()) held->listener->close();
    shard.draining = true;
    shard.ticking.cancel();
    std::vector<std::shared_ptr<ServerConnection>> connections(shard.connections.begin(),
                                                               shard.connections.end());
    for (const auto& connection : connections) connection->drain();
  };
  co_await core->on_shards(drain);
  OneShot<bool> in_time;
  OneShot<bool> cancelled;
  OneShot<bool> ended;
  std::vector<OneShot<bool>> waiters = {in_time, cancelled, ended};
  Scope joiner(core->shards[0]->executor);
  joiner.spawn(join_all(core, std::move(waiters)));
  Executor& here = *Executor::current();
  uint64_t timer = here.post_at(here.now() + grace, [in_time] { in_time.set(false); });
  bool done = co_await in_time;
  here.cancel_timer(timer);
  if (!done) {
    auto cancel = [](ServerShard& shard) {
      auto connections = shard.connections;
      for (const auto& connection : connections) connection->cancel();
    };
    co_await core->on_shards(cancel);
    timer = here.post_at(here.now() + kLastMoment, [cancelled] { cancelled.set(false); });
    done = co_await cancelled;
    here.cancel_timer(timer);
  }
  if (!done) {
    auto abort = [](ServerShard& shard) {
      auto connections = shard.connections;
      for (const auto& connection : connections) connection->abort();
    };
    co_await core->on_shards(abort);
  }
  co_await ended;
  co_await joiner.join();
}

}  // namespace xebec::http
