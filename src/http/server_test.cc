// A real server, real sockets, both protocols.
#include "http/server.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "http/client_detail.h"
#include "http/testing/support.h"
#include "http/transport.h"

namespace xebec::http::test {
namespace {

// true: HTTP/1.1; false: HTTP/2.
class BothProtocols : public ::testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Server, BothProtocols, ::testing::Values(false, true),
                         [](const auto& info) { return info.param ? "Http1" : "Http2"; });

Task<void> simple_requests(Fixture& f, bool http1) {
  auto client = f.client(http1);
  for (int i = 0; i < 3; ++i) {
    auto hello = co_await ask(*client, get("/hello"));
    EXPECT_TRUE(hello) << hello.error().message;
    if (!hello) co_return;
    EXPECT_EQ(hello->status, 200);
    EXPECT_EQ(hello->body, "hello");
    EXPECT_EQ(hello->headers.get("content-length"), "5");
    EXPECT_TRUE(hello->headers.get("date").ends_with(" GMT"));
  }
  std::string large(300000, 'q');
  auto echo = co_await ask(*client, post("/echo?a=b&c", large));
  EXPECT_TRUE(echo && echo->body == large);
  Request with_query = post("/echo", "x");
  with_query.query = "a=b&c";
  echo = co_await ask(*client, std::move(with_query));
  EXPECT_EQ(echo->headers.get("x-query"), "a=b&c");
  EXPECT_EQ(echo->headers.get("x-method"), "POST");
  auto big = co_await ask(*client, get("/size", "n=5000000"));
  EXPECT_EQ(big->body.size(), 5000000u);
  auto missing = co_await ask(*client, get("/nothing"));
  EXPECT_EQ(missing->status, 404);
  Request head = get("/size", "n=1000");
  head.method = "HEAD";
  auto empty = co_await ask(*client, std::move(head));
  EXPECT_TRUE(empty) << empty.error().message;
  if (!empty) co_return;
  EXPECT_EQ(empty->body, "");
  EXPECT_EQ(empty->headers.get("content-length"), "1000");
  auto peer = co_await ask(*client, get("/peer"));
  EXPECT_EQ(peer->body, http1 ? "HTTP/1.1 0 " : "HTTP/2.0 0 ");
  EXPECT_EQ(f.server->connections(), 1u);  // all over one connection
}

TEST_P(BothProtocols, AnswersRequests) {
  Fixture f;
  block_on(simple_requests(f, GetParam()));
}

TEST(Server, AnswersPlainHttp) {
  Fixture f(false);
  block_on(simple_requests(f, true));
}

Task<void> client_certificate(Fixture& f, bool http1) {
  ClientOptions options = f.client_options(http1);
  options.certificate_pem = pki_material().client.certificate_pem;
  options.key_pem = pki_material().client.key_pem;
  options.bearer_token = "abc";
  auto client = make_client(f.pool, options);
  auto peer = co_await ask(**client, get("/peer"));
  EXPECT_TRUE(peer && peer->body == (http1 ? "HTTP/1.1 1 Bearer abc" : "HTTP/2.0 1 Bearer abc"))
      << peer->body;
  options.url = fmt::format("https://localhost:{}", f.server->port());
  auto by_name = make_client(f.pool, options);
  peer = co_await ask(**by_name, get("/peer"));
  EXPECT_TRUE(peer);
}

TEST_P(BothProtocols, ShowsTheClientsCertificate) {
  Fixture f;
  block_on(client_certificate(f, GetParam()));
}

Task<void> streaming(Fixture& f, bool http1) {
  auto client = f.client(http1);
  auto stream = co_await ask(*client, get("/stream", "n=2000&size=1000"));
  EXPECT_TRUE(stream && stream->body.size() == 2000000u);
  // A watch: each piece arrives when it is made.
  Result<Response> watch = co_await send(*client, get("/watch"));
  auto& body = std::get<std::unique_ptr<BodyStream>>(watch->body);
  std::string seen;
  for (int i = 0; i < 3; ++i) {
    while (seen.size() < 6u + 5u * static_cast<size_t>(i)) {
      Result<Buffer> piece = co_await body->next();
      EXPECT_TRUE(piece && *piece);
      seen += **piece;
    }
    co_await until(f.handler.holding, 1);
    f.handler.tick();
  }
  EXPECT_EQ(seen, "start\ntick\ntick\n");
  // Dropping the response ends the watch on the server.
  watch->body = std::vector<Buffer>();
  co_await until(f.handler.cancelled, 1);
  auto broken = co_await ask(*client, get("/fail"));
  EXPECT_FALSE(broken);
  auto hello = co_await ask(*client, get("/hello"));
  EXPECT_TRUE(hello);
}

TEST_P(BothProtocols, StreamsBodiesAndCancelsAbandonedOnes) {
  Fixture f;
  block_on(streaming(f, GetParam()));
}

Task<void> disconnects(Fixture& f, bool http1) {
  auto client = f.client(http1);
  Scope scope(*Executor::current());
  auto sent = [](Client& client) -> Task<void> { (void)co_await send(client, get("/hold")); };
  scope.spawn(sent(*client));
  co_await until(f.handler.holding, 1);
  // Another process going away looks like this client's connections closing.
  client = nullptr;
  co_await until(f.handler.cancelled, 1);
  co_await scope.join();
}

TEST_P(BothProtocols, ADisconnectCancelsTheRequest) {
  Fixture f;
  block_on(disconnects(f, GetParam()));
}

Task<void> cancels(Fixture& f, bool http1) {
  auto client = f.client(http1);
  CancelSource stop;
  Context context;
  context.cancel = stop.token();
  Scope scope(*Executor::current());
  auto canceller = [](Fixture& f, CancelSource& stop) -> Task<void> {
    co_await until(f.handler.holding, 1);
    stop.cancel();
  };
  scope.spawn(canceller(f, stop));
  auto answer = co_await ask(*client, post("/hold", ""), context);
  EXPECT_FALSE(answer);
  EXPECT_TRUE(answer.error().is(reason::kCancelled));
  co_await scope.join();
  co_await until(f.handler.cancelled, 1);
  Context hurried;
  hurried.deadline = Executor::current()->now() + std::chrono::milliseconds(20);
  answer = co_await ask(*client, get("/hold"), hurried);
  EXPECT_TRUE(!answer && answer.error().is(reason::kTimeout));
  hurried.deadline = Executor::current()->now() + std::chrono::milliseconds(20);
  answer = co_await ask(*client, post("/hold", ""), hurried);
  EXPECT_TRUE(!answer && answer.error().is(reason::kUnknownOutcome));
  co_await until(f.handler.cancelled, 3);
}

TEST_P(BothProtocols, CancellationAndDeadlinesReachTheServer) {
  Fixture f;
  block_on(cancels(f, GetParam()));
}

Task<void> slow_reader(Fixture& f, bool http1) {
  auto client = f.client(http1);
  // 1 GB that nobody reads.
  Result<Response> slow = co_await send(*client, get("/stream", "n=100000&size=10000"));
  EXPECT_TRUE(slow);
  for (int i = 0; i < 20; ++i) {
    auto hello = co_await ask(*client, get("/hello"));
    EXPECT_TRUE(hello && hello->body == "hello");
  }
  EXPECT_LT(f.handler.pieces_asked.load(), 5000);  // bounded by windows and socket buffers
  slow->body = std::vector<Buffer>();
}

TEST_P(BothProtocols, ASlowReaderBlocksNobodyAndIsNotReadAhead) {
  Fixture f;
  block_on(slow_reader(f, GetParam()));
}

Task<void> large_bodies(Fixture& f, bool http1) {
  auto client = f.client(http1);
  auto fits = co_await ask(*client, post("/echo", std::string(100000, 'a')));
  EXPECT_TRUE(fits && fits->status == 200);
  auto refused = co_await ask(*client, post("/echo", std::string(100001, 'a')));
  EXPECT_TRUE(refused) << refused.error().message;
  if (!refused) co_return;
  EXPECT_EQ(refused->status, 413);
  EXPECT_EQ(refused->body,
            "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Failure\",\"message\":"
            "\"Request "
            "entity too large: limit is 100000\",\"reason\":\"RequestEntityTooLarge\",\"code\":413}\n");
  Request fat = get("/hello");
  fat.headers.add("X-Fat", std::string(20000, 'h'));
  auto answer = co_await ask(*client, std::move(fat));
  EXPECT_TRUE(answer && answer->status == 431);
  auto hello = co_await ask(*client, get("/hello"));
  EXPECT_TRUE(hello && hello->status == 200);
}

TEST_P(BothProtocols, RefusesWhatIsTooLarge) {
  ServerLimits limits;
  limits.max_body_bytes = 100000;
  limits.max_header_bytes = 10000;
  Fixture f(true, limits);
  block_on(large_bodies(f, GetParam()));
}

Task<void> graceful(Fixture& f, bool http1) {
  auto client = f.client(http1);
  Scope scope(*Executor::current());
  Result<Answer> held = fail(errors::internal("never"));
  auto hold = [](Client& client, Result<Answer>& out) -> Task<void> {
    out = co_await ask(client, get("/hold"));
  };
  scope.spawn(hold(*client, held));
  co_await until(f.handler.holding, 1);
  auto stop = [](Server& server, bool& stopped) -> Task<void> {
    co_await server.shutdown(std::chrono::minutes(5));
    stopped = true;
  };
  bool stopped = false;
  scope.spawn(stop(*f.server, stopped));
  // No new connection is taken, and the request in progress is finished.
  auto other = f.client(http1);
  auto refused = [](Client& client, bool& done) -> Task<void> {
    for (;;) {
      auto answer = co_await ask(client, get("/hello"));
      if (!answer) break;
      co_await sleep_for(std::chrono::milliseconds(1));
    }
    done = true;
  };
  bool turned_away = false;
  scope.spawn(refused(*other, turned_away));
  // NOLINTNEXTLINE(bugprone-infinite-loop): the task above ends it
  while (!turned_away) co_await sleep_for(std::chrono::milliseconds(1));
  EXPECT_FALSE(stopped);
  f.handler.release();
  co_await scope.join();
  EXPECT_TRUE(stopped);
  EXPECT_TRUE(held && held->body == "released");
}

TEST_P(BothProtocols, ShutdownFinishesRequestsInProgress) {
  Fixture f;
  block_on(graceful(f, GetParam()));
}

Task<void> ends_watches(Fixture& f, bool http1) {
  auto client = f.client(http1);
  Result<Response> watch = co_await send(*client, get("/watch"));
  auto& body = std::get<std::unique_ptr<BodyStream>>(watch->body);
  (void)co_await body->next();
  co_await until(f.handler.holding, 1);
  co_await f.server->shutdown(std::chrono::milliseconds(1));
  EXPECT_EQ(f.handler.cancelled, 1);
  // The cancelled watch ended in order, so the client sees its end and no error.
  Result<Buffer> end = co_await body->next();
  EXPECT_TRUE(end && *end == nullptr);
}

TEST_P(BothProtocols, ShutdownEndsWatchesAtTheDeadline) {
  Fixture f;
  block_on(ends_watches(f, GetParam()));
}

Task<void> sent_away(Fixture& f, bool http1) {
  auto client = f.client(http1);
  auto hello = co_await ask(*client, get("/hello"));
  EXPECT_TRUE(hello);
  EXPECT_EQ(f.server->connections(), 1u);
  auto farewell = co_await ask(*client, get("/farewell"));
  EXPECT_TRUE(farewell && farewell->body == "farewell");
  // In HTTP/2 there is no such field: a GOAWAY says it.
  EXPECT_EQ(farewell->headers.get("connection"), http1 ? "close" : "");
  while (f.server->connections() > 0) co_await sleep_for(std::chrono::milliseconds(1));
  hello = co_await ask(*client, get("/hello"));
  EXPECT_TRUE(hello && hello->body == "hello");
}

TEST_P(BothProtocols, AnAnswerMaySendTheClientAway) {
  Fixture f;
  block_on(sent_away(f, GetParam()));
}

Task<void> reconnects(Fixture& f, bool http1) {
  auto client = f.client(http1);
  auto answer = co_await ask(*client, get("/hello"));
  EXPECT_TRUE(answer);
  uint16_t port = f.server->port();
  co_await f.server->shutdown(Duration(0));
  answer = co_await ask(*client, post("/echo", "x"));
  EXPECT_FALSE(answer);
  EXPECT_EQ(answer.error().code, 503) << answer.error().message;
  EXPECT_TRUE(answer.error().message.ends_with("connect: connection refused")) << answer.error().message;
  f.server = f.make_server(port);
  answer = co_await ask(*client, post("/echo", "again"));
  EXPECT_TRUE(answer && answer->body == "again");
}

TEST_P(BothProtocols, AClientReconnects) {
  Fixture f;
  block_on(reconnects(f, GetParam()));
}

Task<void> upgrades(Fixture& f) {
  auto client = f.client();
  Request request = get("/upgrade");
  request.headers.add("Connection", "Upgrade");
  request.headers.add("Upgrade", "echo");
  Headers answered;
  Context context;
  auto stream = co_await client->upgrade(context, std::move(request), answered);
  EXPECT_TRUE(stream) << stream.error().message;
  if (!stream) co_return;
  EXPECT_EQ(answered.get("upgrade"), "echo");
  std::string sent(100000, 'e');
  Scope scope(*Executor::current());
  auto writer = [](ByteStream& stream, const std::string& sent) -> Task<void> {
    EXPECT_TRUE(co_await stream.write(sent));
    EXPECT_TRUE(co_await stream.shutdown_write());
  };
  scope.spawn(writer(**stream, sent));
  std::string got;
  std::string buffer(5000, '\0');
  for (;;) {
    Result<size_t> count = co_await (*stream)->read(buffer);
    EXPECT_TRUE(count) << count.error().message;
    if (!count || *count == 0) break;
    got.append(buffer, 0, *count);
  }
  EXPECT_EQ(got, sent);
  co_await scope.join();
  auto refused = co_await client->upgrade(context, get("/nothing"), answered);
  EXPECT_FALSE(refused);
  EXPECT_EQ(refused.error().code, 404);
  EXPECT_EQ(refused.error().message, "no such thing");
}

TEST(Server, UpgradesBecomeByteStreams) {
  for (bool tls : {true, false}) {
    Fixture f(tls);
    block_on(upgrades(f));
  }
}

Task<void> untrusted(Fixture& f) {
  ClientOptions options = f.client_options();
  options.ca_pem = pki_material().other_ca;
  auto client = make_client(f.pool, options);
  auto answer = co_await ask(**client, get("/hello"));
  EXPECT_FALSE(answer);
  EXPECT_TRUE(answer.error().message.starts_with("tls: failed to verify certificate"))
      << answer.error().message;
  options.insecure_skip_verify = true;
  client = make_client(f.pool, options);
  answer = co_await ask(**client, get("/hello"));
  EXPECT_TRUE(answer);
  options = f.client_options();
  options.server_name = "somebody.else";
  client = make_client(f.pool, options);
  answer = co_await ask(**client, get("/hello"));
  EXPECT_FALSE(answer);
}

TEST(Client, RefusesAServerItCannotVerify) {
  Fixture f;
  block_on(untrusted(f));
}

TEST(Client, RefusesBadOptions) {
  IoPool pool(1);
  ClientOptions options;
  options.url = "ftp://x";
  EXPECT_FALSE(make_client(pool, options));
  options.url = "https://127.0.0.1:1";
  options.ca_pem = "nonsense";
  EXPECT_FALSE(make_client(pool, options));
}

Task<void> many_streams(Fixture& f) {
  ClientOptions options = f.client_options();
  options.streams_per_connection = 10;
  auto client = make_client(f.pool, options);
  Scope scope(*Executor::current());
  std::atomic<int> good{0};
  auto one = [](Client& client, std::atomic<int>& good) -> Task<void> {
    auto answer = co_await ask(client, get("/hold"));
    if (answer && answer->body == "released") ++good;
  };
  for (int i = 0; i < 35; ++i) scope.spawn(one(**client, good));
  co_await until(f.handler.holding, 35);
  EXPECT_GE(f.server->connections(), 4u);
  f.handler.release();
  co_await scope.join();
  EXPECT_EQ(good, 35);
}

TEST(Client, OpensMoreConnectionsWhenOneIsFull) {
  Fixture f;
  block_on(many_streams(f));
}

// --- peers that misbehave ---

std::string frame(uint8_t type, uint8_t flags, uint32_t stream, std::string_view payload) {
  std::string out;
  size_t n = payload.size();
  out += static_cast<char>(n >> 16);
  out += static_cast<char>(n >> 8);
  out += static_cast<char>(n);
  out += static_cast<char>(type);
  out += static_cast<char>(flags);
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(stream >> shift);
  out += payload;
  return out;
}

const std::string kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, "");
const std::string kGetHold = std::string("\x82\x87\x04\x05/hold\x41\x01", 11) + "h";

