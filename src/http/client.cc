#include "http/client.h"

#include <fmt/format.h>
#include <openssl/ssl.h>

#include "http/client_detail.h"

namespace xebec::http {
namespace {

using namespace std::string_literals;
const std::string kAlpnBoth = "\x02h2\x08http/1.1"s;
const std::string kAlpnHttp1 = "\x08http/1.1"s;
constexpr int kAttempts = 4;

struct Address {
  bool tls = false;
  std::string host;
  std::string port;
};

Result<Address> parse_url(std::string_view url) {
  Address address;
  if (url.starts_with("https://")) {
    address.tls = true;
    url.remove_prefix(8);
  } else if (url.starts_with("http://")) {
    url.remove_prefix(7);
  } else {
    return fail(errors::bad_request(fmt::format("\"{}\" is not an http or https url", url)));
  }
  url = url.substr(0, url.find_first_of("/?#"));
  size_t bracket = url.rfind(']');
  size_t colon = url.rfind(':');
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
    address.port = url.substr(colon + 1);
    url = url.substr(0, colon);
  } else {
    address.port = address.tls ? "443" : "80";
  }
  if (url.starts_with('[') && url.ends_with(']')) url = url.substr(1, url.size() - 2);
  address.host = url;
  if (address.host.empty() || address.port.find_first_not_of("0123456789") != std::string::npos) {
    return fail(errors::bad_request("the url has no valid host and port"));
  }
  return address;
}

// Cancels a source at a time, unless destroyed before.
class Alarm {
 public:
  Alarm(Executor& executor, MonotonicTime when, Work work)
      : executor_(executor), id_(executor.post_at(when, std::move(work))) {}
  Alarm(const Alarm&) = delete;
  ~Alarm() { executor_.cancel_timer(id_); }

 private:
  Executor& executor_;
  uint64_t id_;
};

class HttpClient final : public Client {
 public:
  explicit HttpClient(std::shared_ptr<ClientCore> core) : core_(std::move(core)) {}
  ~HttpClient() override { core_->close(); }
  Task<Result<Response>> send(Context context, Request request) override {
    return core_->send(std::move(context), std::move(request));
  }
  Task<Result<std::unique_ptr<ByteStream>>> upgrade(Context context, Request request,
                                                    Headers& answered) override {
    return core_->upgrade(std::move(context), std::move(request), answered);
  }

 private:
  std::shared_ptr<ClientCore> core_;
};

}  // namespace

bool is_safe(std::string_view method) { return method == "GET" || method == "HEAD" || method == "OPTIONS"; }

Result<std::unique_ptr<Client>> make_client(IoPool& pool, ClientOptions options) {
  TRY(Address address, parse_url(options.url));
  TlsContext tls;
  if (address.tls) {
    TRY(tls, make_client_tls(options));
    options.key_pem.clear();
  }
  auto core =
      std::make_shared<ClientCore>(pool, std::move(options), std::move(tls), address.host, address.port);
  return std::make_unique<HttpClient>(std::move(core));
}

ClientCore::ClientCore(IoPool& pool, ClientOptions options, TlsContext tls, std::string host,
                       std::string port)
    : pool_(pool),
      options_(std::move(options)),
      tls_(std::move(tls)),
      host_(std::move(host)),
      port_(std::move(port)) {
  speaks_http1_ = tls_ == nullptr || options_.http1_only;
}

Result<void> ClientCore::complete(Request& request) const {
  if (!request.headers.has("host")) {
    bool standard = port_ == (tls_ ? "443" : "80");
    std::string host = host_.find(':') == std::string::npos ? host_ : "[" + host_ + "]";
    request.headers.add("Host", standard ? host : host + ":" + port_);
  }
  if (!request.headers.has("user-agent")) request.headers.add("User-Agent", options_.user_agent);
  if (!request.headers.has("authorization")) {
    std::string token = options_.bearer_token;
    if (options_.bearer_token_provider) {
      TRY(token, options_.bearer_token_provider());
    }
    if (!token.empty()) request.headers.add("Authorization", "Bearer " + token);
  }
  return {};
}

