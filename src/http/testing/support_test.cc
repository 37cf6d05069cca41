#include <fmt/format.h>

#include "http/testing/support.h"

namespace xebec::http::test {
namespace {

class Pieces final : public BodyStream {
 public:
  Pieces(TestHandler& handler, int count, size_t size) : handler_(handler), left_(count), size_(size) {}
  Task<Result<Buffer>> next() override {
    ++handler_.pieces_asked;
    if (left_-- <= 0) co_return Buffer();
    co_return make_buffer(std::string(size_, static_cast<char>('a' + left_ % 26)));
  }

 private:
  TestHandler& handler_;
  int left_;
  size_t size_;
};

class Broken final : public BodyStream {
 public:
  Task<Result<Buffer>> next() override {
    if (std::exchange(first_, false)) co_return make_buffer("partial");
    co_return fail(errors::internal("broken"));
  }

 private:
  bool first_ = true;
};

class Ticks final : public BodyStream {
 public:
  Ticks(TestHandler& handler, CancelToken cancel) : handler_(handler), cancel_(std::move(cancel)) {}
  Task<Result<Buffer>> next() override {
    if (std::exchange(first_, false)) co_return make_buffer("start\n");
    OneShot<bool> tick = handler_.ticks.subscribe();
    ++handler_.holding;
    CancelRegistration registration = cancel_.on_cancel([tick] { tick.set(false); });
    bool ticked = co_await tick;
    --handler_.holding;
    if (ticked) co_return make_buffer("tick\n");
    ++handler_.cancelled;
    co_return Buffer();
  }

 private:
  TestHandler& handler_;
  CancelToken cancel_;
  bool first_ = true;
};

class EchoUpgrade final : public Upgrade {
 public:
  Task<void> run(Context context, std::unique_ptr<ByteStream> stream) override {
    std::string buffer(4096, '\0');
    for (;;) {
      Result<size_t> count = co_await stream->read(buffer);
      if (!count || *count == 0) break;
      Result<void> written = co_await stream->write(std::string_view(buffer).substr(0, *count));
      if (!written) break;
    }
    co_await stream->shutdown_write();
  }
};

int number(const Request& request, std::string_view name) {
  std::optional<std::string> text = request.param(name);
  return text ? std::atoi(text->c_str()) : 0;
}

}  // namespace

const Pki& pki_material() {
  static const Pki material = [] {
    WallTime now = SystemClock().now();
    Pki made;
    auto ca = pki::CertificateAuthority::create("test-ca", std::chrono::hours(24), now);
    auto other = pki::CertificateAuthority::create("other-ca", std::chrono::hours(24), now);
    made.ca = ca->certificate().pem();
    made.other_ca = other->certificate().pem();
    pki::IssueSpec spec;
    spec.subject.common_name = "server";
    spec.dns_names = {"localhost"};
    spec.ip_addresses = {"127.0.0.1"};
    spec.usages = {pki::Usage::kServer};
    made.server = *ca->issue(spec, now);
    spec = {};
    spec.subject = {"alice", {"system:masters"}};
    spec.usages = {pki::Usage::kClient};
    made.client = *ca->issue(spec, now);
    return made;
  }();
  return material;
}

void TestHandler::release() {
  released = true;
  released_signal.notify_all();
}

Task<Response> TestHandler::handle(Context context, Request request) {
  ++requests;
  Response response;
  response.headers.add("Content-Type", "text/plain");
  if (request.path == "/hello") {
    response.set_body("hello");
  } else if (request.path == "/farewell") {
    response.headers.add("Connection", "close");
    response.set_body("farewell");
  } else if (request.path == "/echo") {
    response.headers.add("X-Method", request.method);
    response.headers.add("X-Query", request.query);
    response.set_body(std::move(request.body));
  } else if (request.path == "/peer") {
    response.set_body(fmt::format("{} {} {}", request.connection->protocol,
                                  request.connection->peer_chain.size(),
                                  request.headers.get("authorization")));
  } else if (request.path == "/size") {
    response.set_body(std::string(static_cast<size_t>(number(request, "n")), 'x'));
  } else if (request.path == "/stream") {
    response.body =
        std::make_unique<Pieces>(*this, number(request, "n"), static_cast<size_t>(number(request, "size")));
  } else if (request.path == "/watch") {
    response.body = std::make_unique<Ticks>(*this, context.cancel);
  } else if (request.path == "/fail") {
    response.body = std::make_unique<Broken>();
  } else if (request.path == "/hold") {
    OneShot<bool> go = released_signal.subscribe();
    if (released) go.set(true);
    ++holding;
    CancelRegistration registration = context.cancel.on_cancel([go] { go.set(false); });
    bool freed = co_await go;
    --holding;
    if (!freed) ++cancelled;
    response.set_body(freed ? "released" : "cancelled");
  } else if (request.path == "/upgrade") {
    response.status = 101;
    response.headers.add("Connection", "Upgrade");
    response.headers.add("Upgrade", "echo");
    response.body = std::make_unique<EchoUpgrade>();
  } else {
    response.status = 404;
    response.set_body("no such thing");
  }
  co_return response;
}

Fixture::Fixture(bool tls, ServerLimits limits) : tls(tls), limits(limits) { server = make_server(); }
Fixture::~Fixture() { server = nullptr; }

std::unique_ptr<Server> Fixture::make_server(uint16_t port) {
  ServerOptions options;
  options.port = port;
  options.limits = limits;
  options.clock = std::make_shared<SystemClock>();
  if (tls) {
    ServerTls material;
    material.certificate_pem = pki_material().server.certificate_pem;
    material.key_pem = pki_material().server.key_pem;
    material.client_ca_pem = pki_material().ca;
    options.tls = material;
  }
  auto made = Server::listen(pool, std::move(options), handler);
  EXPECT_TRUE(made) << made.error().message;
  return std::move(*made);
}

std::string Fixture::url() const {
  return fmt::format("{}://127.0.0.1:{}", tls ? "https" : "http", server->port());
}

ClientOptions Fixture::client_options(bool http1) const {
  ClientOptions options;
  options.url = url();
  options.ca_pem = pki_material().ca;
  options.http1_only = http1;
  return options;
}

std::unique_ptr<Client> Fixture::client(bool http1) {
  auto made = make_client(pool, client_options(http1));
  EXPECT_TRUE(made) << made.error().message;
  return std::move(*made);
}

Request get(std::string path, std::string query) {
  Request request;
  request.method = "GET";
  request.path = std::move(path);
  request.query = std::move(query);
  return request;
}

Request post(std::string path, std::string body) {
  Request request;
  request.method = "POST";
  request.path = std::move(path);
  request.body = std::move(body);
  return request;
}

Task<void> until(const std::atomic<int>& count, int value) {
  while (count != value) co_await sleep_for(std::chrono::milliseconds(1));
}

Task<Result<Answer>> ask(Client& client, Request request, Context context) {
  CO_TRY(Response response, co_await client.send(std::move(context), std::move(request)));
  Answer answer;
  answer.status = response.status;
  CO_TRY(answer.body, co_await response.read_body());
  answer.headers = std::move(response.headers);
  co_return answer;
}

Task<Result<Answer>> ask(Client& client, Request request) {
  Context context;
  return ask(client, std::move(request), std::move(context));
}

Task<Result<Response>> send(Client& client, Request request) {
  Context context;
  return client.send(std::move(context), std::move(request));
}

}  // namespace xebec::http::test