// Sends raw bytes on a TLS connection and reads to its end.
Task<Result<std::string>> raw(AsioExecutor& executor, TlsContext tls, uint16_t port, std::string alpn,
                              std::string bytes) {
  CO_TRY(auto transport, co_await connect_tcp(executor, "127.0.0.1", std::to_string(port), CancelToken()));
  CO_TRY_VOID(co_await transport->connect_tls(tls.get(), "127.0.0.1", true, std::move(alpn)));
  std::string got;
  std::string buffer(16384, '\0');
  while (!bytes.empty()) {
    ssize_t count = transport->try_write(bytes);
    if (count == Transport::kBroken) break;
    if (count == Transport::kWouldBlock) {
      ssize_t read = transport->try_read(buffer);
      if (read > 0) got.append(buffer, 0, static_cast<size_t>(read));
      co_await sleep_for(std::chrono::milliseconds(1));
      continue;
    }
    bytes.erase(0, static_cast<size_t>(count));
  }
  for (;;) {
    Result<size_t> count = co_await transport->read(buffer);
    if (!count || *count == 0) break;
    got.append(buffer, 0, *count);
  }
  co_return got;
}

std::string send_raw(Fixture& f, std::string alpn, std::string bytes) {
  TlsContext tls = *make_client_tls(f.client_options());
  auto run = [](Fixture& f, TlsContext tls, std::string alpn,
                std::string bytes) -> Task<Result<std::string>> {
    Task<Result<std::string>> task =
        raw(f.pool.at(0), tls, f.server->port(), std::move(alpn), std::move(bytes));
    co_return co_await run_on(f.pool.at(0), std::move(task));
  };
  auto got = block_on(run(f, tls, std::move(alpn), std::move(bytes)));
  EXPECT_TRUE(got);
  return got ? *got : "";
}