Task<Result<Response>> ClientCore::send(Context context, Request request) {
  auto keep = shared_from_this();
  CO_TRY_VOID(complete(request));
  bool safe = is_safe(request.method);
  for (int attempt = 1;; ++attempt) {
    CO_TRY(Use use, co_await acquire(context));
    Request copy = request;
    // A kept connection may have been closed meanwhile: finding that out is no attempt.
    bool kept = use.http1 && use.http1->reused;
    std::optional<Outcome> outcome;
    if (use.http2) {
      outcome.emplace(co_await use.http2->send(context, std::move(copy)));
    } else {
      AsioExecutor& executor = use.http1->executor();
      Task<Outcome> task = send_http1(keep, std::move(use.http1), context, std::move(copy));
      outcome.emplace(co_await run_on(executor, std::move(task)));
    }
    if (outcome->has_value()) co_return std::move(**outcome);
    Failure& failure = outcome->error();
    if (kept && failure.not_processed) {
      --attempt;
      continue;
    }
    bool ours = failure.status.is(reason::kCancelled) || failure.status.is(reason::kTimeout);
    bool again = !ours && (failure.not_processed || (safe && attempt == 1));
    if (!again || attempt >= kAttempts) {
      bool unknown = !safe && !failure.not_processed && !failure.status.is(reason::kCancelled);
      if (unknown) co_return fail(errors::unknown_outcome(failure.status.message));
      co_return fail(std::move(failure.status));
    }
  }
}

Task<Result<ClientCore::Use>> ClientCore::acquire(Context context) {
  for (int attempt = 0; attempt < 100; ++attempt) {
    if (context.cancel.cancelled()) co_return fail(errors::cancelled());
    if (closed_.token().cancelled()) co_return fail(errors::service_unavailable("client closed"));
    std::optional<Use> existing = take_existing();
    if (existing) co_return std::move(*existing);
    bool http1 = false;
    {
      std::lock_guard lock(mutex_);
      http1 = speaks_http1_;
    }
    if (http1) {
      AsioExecutor& executor = pool_.here();
      Task<Result<std::unique_ptr<Http1Connection>>> task = dial_http1(shared_from_this(), executor);
      Use use;
      CO_TRY(use.http1, co_await run_on(executor, std::move(task)));
      co_return use;
    }
    CO_TRY_VOID(co_await wait_for_dial(context));
  }
  co_return fail(errors::service_unavailable("no connection could be used"));
}

std::optional<ClientCore::Use> ClientCore::take_existing() {
  std::lock_guard lock(mutex_);
  for (const auto& connection : http2_) {
    if (connection->reserve()) return Use{connection, nullptr};
  }
  while (!idle_.empty()) {
    std::unique_ptr<Http1Connection> connection = std::move(idle_.back());
    idle_.pop_back();
    AsioExecutor& executor = connection->executor();
    if (executor.now() - connection->idle_since < options_.idle_timeout) {
      connection->reused = true;
      return Use{nullptr, std::move(connection)};
    }
    executor.post([connection = std::move(connection)] {});
  }
  return std::nullopt;
}

// One connection is made for all who wait: they then share it.
Task<Result<bool>> ClientCore::wait_for_dial(Context context) {
  OneShot<Result<bool>> done;
  bool first = false;
  {
    std::lock_guard lock(mutex_);
    dial_waiters_.push_back(done);
    first = !std::exchange(dialing_, true);
  }
  if (first) {
    AsioExecutor& executor = pool_.here();
    executor.scope().spawn(dial_shared(shared_from_this(), executor));
  }
  std::optional<Alarm> deadline;
  if (context.deadline) {
    deadline.emplace(*Executor::current(), *context.deadline,
                     [done] { done.set(fail(errors::timeout("context deadline exceeded", 0))); });
  }
  co_return co_await wait_for(done, context.cancel);
}

Task<void> ClientCore::dial_shared(std::shared_ptr<ClientCore> core, AsioExecutor& executor) {
  Result<std::shared_ptr<Transport>> result = co_await core->dial(executor, kAlpnBoth);
  core->dialed(std::move(result));
}