TEST(Server, ARapidResetEndsTheConnection) {
  Fixture f;
  std::string attack = kPreface;
  for (uint32_t id = 1; id < 2 * 5000; id += 2) {
    attack += frame(1, 5, id, kGetHold) + frame(3, 0, id, std::string("\0\0\0\x08", 4));
  }
  std::string got = send_raw(f, std::string("\x02h2", 3), attack);
  EXPECT_LT(f.handler.requests, 2000);
  EXPECT_NE(got.find(std::string("\x07\0\0\0\0\0", 6)), std::string::npos);  // a GOAWAY
}

TEST(Server, AContinuationFloodEndsTheConnection) {
  Fixture f;
  std::string attack = kPreface + frame(1, 0, 1, kGetHold);
  for (int i = 0; i < 20000; ++i) attack += frame(9, 0, 1, "");
  send_raw(f, std::string("\x02h2", 3), attack);
  EXPECT_EQ(f.handler.requests, 0);
}

TEST(Server, APingFloodEndsTheConnection) {
  Fixture f;
  std::string attack = kPreface;
  for (int i = 0; i < 200000; ++i) attack += frame(6, 0, 0, "12345678");
  // Answers are bounded: either all are read, or the connection ends. Here nothing else may happen to others.
  attack += "garbage that is no frame at all";
  send_raw(f, std::string("\x02h2", 3), attack);
  auto client = f.client();
  auto hello = block_on(ask(*client, get("/hello")));
  EXPECT_TRUE(hello && hello->body == "hello");
}

TEST(Server, MalformedRequestsAreRefused) {
  Fixture f;
  const std::string h1("\x08http/1.1", 9);
  EXPECT_TRUE(send_raw(f, h1, "NONSENSE\r\n\r\n").starts_with("HTTP/1.1 400 Bad Request\r\n"));
  EXPECT_TRUE(send_raw(f, h1, "GET /hello HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 400 Bad Request\r\n"));
  std::string smuggle =
      "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
  EXPECT_TRUE(send_raw(f, h1, smuggle).starts_with("HTTP/1.1 400 Bad Request\r\n"));
  EXPECT_EQ(f.handler.requests, 0);
}

TEST(Server, PipelinedAndOldRequestsAreAnswered) {
  Fixture f;
  const std::string h1("\x08http/1.1", 9);
  std::string two =
      "GET /hello HTTP/1.1\r\nHost: a\r\n\r\nGET /size?n=3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
  std::string got = send_raw(f, h1, two);
  EXPECT_NE(got.find("hello"), std::string::npos);
  EXPECT_TRUE(got.ends_with("\r\n\r\nxxx"));
  got = send_raw(f, h1, "GET /stream?n=2&size=2 HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(got.ends_with("\r\n\r\nbbaa")) << got;
  std::string expecting =
      "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\nConnection: "
      "close\r\n\r\n";
  got = send_raw(f, h1, expecting + "abc");
  EXPECT_TRUE(got.starts_with("HTTP/1.1 ")) << got;
  EXPECT_TRUE(got.ends_with("abc")) << got;
  std::string chunked =
      "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
  got = send_raw(f, h1, chunked + "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
  EXPECT_TRUE(got.ends_with("\r\n\r\nabcde")) << got;
}

TEST(Server, ASlowRequestIsEnded) {
  ServerLimits limits;
  limits.header_timeout = limits.handshake_timeout = limits.body_timeout = limits.idle_timeout =
      std::chrono::milliseconds(50);
  limits.tick = std::chrono::milliseconds(10);
  Fixture f(true, limits);
  const std::string h1("\x08http/1.1", 9);
  // Each of these returns because the server gives up.
  EXPECT_EQ(send_raw(f, h1, "GET /hello HTTP/1.1\r\nHost: "), "");
  EXPECT_EQ(send_raw(f, h1, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc"), "");
  EXPECT_EQ(send_raw(f, h1, ""), "");
  send_raw(f, std::string("\x02h2", 3), kPreface);
  EXPECT_EQ(f.handler.requests, 0);
}

TEST(Server, CertificatesAreReloaded) {
  Fixture f;
  WallTime now = SystemClock().now();
  auto ca = pki::CertificateAuthority::create("new-ca", std::chrono::hours(1), now);
  pki::IssueSpec spec;
  spec.ip_addresses = {"127.0.0.1"};
  spec.usages = {pki::Usage::kServer};
  pki::KeyPair pair = *ca->issue(spec, now);
  ServerTls tls;
  tls.certificate_pem = pair.certificate_pem;
  tls.key_pem = pki_material().server.key_pem;
  EXPECT_FALSE(f.server->reload(tls));
  tls.key_pem = pair.key_pem;
  EXPECT_TRUE(f.server->reload(tls));
  ClientOptions options = f.client_options();
  options.ca_pem = ca->certificate().pem();
  auto client = make_client(f.pool, options);
  auto answer = block_on(ask(**client, get("/hello")));
  EXPECT_TRUE(answer) << answer.error().message;
}

std::string output_of(const std::string& command) {
  std::string out;
  FILE* pipe = popen(command.c_str(), "r");
  std::array<char, 4096> buffer;
  while (size_t count = fread(buffer.data(), 1, buffer.size(), pipe)) out.append(buffer.data(), count);
  pclose(pipe);
  return out;
}

TEST(Server, ServesCurl) {
  if (output_of("command -v curl").empty()) GTEST_SKIP() << "curl is not installed";
  Fixture f;
  std::filesystem::path folder =
      std::filesystem::temp_directory_path() / fmt::format("xebec-http-{}", getpid());
  std::filesystem::create_directory(folder);
  std::ofstream(folder / "ca") << pki_material().ca;
  std::ofstream(folder / "cert") << pki_material().client.certificate_pem;
  std::ofstream(folder / "key") << pki_material().client.key_pem;
  std::string curl = fmt::format("curl -s --cacert {0}/ca --cert {0}/cert --key {0}/key ", folder.string());
  // curl shows its certificate, and may add the CA's.
  EXPECT_THAT(output_of(curl + "--http2 " + f.url() + "/peer"), ::testing::MatchesRegex("HTTP/2.0 [12] "));
  EXPECT_THAT(output_of(curl + "--http1.1 " + f.url() + "/peer"), ::testing::MatchesRegex("HTTP/1.1 [12] "));
  EXPECT_EQ(output_of(curl + "--http2 -d abc " + f.url() + "/echo"), "abc");
  EXPECT_EQ(output_of(curl + "--http1.1 " + f.url() + "'/stream?n=3&size=1'"), "cba");
  EXPECT_EQ(output_of(curl + "--http2 " + f.url() + "'/size?n=3000000' | wc -c").substr(0, 7), "3000000");
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace xebec::http::test