void ClientCore::dialed(Result<std::shared_ptr<Transport>> result) {
  std::shared_ptr<Http2Client> http2;
  std::unique_ptr<Http1Connection> http1;
  if (result && (*result)->alpn() == "h2") {
    http2 = start_http2(shared_from_this(), *result);
  } else if (result) {
    http1 = std::make_unique<Http1Connection>();
    http1->input.transport = *result;
    http1->idle_since = (*result)->executor().now();
  }
  std::vector<OneShot<Result<bool>>> waiters;
  bool closed = closed_.token().cancelled();
  {
    std::lock_guard lock(mutex_);
    dialing_ = false;
    waiters.swap(dial_waiters_);
    if (http2 && !closed) http2_.push_back(http2);
    if (http1) {
      speaks_http1_ = true;
      idle_.push_back(std::move(http1));
    }
  }
  if (http2 && closed) http2->close();
  for (const auto& waiter : waiters) {
    if (result) {
      waiter.set(true);
    } else {
      waiter.set(fail(result.error()));
    }
  }
}

Task<Result<std::unique_ptr<Http1Connection>>> ClientCore::dial_http1(std::shared_ptr<ClientCore> core,
                                                                      AsioExecutor& executor) {
  auto connection = std::make_unique<Http1Connection>();
  CO_TRY(connection->input.transport, co_await core->dial(executor, kAlpnHttp1));
  co_return connection;
}

Task<Result<std::shared_ptr<Transport>>> ClientCore::dial(AsioExecutor& executor, std::string alpn) {
  auto keep = shared_from_this();
  CancelSource stop(closed_.token());
  Alarm timeout(executor, executor.now() + options_.connect_timeout, [&stop] { stop.cancel(); });
  Result<std::unique_ptr<Transport>> connected = co_await connect_tcp(executor, host_, port_, stop.token());
  std::string target = fmt::format("{}:{}", host_, port_);
  Status timed_out = errors::service_unavailable(fmt::format("dial tcp {}: i/o timeout", target));
  if (!connected) {
    if (connected.error().is(reason::kCancelled)) co_return fail(timed_out);
    co_return fail(connected.error());
  }
  std::shared_ptr<Transport> transport = std::move(*connected);
  if (!tls_) co_return transport;
  CancelRegistration closer =
      stop.token().on_cancel([transport, &executor] { executor.post([transport] { transport->close(); }); });
  std::string name = options_.server_name.empty() ? host_ : options_.server_name;
  bool verify = !options_.insecure_skip_verify;
  Result<void> secured = co_await transport->connect_tls(tls_.get(), name, verify, std::move(alpn));
  if (!secured) {
    if (stop.token().cancelled()) co_return fail(timed_out);
    co_return fail(errors::service_unavailable(secured.error().message));
  }
  co_return transport;
}

void ClientCore::put_back(std::unique_ptr<Http1Connection> connection) {
  connection->idle_since = connection->executor().now();
  connection->reused = false;
  if (closed_.token().cancelled()) return;
  std::lock_guard lock(mutex_);
  idle_.push_back(std::move(connection));
}

void ClientCore::forget(const Http2Client* connection) {
  std::lock_guard lock(mutex_);
  std::erase_if(http2_, [&](const auto& known) { return known.get() == connection; });
}

void ClientCore::close() {
  closed_.cancel();
  std::vector<std::shared_ptr<Http2Client>> http2;
  std::vector<std::unique_ptr<Http1Connection>> idle;
  {
    std::lock_guard lock(mutex_);
    http2.swap(http2_);
    idle.swap(idle_);
  }
  for (const auto& connection : http2) connection->close();
  for (auto& connection : idle) {
    AsioExecutor& executor = connection->executor();
    executor.post([connection = std::move(connection)] {});
  }
}

Task<Result<std::unique_ptr<ByteStream>>> ClientCore::upgrade(Context context, Request request,
                                                              Headers& answered) {
  auto keep = shared_from_this();
  CO_TRY_VOID(complete(request));
  AsioExecutor& executor = pool_.here();
  Task<Result<std::unique_ptr<Http1Connection>>> dialing = dial_http1(keep, executor);
  CO_TRY(std::unique_ptr<Http1Connection> connection, co_await run_on(executor, std::move(dialing)));
  Task<Result<Upgraded101>> asking =
      upgrade_http1(std::move(connection), std::move(context), std::move(request));
  CO_TRY(Upgraded101 upgraded, co_await run_on(executor, std::move(asking)));
  answered = std::move(upgraded.headers);
  co_return make_remote(executor, std::move(upgraded.stream));
}

}  // namespace xebec::http
